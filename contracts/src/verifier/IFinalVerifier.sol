// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title IFinalVerifier
/// @notice Verifies final proofs of one circuit: a multilinear STARK with Keccak-256 and without a trusted setup.
interface IFinalVerifier {
    /// @notice The public values do not have the circuit's number.
    error PublicValuesLength(uint256 expected, uint256 got);
    /// @notice The proof is longer or shorter than its header says.
    error ProofLength(uint256 expected, uint256 got);

    /// @notice What the circuit proves; the name it was generated under.
    function circuit() external view returns (string memory);

    /// @notice Hash of the verifying key.
    function verifyingKey() external view returns (bytes32);

    /// @notice Number of public values.
    function publicValueCount() external view returns (uint256);

    /// @notice Revert unless the proof is valid for the public values.
    /// @param publicValues Elements of the base field, 8 bytes each, little-endian, below p.
    /// @param proof The encoding of `docs/reference/zk-lane.md`; no other bytes are accepted for the same proof.
    function verify(bytes calldata publicValues, bytes calldata proof) external view;
}

/// @title IFinalOpening
/// @notice The part of a final verifier that checks the opening of the committed columns.
interface IFinalOpening {
    /// @notice Hash of the verifying key it was generated for.
    function verifyingKey() external pure returns (bytes32);

    /// @notice Revert unless the opening is valid.
    /// @param digest The transcript's last digest.
    /// @param root The commitment in the proof.
    /// @param point Where the columns are opened; each column at the last coordinates.
    /// @param counts Numbers of Merkle digests, two bytes each.
    /// @param opening The rest of the proof. Its first bytes are answers outside the domain and the columns' values.
    function verifyOpening(
        bytes32 digest,
        bytes32 root,
        uint256[] calldata point,
        bytes calldata counts,
        bytes calldata opening
    ) external pure;
}

/// @title IFinalConstraints
/// @notice The part of a final verifier that evaluates constraints and lookups of one table, or of a part of it.
interface IFinalConstraints {
    /// @notice Hash of the verifying key it was generated for.
    function verifyingKey() external pure returns (bytes32);

    /// @notice Evaluate the table at a point. Extension elements are words as in `CubicExtension.sol`.
    /// @param alpha Batches the constraints: the last one counts once, the one before it alpha times, and so on.
    /// @param beta Batches the fields of a lookup's message.
    /// @param prefix What messages are subtracted from, less one.
    /// @param weights For each interaction of the table, in the order of its AIR.
    /// @param point The table's point.
    /// @param publicValues Those of the proof, 8 bytes each.
    /// @param values Values of all columns, 24 bytes each, in the order of the proof.
    /// @return constraints The batched constraints.
    /// @return multiplicities The weighted sum of the interactions' multiplicities.
    /// @return denominators The weighted sum of their denominators less one.
    function evaluate(
        uint256 alpha,
        uint256 beta,
        uint256 prefix,
        uint256[] calldata weights,
        uint256[] calldata point,
        bytes calldata publicValues,
        bytes calldata values
    ) external pure returns (uint256 constraints, uint256 multiplicities, uint256 denominators);
}
