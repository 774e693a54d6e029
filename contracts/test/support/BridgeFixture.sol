// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BridgeConfig} from "../../src/bridge/BridgeConfig.sol";
import {BridgeProxy} from "../../src/bridge/BridgeProxy.sol";
import {IPortal, OutputRootProof, WithdrawalTransaction} from "../../src/interfaces/IPortal.sol";
import {L1Block} from "../../src/l2/L1Block.sol";
import {Cheats} from "./Cheats.sol";
import {nth} from "./Ids.sol";
import {PortalFixture} from "./PortalFixture.sol";
import {TrieBuilder} from "./TrieBuilder.sol";

/// @notice What the tests call of OP's messengers.
interface IMessenger {
    function initialize(address config, address portal, address systemConfig) external;
    function initialize(address otherMessenger) external;
    function sendMessage(address target, bytes calldata message, uint32 minGasLimit) external payable;
    function relayMessage(
        uint256 nonce,
        address sender,
        address target,
        uint256 value,
        uint256 minGasLimit,
        bytes calldata message
    ) external payable;
    function xDomainMessageSender() external view returns (address);
    function otherMessenger() external view returns (address);
    function messageNonce() external view returns (uint256);
    function failedMessages(bytes32 hash) external view returns (bool);
    function successfulMessages(bytes32 hash) external view returns (bool);
    function paused() external view returns (bool);
    function portal() external view returns (address);
}

/// @notice What the tests call of OP's standard bridges.
interface IBridge {
    function initialize(address messenger, address config, address systemConfig) external;
    function initialize(address otherBridge) external;
    function depositETH(uint32 minGasLimit, bytes calldata extraData) external payable;
    function depositERC20(
        address l1Token,
        address l2Token,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;
    function withdraw(address l2Token, uint256 amount, uint32 minGasLimit, bytes calldata extraData) external payable;
    function bridgeETHTo(address to, uint32 minGasLimit, bytes calldata extraData) external payable;
    function deposits(address l1Token, address l2Token) external view returns (uint256);
    function messenger() external view returns (address);
    function otherBridge() external view returns (address);
    function paused() external view returns (bool);
}

interface IMessagePasser {
    function initiateWithdrawal(address target, uint256 gasLimit, bytes calldata data) external payable;
    function sentMessages(bytes32 hash) external view returns (bool);
    function messageNonce() external view returns (uint256);
}

/// @notice Both sides of one rollup in one EVM: L1 contracts deployed as `oneslot` deploys them, L2 predeploys put in
/// place from artifacts/predeploys.json as the genesis builder does. Messages are carried by the test: deposits from
/// Portal's event, withdrawals by a proof from the message passer's real storage.
abstract contract BridgeFixture is PortalFixture {
    using TrieBuilder for TrieBuilder.Trie;

    IMessenger internal constant L2_MESSENGER = IMessenger(0x4200000000000000000000000000000000000007);
    IBridge internal constant L2_BRIDGE = IBridge(0x4200000000000000000000000000000000000010);
    L1Block internal constant L1_BLOCK = L1Block(0x4200000000000000000000000000000000000015);
    IMessagePasser internal constant PASSER = IMessagePasser(0x4200000000000000000000000000000000000016);
    address internal constant FEE_RECIPIENT = address(0xFEE);

    IMessenger internal l1Messenger;
    IBridge internal l1Bridge;
    BridgeConfig internal config;
    bytes32[] internal _messages;
    uint64 internal _batch;

    function setUp() public virtual override {
        _deployPortal(0);
        config = new BridgeConfig();
        l1Messenger = IMessenger(
            address(
                new BridgeProxy(
                    _create("L1CrossDomainMessenger"),
                    abi.encodeWithSignature(
                        "initialize(address,address,address)", address(config), address(portal), address(config)
                    )
                )
            )
        );
        l1Bridge = IBridge(
            address(
                new BridgeProxy(
                    _create("L1StandardBridge"),
                    abi.encodeWithSignature(
                        "initialize(address,address,address)", address(l1Messenger), address(config), address(config)
                    )
                )
            )
        );
        _putPredeploys();
    }

    /// @dev What a contract on L1 is called on L2.
    function _aliasOf(address account) internal pure returns (address) {
        unchecked {
            return address(uint160(account) + uint160(0x1111000000000000000000000000000000001111));
        }
    }

    /// @dev Deploys a committed artifact.
    function _create(string memory name) internal returns (address deployed) {
        bytes memory code = vm.parseJsonBytes(vm.readFile(string.concat("artifacts/", name, ".json")), ".bytecode");
        assembly {
            deployed := create(0, add(code, 32), mload(code))
        }
        require(deployed != address(0), "create failed");
    }

    function _putPredeploys() private {
        string memory json = vm.readFile("artifacts/predeploys.json");
        string[] memory addresses = vm.parseJsonKeys(json, "$");
        for (uint256 i = 0; i < addresses.length; ++i) {
            address predeploy = vm.parseAddress(addresses[i]);
            string memory entry = string.concat(".", addresses[i]);
            bytes memory code = vm.parseJsonBytes(json, string.concat(entry, ".code"));
            string memory immutables = string.concat(entry, ".immutables");
            if (vm.keyExistsJson(json, immutables)) {
                uint256[] memory offsets = vm.parseJsonUintArray(json, string.concat(immutables, ".feeRecipient"));
                for (uint256 k = 0; k < offsets.length; ++k) {
                    uint256 offset = offsets[k];
                    address recipient = FEE_RECIPIENT;
                    assembly ("memory-safe") {
                        mstore(add(add(code, 32), offset), recipient)
                    }
                }
            }
            vm.etch(predeploy, code);
            _putStorage(json, predeploy, string.concat(entry, ".storage"), false);
            _putStorage(json, predeploy, string.concat(entry, ".template"), true);
        }
    }

    function _putStorage(string memory json, address predeploy, string memory path, bool isTemplate) private {
        if (!vm.keyExistsJson(json, path)) return;
        string[] memory slots = vm.parseJsonKeys(json, path);
        for (uint256 k = 0; k < slots.length; ++k) {
            string memory place = string.concat(path, ".", slots[k]);
            bytes32 value = isTemplate ? _fill(vm.parseJsonString(json, place)) : vm.parseJsonBytes32(json, place);
            vm.store(predeploy, vm.parseBytes32(slots[k]), value);
        }
    }

    function _fill(string memory name) private view returns (bytes32) {
        bytes32 hash = keccak256(bytes(name));
        if (hash == keccak256("l1Messenger")) return bytes32(uint256(uint160(address(l1Messenger))));
        if (hash == keccak256("l1Bridge")) return bytes32(uint256(uint160(address(l1Bridge))));
        if (hash == keccak256("originTimestampNumber")) return bytes32(uint256(START - 12) << 64 | 999);
        if (hash == keccak256("originHash")) return _hashOf(999);
        revert(string.concat("unknown template ", name));
    }

    // ── Carrying messages ───────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Runs the last deposit of the recorded logs on L2, as the state transition does.
    function _relayDeposit() internal returns (bool success) {
        Cheats.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = logs.length; i != 0; --i) {
            Cheats.Log memory log = logs[i - 1];
            if (log.emitter != address(portal) || log.topics[0] != IPortal.TransactionDeposited.selector) continue;
            address from = address(uint160(uint256(log.topics[1])));
            address to = address(uint160(uint256(log.topics[2])));
            bytes memory opaque = abi.decode(log.data, (bytes));
            (uint256 mint, uint256 value, uint64 gasLimit, bytes memory data) = _parse(opaque);
            vm.deal(from, from.balance + mint);
            vm.prank(from, from);
            (success,) = to.call{value: value, gas: gasLimit}(data);
            return success;
        }
        revert("no deposit");
    }

    function _parse(bytes memory opaque)
        private
        pure
        returns (uint256 mint, uint256 value, uint64 gasLimit, bytes memory data)
    {
        data = new bytes(opaque.length - 73);
        for (uint256 i = 0; i < data.length; ++i) {
            data[i] = opaque[73 + i];
        }
        assembly ("memory-safe") {
            mint := mload(add(opaque, 32))
            value := mload(add(opaque, 64))
            gasLimit := shr(192, mload(add(opaque, 96)))
        }
    }

    /// @dev The withdrawal in the recorded logs, and its hash as the passer says it.
    function _lastWithdrawal() internal returns (WithdrawalTransaction memory withdrawal, bytes32 hash) {
        bytes32 topic = keccak256("MessagePassed(uint256,address,address,uint256,uint256,bytes,bytes32)");
        Cheats.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            Cheats.Log memory log = logs[i];
            if (log.emitter != address(PASSER) || log.topics[0] != topic) continue;
            withdrawal.nonce = uint256(log.topics[1]);
            withdrawal.sender = address(uint160(uint256(log.topics[2])));
            withdrawal.target = address(uint160(uint256(log.topics[3])));
            (withdrawal.value, withdrawal.gasLimit, withdrawal.data, hash) =
                abi.decode(log.data, (uint256, uint256, bytes, bytes32));
            _messages.push(hash);
            return (withdrawal, hash);
        }
        revert("no withdrawal");
    }

    /// @dev Proves the withdrawal from what the passer's storage holds, and pays it.
    function _payWithdrawal(WithdrawalTransaction memory withdrawal, bytes32 hash) internal {
        (OutputRootProof memory proof, bytes[] memory nodes) = _proveFromStorage(hash);
        portal.proveAndPay(withdrawal, nth(_batch), proof, nodes);
    }

    function _proveFromStorage(bytes32 hash) internal returns (OutputRootProof memory proof, bytes[] memory nodes) {
        bytes32[] memory slots = new bytes32[](_messages.length + 1);
        uint256[] memory contents = new uint256[](_messages.length + 1);
        slots[0] = bytes32(uint256(1));
        for (uint256 i = 0; i < _messages.length; ++i) {
            slots[i + 1] = _slotOf(_messages[i]);
        }
        for (uint256 i = 0; i < slots.length; ++i) {
            contents[i] = uint256(vm.load(address(PASSER), slots[i]));
        }
        TrieBuilder.Trie memory trie = TrieBuilder.build(slots, contents);
        proof = _finalizeRoot(nth(++_batch), trie.root());
        nodes = trie.prove(_slotOf(hash));
    }
}
