// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {IPortal, OutputRootProof, WithdrawalTransaction} from "../../src/interfaces/IPortal.sol";
import {BridgeFixture, IMessenger} from "../support/BridgeFixture.sol";
import {nth} from "../support/Ids.sol";

contract Token is ERC20("Token", "TOK") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

interface IFactory {
    function createOptimismMintableERC20(address remoteToken, string calldata name, string calldata symbol)
        external
        returns (address);
    function bridge() external view returns (address);
}

interface IFeeVault {
    function RECIPIENT() external view returns (address);
    function MIN_WITHDRAWAL_AMOUNT() external view returns (uint256);
    function WITHDRAWAL_NETWORK() external view returns (uint8);
    function withdraw() external;
    function totalProcessed() external view returns (uint256);
}

interface IGasPriceOracle {
    function isEcotone() external view returns (bool);
    function isFjord() external view returns (bool);
    function getL1Fee(bytes calldata data) external view returns (uint256);
    function l1BaseFee() external view returns (uint256);
}

/// @notice A receiver of messages from either side, which can refuse them.
contract Receiver {
    IMessenger internal immutable _messenger;
    address public sender;
    uint256 public received;
    bytes public message;
    bool public refusing;

    constructor(IMessenger messenger) {
        _messenger = messenger;
    }

    function refuse(bool yes) external {
        refusing = yes;
    }

    function hear(bytes calldata message_) external payable {
        require(!refusing, "refused");
        require(msg.sender == address(_messenger), "not the messenger");
        sender = _messenger.xDomainMessageSender();
        received += msg.value;
        message = message_;
    }
}

/// OP's messengers and bridges with our Portal and predeploys.json
contract BridgeTest is BridgeFixture {
    address internal constant LEGACY_ETH = 0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000;

    function test_EverythingKnowsItsOtherSide() public view {
        vm.assertEq(L2_MESSENGER.otherMessenger(), address(l1Messenger));
        vm.assertEq(l1Messenger.otherMessenger(), address(L2_MESSENGER));
        vm.assertEq(l1Messenger.portal(), address(portal));
        vm.assertEq(L2_BRIDGE.otherBridge(), address(l1Bridge));
        vm.assertEq(l1Bridge.otherBridge(), address(L2_BRIDGE));
        vm.assertEq(L2_BRIDGE.messenger(), address(L2_MESSENGER));
        vm.assertEq(l1Bridge.messenger(), address(l1Messenger));
        vm.assertFalse(l1Messenger.paused());
        vm.assertFalse(l1Bridge.paused());
    }

    /// Nobody can initialise anything again, and the proxies answer to no admin.
    function test_NothingCanBeChanged() public {
        vm.expectRevert("Initializable: contract is already initialized");
        l1Messenger.initialize(address(1), address(2), address(3));
        vm.expectRevert("Initializable: contract is already initialized");
        l1Bridge.initialize(address(1), address(2), address(3));
        vm.expectRevert("Initializable: contract is already initialized");
        L2_MESSENGER.initialize(address(1));
        vm.expectRevert("Initializable: contract is already initialized");
        L2_BRIDGE.initialize(address(1));
        (bool success,) =
            0x4200000000000000000000000000000000000012.call(abi.encodeWithSignature("initialize(address)", address(1)));
        vm.assertFalse(success);

        string[4] memory calls =
            ["upgradeTo(address)", "changeAdmin(address)", "setAddress(address)", "setOwner(address)"];
        for (uint256 i = 0; i < 4; ++i) {
            address[2] memory callers = [address(this), address(0)];
            for (uint256 k = 0; k < 2; ++k) {
                vm.prank(callers[k]);
                (success,) = address(l1Messenger).call(abi.encodeWithSignature(calls[i], address(this)));
                vm.assertFalse(success);
                vm.prank(callers[k]);
                (success,) = address(l1Bridge).call(abi.encodeWithSignature(calls[i], address(this)));
                vm.assertFalse(success);
            }
        }
    }

    function test_MessageFromL1ToL2() public {
        Receiver receiver = new Receiver(L2_MESSENGER);
        vm.deal(ALICE, 3 ether);
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        l1Messenger.sendMessage{value: 1 ether}(address(receiver), abi.encodeCall(Receiver.hear, ("hello")), 200_000);
        vm.assertTrue(_relayDeposit());
        vm.assertEq(receiver.sender(), ALICE);
        vm.assertEq(receiver.received(), 1 ether);
        vm.assertEq(receiver.message(), "hello");
        vm.assertEq(address(portal).balance, 1 ether);
    }

    /// A longer message needs a larger gas limit: the Portal asks 40 gas a byte, this messenger plans 16.
    function test_LongMessagesNeedMoreGas() public {
        bytes memory long = new bytes(20_000);
        vm.expectPartialRevert(IPortal.DepositGasTooLow.selector);
        l1Messenger.sendMessage(BOB, long, 0);
        l1Messenger.sendMessage(BOB, long, 600_000);
    }

    /// A contract cannot pose as the L1 messenger.
    function test_OnlyTheAliasOfTheL1MessengerSpeaksForIt() public {
        bytes memory relay = abi.encodeCall(IMessenger.relayMessage, (1 << 240, ALICE, BOB, 0, 0, ""));
        address[2] memory impostors = [address(l1Messenger), _aliasOf(address(portal))];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(impostors[i]);
            (bool success,) = address(L2_MESSENGER).call(relay);
            vm.assertFalse(success);
        }
        vm.prank(_aliasOf(address(l1Messenger)));
        (bool relayed,) = address(L2_MESSENGER).call(relay);
        vm.assertTrue(relayed);
    }

    function test_MessageFromL2ToL1() public {
        Receiver receiver = new Receiver(l1Messenger);
        vm.deal(address(portal), 10 ether);
        vm.deal(ALICE, 3 ether);
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        L2_MESSENGER.sendMessage{value: 1 ether}(address(receiver), abi.encodeCall(Receiver.hear, ("hello")), 200_000);
        (WithdrawalTransaction memory withdrawal, bytes32 hash) = _lastWithdrawal();
        vm.assertEq(portal.hashWithdrawal(withdrawal), hash);
        vm.assertTrue(PASSER.sentMessages(hash));

        _payWithdrawal(withdrawal, hash);
        vm.assertEq(receiver.sender(), ALICE);
        vm.assertEq(receiver.received(), 1 ether);
        vm.assertEq(receiver.message(), "hello");
        vm.assertEq(address(portal).balance, 9 ether);
    }

    /// A target that refuses does not hold the withdrawal up: the messenger keeps the ether and the message, and
    /// anyone replays it.
    function test_RefusedMessageIsReplayed() public {
        Receiver receiver = new Receiver(l1Messenger);
        receiver.refuse(true);
        vm.deal(address(portal), 10 ether);
        vm.deal(ALICE, 3 ether);
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        L2_MESSENGER.sendMessage{value: 1 ether}(address(receiver), abi.encodeCall(Receiver.hear, ("hello")), 200_000);
        (WithdrawalTransaction memory withdrawal, bytes32 hash) = _lastWithdrawal();
        _payWithdrawal(withdrawal, hash);
        vm.assertTrue(portal.finalizedWithdrawals(hash));
        vm.assertTrue(l1Messenger.failedMessages(keccak256(withdrawal.data)));
        vm.assertEq(address(l1Messenger).balance, 1 ether);

        receiver.refuse(false);
        vm.prank(BOB);
        (bool success,) = address(l1Messenger).call(withdrawal.data);
        vm.assertTrue(success);
        vm.assertTrue(l1Messenger.successfulMessages(keccak256(withdrawal.data)));
        vm.assertEq(receiver.received(), 1 ether);
        vm.prank(BOB);
        (success,) = address(l1Messenger).call(withdrawal.data);
        vm.assertFalse(success);
    }

    /// Whoever pays cannot make the message fail by giving little gas.
    function testFuzz_NobodyStarvesTheMessage(uint256 given) public {
        Receiver receiver = new Receiver(l1Messenger);
        vm.deal(address(portal), 10 ether);
        vm.deal(ALICE, 3 ether);
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        L2_MESSENGER.sendMessage{value: 1 ether}(address(receiver), abi.encodeCall(Receiver.hear, ("hello")), 200_000);
        (WithdrawalTransaction memory withdrawal, bytes32 hash) = _lastWithdrawal();
        (OutputRootProof memory proof, bytes[] memory nodes) = _proveFromStorage(hash);
        bytes memory call = abi.encodeCall(IPortal.proveAndPay, (withdrawal, nth(_batch), proof, nodes));
        (bool success,) = address(portal).call{gas: _bound(given, 200_000, 1_000_000)}(call);
        vm.assertEq(receiver.received(), success ? 1 ether : 0);
    }

    /// A message to the Portal or the Inbox through the messenger has no more right than anyone's call.
    function test_TheMessengerCannotReachWhatTrustsThePortal() public {
        bytes memory forged = abi.encodeWithSignature(
            "enqueue(address,address,bytes)", address(0xdead), address(0xbeef), bytes("forged")
        );
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        L2_MESSENGER.sendMessage(address(inbox), forged, 200_000);
        (WithdrawalTransaction memory withdrawal, bytes32 hash) = _lastWithdrawal();
        _payWithdrawal(withdrawal, hash);
        vm.assertEq(inbox.depositCount(), 0);

        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        L2_MESSENGER.sendMessage(address(portal), "", 200_000);
        (withdrawal, hash) = _lastWithdrawal();
        (OutputRootProof memory proof, bytes[] memory nodes) = _proveFromStorage(hash);
        vm.expectPartialRevert(IPortal.TargetFailed.selector);
        portal.proveAndPay(withdrawal, nth(_batch), proof, nodes);
    }

    function test_PlainWithdrawalThroughThePasser() public {
        vm.deal(address(portal), 10 ether);
        vm.deal(ALICE, 3 ether);
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        (bool success,) = address(PASSER).call{value: 2 ether}("");
        vm.assertTrue(success);
        (WithdrawalTransaction memory withdrawal, bytes32 hash) = _lastWithdrawal();
        vm.deal(ALICE, 0);
        vm.prank(BOB);
        _payWithdrawal(withdrawal, hash);
        vm.assertEq(ALICE.balance, 2 ether);
    }

    function test_EtherThroughTheStandardBridge() public {
        vm.deal(ALICE, 5 ether);
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        l1Bridge.depositETH{value: 2 ether}(200_000, "");
        vm.deal(ALICE, 0);
        vm.assertTrue(_relayDeposit());
        vm.assertEq(ALICE.balance, 2 ether);

        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        L2_BRIDGE.withdraw{value: 2 ether}(LEGACY_ETH, 2 ether, 200_000, "");
        vm.assertEq(ALICE.balance, 0);
        (WithdrawalTransaction memory withdrawal, bytes32 hash) = _lastWithdrawal();
        _payWithdrawal(withdrawal, hash);
        vm.assertEq(ALICE.balance, 2 ether);
        vm.assertEq(address(portal).balance, 0);
    }

    /// PO-6, M-5: what goes through the bridge waits for the registration as well, tokens too.
    function test_RevertWhen_TheRollupIsNotRegistered() public {
        outputs.register(portal.rollupId(), address(0));
        Token l1Token = new Token();
        l1Token.mint(ALICE, 1000);
        vm.deal(ALICE, 1 ether);
        bytes memory reason = abi.encodeWithSelector(IPortal.NotRegistered.selector, portal.rollupId());
        vm.startPrank(ALICE, ALICE);
        l1Token.approve(address(l1Bridge), 600);
        vm.expectRevert(reason);
        l1Bridge.depositERC20(address(l1Token), address(0x70), 600, 200_000, "");
        vm.expectRevert(reason);
        l1Bridge.depositETH{value: 1 ether}(200_000, "");
        vm.expectRevert(reason);
        l1Messenger.sendMessage{value: 1 ether}(BOB, "", 100_000);
        vm.stopPrank();
        vm.assertEq(l1Token.balanceOf(ALICE), 1000);
        vm.assertEq(ALICE.balance, 1 ether);
    }

    function test_TokensThroughTheStandardBridge() public {
        Token l1Token = new Token();
        address l2Token = IFactory(0x4200000000000000000000000000000000000012)
            .createOptimismMintableERC20(address(l1Token), "Token", "TOK");
        l1Token.mint(ALICE, 1000);

        vm.recordLogs();
        vm.startPrank(ALICE, ALICE);
        l1Token.approve(address(l1Bridge), 600);
        l1Bridge.depositERC20(address(l1Token), l2Token, 600, 200_000, "");
        vm.stopPrank();
        vm.assertEq(l1Bridge.deposits(address(l1Token), l2Token), 600);
        vm.assertTrue(_relayDeposit());
        vm.assertEq(ERC20(l2Token).balanceOf(ALICE), 600);

        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        L2_BRIDGE.withdraw(l2Token, 250, 200_000, "");
        vm.assertEq(ERC20(l2Token).totalSupply(), 350);
        (WithdrawalTransaction memory withdrawal, bytes32 hash) = _lastWithdrawal();
        _payWithdrawal(withdrawal, hash);
        vm.assertEq(l1Token.balanceOf(ALICE), 650);
        vm.assertEq(l1Bridge.deposits(address(l1Token), l2Token), 350);
    }

    function test_FeeVaultsPayOutOnL1() public {
        address[4] memory vaults = [
            0x4200000000000000000000000000000000000011,
            0x4200000000000000000000000000000000000019,
            0x420000000000000000000000000000000000001A,
            0x420000000000000000000000000000000000001b
        ];
        vm.deal(address(portal), 10 ether);
        for (uint256 i = 0; i < 4; ++i) {
            IFeeVault vault = IFeeVault(vaults[i]);
            vm.assertEq(vault.RECIPIENT(), FEE_RECIPIENT);
            vm.assertEq(vault.MIN_WITHDRAWAL_AMOUNT(), 0.1 ether);
            vm.assertEq(uint256(vault.WITHDRAWAL_NETWORK()), 0);
            vm.deal(address(vault), 0.1 ether - 1);
            vm.expectRevert("FeeVault: withdrawal amount must be greater than minimum withdrawal amount");
            vault.withdraw();
            vm.deal(address(vault), 1 ether);
            vm.recordLogs();
            vault.withdraw();
            (WithdrawalTransaction memory withdrawal, bytes32 hash) = _lastWithdrawal();
            _payWithdrawal(withdrawal, hash);
            vm.assertEq(FEE_RECIPIENT.balance, (i + 1) * 1 ether);
            vm.assertEq(vault.totalProcessed(), 1 ether);
        }
    }

    function test_WrappedEther() public {
        ERC20 weth = ERC20(0x4200000000000000000000000000000000000006);
        vm.assertEq(weth.name(), "Wrapped Ether");
        vm.assertEq(weth.symbol(), "WETH");
        vm.deal(ALICE, 1 ether);
        vm.prank(ALICE);
        (bool success,) = address(weth).call{value: 1 ether}("");
        vm.assertTrue(success);
        vm.assertEq(weth.balanceOf(ALICE), 1 ether);
    }

    function test_GasPriceOracleFollowsL1Block() public {
        IGasPriceOracle oracle = IGasPriceOracle(0x420000000000000000000000000000000000000F);
        vm.assertTrue(oracle.isEcotone());
        vm.assertTrue(oracle.isFjord());
        vm.assertEq(oracle.getL1Fee(new bytes(200)), 0);
        vm.prank(L1_BLOCK.DEPOSITOR_ACCOUNT());
        (bool success,) = address(L1_BLOCK)
            .call(
                abi.encodePacked(
                    L1_BLOCK.setL1BlockValuesJovian.selector,
                    uint32(5227),
                    uint32(1_014_213),
                    uint64(3),
                    uint64(START),
                    uint64(1000),
                    uint256(20 gwei),
                    uint256(1 gwei),
                    _hashOf(1000),
                    bytes32(0),
                    uint32(0),
                    uint64(0),
                    uint16(400)
                )
            );
        vm.assertTrue(success);
        vm.assertEq(oracle.l1BaseFee(), 20 gwei);
        // 100 bytes at least: (5227 * 16 * 20 gwei + 1014213 * 1 gwei) * 100 / 1e6
        vm.assertEq(oracle.getL1Fee(new bytes(0)), uint256(5227 * 16 * 20 + 1_014_213) * 1 gwei * 100 / 1e6);
    }
}
