// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestChains} from "../TestChains.sol";
import {IQuoteVerifier, QuoteReport} from "../interfaces/IQuoteVerifier.sol";

/// @title DevQuoteVerifier
/// @notice Takes the quotes of the software enclave `dev`, which prove nothing: they are signed by a test root. Refuses to be
/// deployed on a chain that is not a test chain.
/// @dev A quote is 161 bytes: measurement (32), report data (64), signature r, s, v (65) of the root over
/// `keccak256(abi.encode("oneslot.dev.quote.v1", measurement, reportData[0], reportData[1]))`.
contract DevQuoteVerifier is IQuoteVerifier {
    uint256 private constant QUOTE_LENGTH = 161;
    /// @dev Half the order of secp256k1, rounded down.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Address of the test root's key.
    address public immutable root;

    error NotATestChain(uint256 chainId);
    error RootZero();
    error QuoteMalformed(uint256 length);
    error NotSignedByRoot(address expected, address got);

    constructor(address root_) {
        if (!TestChains.includes(block.chainid)) revert NotATestChain(block.chainid);
        if (root_ == address(0)) revert RootZero();
        root = root_;
    }

    /// @inheritdoc IQuoteVerifier
    function trustRoot() external view returns (bytes32) {
        return keccak256(abi.encode("oneslot.dev.root", root));
    }

    /// @inheritdoc IQuoteVerifier
    function verify(bytes calldata quote) external view returns (QuoteReport memory report) {
        if (quote.length != QUOTE_LENGTH) revert QuoteMalformed(quote.length);
        report.measurement = bytes32(quote[0:32]);
        report.reportData[0] = bytes32(quote[32:64]);
        report.reportData[1] = bytes32(quote[64:96]);
        report.validUntil = type(uint64).max;
        bytes32 digest = keccak256(
            abi.encode("oneslot.dev.quote.v1", report.measurement, report.reportData[0], report.reportData[1])
        );
        bytes32 s = bytes32(quote[128:160]);
        address signer =
            uint256(s) > HALF_ORDER ? address(0) : ecrecover(digest, uint8(quote[160]), bytes32(quote[96:128]), s);
        if (signer != root) revert NotSignedByRoot(root, signer);
    }
}
