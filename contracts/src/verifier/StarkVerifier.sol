// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {
    Ext,
    NotCanonical,
    ONE,
    P,
    ZERO,
    equal,
    lanesOver,
    loadExt,
    power,
    reduce,
    swapLanes
} from "./CubicExtension.sol";
import {Equality} from "./Equality.sol";
import {FractionalGkr} from "./FractionalGkr.sol";
import {IFinalConstraints, IFinalOpening, IFinalVerifier} from "./IFinalVerifier.sol";
import {EXT_BYTES, Row, Sumcheck, newRow} from "./Sumcheck.sol";
import {Transcript, Transcripts} from "./Transcript.sol";

/// @title StarkVerifier
/// @notice The verifier of final proofs: p3-multi-stark's `verify` for tables with lookups on one bus and without next rows, periodic columns,
/// indexed lookups and binary buses. What depends on the verifying key comes from a generated contract that inherits this one; the
/// opening and the constraints are contracts of their own, because code is limited to 24,576 bytes.
///
/// The order of steps, of what is absorbed and what is drawn is that of the Rust code; see docs/reference/zk-lane.md for the walk.
abstract contract StarkVerifier is IFinalVerifier {
    /// @notice The sumcheck starts from another sum than the lookup argument leaves.
    error ClaimedSumMismatch();
    /// @notice The tables' constraints and lookups at the point are not what the sumcheck leaves.
    error ConstraintsMismatch();
    /// @notice A part was generated for another verifying key.
    error PartMismatch(address part);

    /// @dev What the verifying key says of the proof before the opening.
    struct Shape {
        /// Fractions of the lookup argument: 2^lookupVariables.
        uint256 lookupVariables;
        /// Fields of the widest message.
        uint256 messageWidth;
        /// Rounds of the sumcheck over all tables: variables of the tallest, or of the lookups if they are more.
        uint256 rounds;
        uint256 degree;
        Table[] tables;
        /// Contracts that evaluate the tables, in the order of the tables.
        Part[] parts;
        /// Codewords and one: the numbers of Merkle digests in the proof.
        uint256 counts;
        /// Bytes of a proof without header and Merkle digests of multiproofs.
        uint256 fixedBytes;
        /// Answers outside the domain that stand before the columns' values.
        uint256 oodSamples;
        /// Values of all columns in the proof.
        uint256 values;
        /// Bytes that the transcript's buffer must hold.
        uint256 transcriptCapacity;
    }

    struct Table {
        uint256 logHeight;
        /// Its first interaction's number among blocks of its height, and how many it has.
        uint256 firstBlock;
        uint256 interactions;
    }

    /// @dev What one contract evaluates: a table or a part of it.
    struct Part {
        uint256 table;
        /// Constraints of the table behind those of the part.
        uint256 constraintsBehind;
    }

    /// @dev Challenges and claims under way.
    struct Reduction {
        Shape shape;
        Transcript transcript;
        uint256 cursor;
        /// Of the lookup argument.
        Ext alpha;
        Ext beta;
        Ext theta;
        FractionalGkr.Claim claim;
        /// Of the sumcheck: batch constraints, tables, and both families.
        Ext constraintBatching;
        Ext tableBatching;
        Ext familyBatching;
        Row zerocheckPoint;
        Row point;
        Ext finalSum;
    }

    // ── From the verifying key ──────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IFinalVerifier
    function publicValueCount() public pure virtual returns (uint256);
    function _shape() internal pure virtual returns (Shape memory);
    /// @dev Seeds of the statement and of the commitment, and the root over the preprocessed columns.
    function _statementSeed() internal pure virtual returns (bytes memory);
    function _lookupSeed() internal pure virtual returns (bytes memory);
    function _gkrSeed() internal pure virtual returns (bytes memory);
    function _zerocheckSeed() internal pure virtual returns (bytes memory);
    function _sumcheckSeed() internal pure virtual returns (bytes memory);
    function _opening() internal view virtual returns (IFinalOpening);
    function _constraints(uint256 part) internal view virtual returns (IFinalConstraints);

    // ── The walk ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IFinalVerifier
    function verify(bytes calldata publicValues, bytes calldata proof) external view {
        _requireCanonical(publicValues);
        Reduction memory r;
        r.shape = _shape();
        _requireLength(r.shape, proof);
        uint256 header = 2 * r.shape.counts;
        bytes32 root = bytes32(proof[header:]);

        _statement(r, publicValues, proof);
        _lookup(r);
        _zerocheck(r);

        bytes calldata opening;
        assembly ("memory-safe") {
            let cursor := mload(add(r, 0x40))
            opening.offset := cursor
            opening.length := sub(add(proof.offset, proof.length), cursor)
        }
        _opening().verifyOpening(r.transcript.digest(), root, _words(r.point, r.shape.rounds), proof[0:header], opening);
        uint256 first = r.shape.oodSamples * EXT_BYTES;
        _close(r, publicValues, opening[first:first + r.shape.values * EXT_BYTES]);
    }

    /// @dev As many public values as the circuit has, each below p.
    function _requireCanonical(bytes calldata publicValues) private pure {
        uint256 expected = publicValueCount() * 8;
        if (publicValues.length != expected) revert PublicValuesLength(expected, publicValues.length);
        for (uint256 i = 0; i < expected; i += 8) {
            uint256 value = swapLanes(uint256(uint64(bytes8(publicValues[i:])))) & type(uint64).max;
            if (value >= P) revert NotCanonical(i);
        }
    }

    /// @dev Header, fixed part and Merkle digests make the whole proof.
    function _requireLength(Shape memory shape, bytes calldata proof) private pure {
        uint256 expected = 2 * shape.counts;
        if (proof.length < expected) revert ProofLength(expected, proof.length);
        expected += shape.fixedBytes;
        for (uint256 i = 0; i < shape.counts; ++i) {
            expected += 32 * uint256(uint16(bytes2(proof[2 * i:])));
        }
        if (proof.length != expected) revert ProofLength(expected, proof.length);
    }

    /// @dev Absorb what is proven: the circuit, the commitment and the public values.
    function _statement(Reduction memory r, bytes calldata publicValues, bytes calldata proof) private pure {
        r.transcript = Transcripts.start(r.shape.transcriptCapacity);
        uint256 cursor;
        uint256 values;
        assembly ("memory-safe") {
            cursor := proof.offset
            values := publicValues.offset
        }
        cursor += 2 * r.shape.counts;
        r.transcript.absorb(_statementSeed());
        r.transcript.absorb(cursor, 32);
        r.transcript.absorb(values, publicValues.length);
        r.cursor = cursor + 32;
    }

    /// @dev Reduce the lookups of all tables to one claim about their fractions at a point.
    function _lookup(Reduction memory r) private pure {
        r.transcript.absorb(_lookupSeed());
        r.alpha = r.transcript.drawExt();
        r.beta = r.transcript.drawExt();
        r.transcript.absorb(_gkrSeed());
        (r.claim, r.cursor) = FractionalGkr.verify(r.transcript, r.cursor, r.shape.lookupVariables);
        r.theta = r.transcript.drawExt();
    }

    /// @dev The sumcheck over constraints and lookups of all tables.
    function _zerocheck(Reduction memory r) private pure {
        Transcript memory t = r.transcript;
        uint256 rounds = r.shape.rounds;
        t.absorb(_zerocheckSeed());
        r.constraintBatching = t.drawExt();
        r.tableBatching = t.drawExt();
        r.familyBatching = t.drawExt();
        r.zerocheckPoint = newRow(rounds);
        uint256 free = rounds - r.shape.lookupVariables;
        for (uint256 i = 0; i < rounds; ++i) {
            r.zerocheckPoint.put(i, i < free ? t.drawNonZero() : r.claim.point.at(i - free));
        }

        Ext claimed = loadExt(r.cursor);
        Ext expected = r.familyBatching * (r.claim.numerator + r.theta * (r.claim.denominator - ONE));
        if (!equal(claimed, expected)) revert ClaimedSumMismatch();
        t.absorb(_sumcheckSeed());
        t.absorb(r.cursor, EXT_BYTES);
        r.point = newRow(rounds);
        (r.finalSum, r.cursor) = Sumcheck.ofDegree(t, claimed, r.cursor + EXT_BYTES, rounds, r.shape.degree, 0, r.point);
    }

    /// @dev Evaluate all tables at the point, from the opened values, and compare with what the sumcheck left.
    function _close(Reduction memory r, bytes calldata publicValues, bytes calldata values) private view {
        uint256 prefix = Ext.unwrap(reduce(r.alpha + power(r.beta, r.shape.messageWidth) - ONE));
        Ext sum = ZERO;
        for (uint256 i = 0; i < r.shape.parts.length; ++i) {
            Part memory part = r.shape.parts[i];
            Table memory table = r.shape.tables[part.table];
            (uint256 constraints, uint256 multiplicities, uint256 denominators) = _constraints(i)
                .evaluate(
                    Ext.unwrap(r.constraintBatching),
                    Ext.unwrap(r.beta),
                    prefix,
                    _weights(r, table),
                    _words(r.point.from(r.shape.rounds - table.logHeight), table.logHeight),
                    publicValues,
                    values
                );
            Ext batch = power(r.tableBatching, part.table) * power(r.constraintBatching, part.constraintsBehind);
            Ext interactions = Ext.wrap(multiplicities) + r.theta * Ext.wrap(denominators);
            sum = reduce(sum + batch * Ext.wrap(constraints) + r.familyBatching * interactions);
        }
        Ext eq = Equality.evaluate(r.zerocheckPoint, r.point, r.shape.rounds);
        if (!equal(r.finalSum, eq * sum)) revert ConstraintsMismatch();
    }

    /// @dev The weights of a table's interactions in the lookup argument's claim.
    function _weights(Reduction memory r, Table memory table) private pure returns (uint256[] memory weights) {
        uint256 bits = r.shape.lookupVariables - table.logHeight;
        Row row = Equality.range(r.claim.point, bits, table.firstBlock, table.interactions);
        for (uint256 i = 0; i < table.interactions; ++i) {
            row.put(i, reduce(row.at(i)));
        }
        return _words(row, table.interactions);
    }

    /// @dev A copy of a row as an array.
    function _words(Row row, uint256 length) private pure returns (uint256[] memory words) {
        words = new uint256[](length);
        for (uint256 i = 0; i < length; ++i) {
            words[i] = Ext.unwrap(row.at(i));
        }
    }
}
