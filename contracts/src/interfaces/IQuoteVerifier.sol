// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice What a genuine quote says about the enclave that asked for it.
struct QuoteReport {
    /// Digest of all that identifies the enclave's code (MRTD and RTMRs, MRENCLAVE, PCR0).
    bytes32 measurement;
    /// The enclave's 64 bytes of report data.
    bytes32[2] reportData;
    /// End of the validity of the collateral the quote was checked with, in seconds.
    uint64 validUntil;
}

/// @title Verifies the quotes of one attestation platform
interface IQuoteVerifier {
    /// @notice The platform's root of trust.
    function trustRoot() external view returns (bytes32);

    /// @notice Verify a quote in full; reverts unless it is genuine, current and not of a debug enclave.
    function verify(bytes calldata quote) external view returns (QuoteReport memory report);
}
