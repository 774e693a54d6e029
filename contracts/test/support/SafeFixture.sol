// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "./Test.sol";

/// @notice What the tests call of a Safe 1.5.
interface ISafe {
    function setup(
        address[] calldata owners,
        uint256 threshold,
        address to,
        bytes calldata data,
        address fallbackHandler,
        address paymentToken,
        uint256 payment,
        address payable paymentReceiver
    ) external;
    function nonce() external view returns (uint256);
    function getTransactionHash(
        address to,
        uint256 value,
        bytes calldata data,
        uint8 operation,
        uint256 safeTxGas,
        uint256 baseGas,
        uint256 gasPrice,
        address gasToken,
        address refundReceiver,
        uint256 nonce
    ) external view returns (bytes32);
    function execTransaction(
        address to,
        uint256 value,
        bytes calldata data,
        uint8 operation,
        uint256 safeTxGas,
        uint256 baseGas,
        uint256 gasPrice,
        address gasToken,
        address payable refundReceiver,
        bytes calldata signatures
    ) external payable returns (bool);
    function changeThreshold(uint256 threshold) external;
    function enableModule(address module) external;
    function setGuard(address guard) external;
    function setFallbackHandler(address handler) external;
    function execTransactionFromModule(address to, uint256 value, bytes calldata data, uint8 operation)
        external
        returns (bool success);
}

/// @notice A real Safe, from the bytecode its authors publish, and owners who sign for it.
abstract contract SafeFixture is Test {
    string private constant ARTIFACTS = "../node_modules/@safe-global/safe-smart-account/build/artifacts/contracts/";

    uint256[] private _ownerKeys;

    function _deploy(string memory path, bytes memory arguments) private returns (address deployed) {
        bytes memory code = vm.parseJsonBytes(vm.readFile(string.concat(ARTIFACTS, path)), ".bytecode");
        code = bytes.concat(code, arguments);
        assembly {
            deployed := create(0, add(code, 0x20), mload(code))
        }
        require(deployed != address(0), "deployment failed");
    }

    /// @dev Owners have the keys 0xa0001, 0xa0002, …
    function deploySafe(uint256 owners, uint256 threshold) internal returns (ISafe safe) {
        address singleton = _deploy("Safe.sol/Safe.json", "");
        safe = ISafe(_deploy("proxies/SafeProxy.sol/SafeProxy.json", abi.encode(singleton)));
        delete _ownerKeys;
        address[] memory accounts = new address[](owners);
        for (uint256 i; i < owners; ++i) {
            _ownerKeys.push(0xa0001 + i);
            accounts[i] = vm.addr(_ownerKeys[i]);
        }
        safe.setup(accounts, threshold, address(0), "", address(0), address(0), 0, payable(0));
    }

    /// @dev The signatures of the first `signers` owners, in the ascending order of addresses that a Safe demands.
    function safeSignatures(ISafe safe, address to, bytes memory data, uint256 signers)
        internal
        view
        returns (bytes memory signatures)
    {
        bytes32 hash = safe.getTransactionHash(to, 0, data, 0, 0, 0, 0, address(0), address(0), safe.nonce());
        uint256[] memory keys = new uint256[](signers);
        for (uint256 i; i < signers; ++i) {
            keys[i] = _ownerKeys[i];
            for (uint256 j = i; j > 0 && vm.addr(keys[j]) < vm.addr(keys[j - 1]); --j) {
                (keys[j], keys[j - 1]) = (keys[j - 1], keys[j]);
            }
        }
        for (uint256 i; i < signers; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[i], hash);
            signatures = bytes.concat(signatures, abi.encodePacked(r, s, v));
        }
    }

    function execute(ISafe safe, address to, bytes memory data, uint256 signers) internal {
        bytes memory signatures = safeSignatures(safe, to, data, signers);
        safe.execTransaction(to, 0, data, 0, 0, 0, 0, address(0), payable(0), signatures);
    }
}
