// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice A checked evaluation of a blob's polynomial p (EIP-4844): p(z) = y.
struct BlobOpening {
    /// Versioned hash of the blob's KZG commitment.
    bytes32 versionedHash;
    /// Point of evaluation, canonical big-endian scalar.
    bytes32 z;
    /// Value there, canonical big-endian scalar.
    bytes32 y;
}
