// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {QuoteReport} from "../../src/interfaces/IQuoteVerifier.sol";
import {DevQuoteVerifier} from "../../src/lanes/DevQuoteVerifier.sol";
import {TeeFixture} from "../support/TeeFixture.sol";

/// @notice The software enclave's verifier: only on test chains, only quotes of its root.
contract DevQuoteVerifierTest is TeeFixture {
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function setUp() public override {
        super.setUp();
        deployLane();
    }

    function test_Verify() public view {
        QuoteReport memory report = verifier.verify(signedQuote(ROOT_KEY, MEASUREMENT, "first", "second"));
        assertEq(report.measurement, MEASUREMENT);
        assertEq(report.reportData[0], "first");
        assertEq(report.reportData[1], "second");
        assertEq(report.validUntil, type(uint64).max);
    }

    function testFuzz_RevertWhen_AnyByteChanges(uint256 position, uint8 flip) public {
        bytes memory quote = signedQuote(ROOT_KEY, MEASUREMENT, "first", "second");
        quote[bound(position, 0, quote.length - 1)] ^= bytes1(flip == 0 ? 1 : flip);
        vm.expectPartialRevert(DevQuoteVerifier.NotSignedByRoot.selector);
        verifier.verify(quote);
    }

    function test_RevertWhen_AnotherRootSigned() public {
        vm.expectRevert(
            abi.encodeWithSelector(DevQuoteVerifier.NotSignedByRoot.selector, vm.addr(ROOT_KEY), vm.addr(0xbad))
        );
        verifier.verify(signedQuote(0xbad, MEASUREMENT, "first", "second"));
    }

    function test_RevertWhen_SignatureIsMalleated() public {
        bytes memory quote = signedQuote(ROOT_KEY, MEASUREMENT, "first", "second");
        assembly {
            let s := mload(add(quote, 0xa0))
            mstore(add(quote, 0xa0), sub(ORDER, s))
        }
        quote[160] = quote[160] == bytes1(uint8(27)) ? bytes1(uint8(28)) : bytes1(uint8(27));
        vm.expectRevert(
            abi.encodeWithSelector(DevQuoteVerifier.NotSignedByRoot.selector, vm.addr(ROOT_KEY), address(0))
        );
        verifier.verify(quote);
    }

    function testFuzz_RevertWhen_LengthDiffers(uint256 length) public {
        length = bound(length, 0, 400);
        vm.assume(length != 161);
        vm.expectRevert(abi.encodeWithSelector(DevQuoteVerifier.QuoteMalformed.selector, length));
        verifier.verify(new bytes(length));
    }

    function test_OnlyOnTestChains() public {
        uint256[5] memory tests = [uint256(31337), 31338, 1337, 900, 901];
        for (uint256 i; i < tests.length; ++i) {
            vm.chainId(tests[i]);
            new DevQuoteVerifier(address(1));
        }
        uint256[8] memory others = [uint256(0), 1, 10, 17000, 8453, 560048, 11155111, 902];
        for (uint256 i; i < others.length; ++i) {
            vm.chainId(others[i]);
            vm.expectRevert(abi.encodeWithSelector(DevQuoteVerifier.NotATestChain.selector, others[i]));
            new DevQuoteVerifier(address(1));
        }
    }

    function test_RevertWhen_RootIsZero() public {
        vm.expectRevert(DevQuoteVerifier.RootZero.selector);
        new DevQuoteVerifier(address(0));
    }

    function test_TrustRootBindsTheRoot() public {
        assertNotEq(verifier.trustRoot(), new DevQuoteVerifier(address(1)).trustRoot());
        assertEq(verifier.trustRoot(), new DevQuoteVerifier(vm.addr(ROOT_KEY)).trustRoot());
    }
}
