// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {
    Ext,
    HIGH_BITS,
    LANE,
    LOW63,
    ONE,
    OVER,
    P,
    SWAP16,
    SWAP32,
    SWAP8,
    ZERO,
    NotCanonical,
    eqFactor,
    equal,
    loadExt,
    reduce,
    square
} from "./CubicExtension.sol";
import {Equality} from "./Equality.sol";
import {IFinalOpening} from "./IFinalVerifier.sol";
import {MerkleMultiproof, Nodes} from "./MerkleMultiproof.sol";
import {EXT_BYTES, Row, Sumcheck, newRow} from "./Sumcheck.sol";
import {Transcript, Transcripts} from "./Transcript.sol";

/// @title WhirOpening
/// @notice The verifier of one opening of stacked tables committed by p3-whir: `verify_at` of its prescribed-point scheme. What
/// depends on the verifying key comes from a generated contract that inherits this one.
///
/// Columns of one height form a stacked table. Four of them are interleaved in one stacked column, so that each row of the first codeword
/// holds as many neighbouring cells of each; the last of the four is a preprocessed column. A stacked column of 2^a cells is one slot of a
/// polynomial in k variables. The statement is: the columns have the given values at the suffixes of one point. WHIR folds the polynomial by sumchecks,
/// last variables first; after each fold a codeword is committed, and queries into the codeword before check the fold. In the end stands
/// a polynomial of a few variables in the clear. The last quarter of a row of the first codeword, the preprocessed columns, is authenticated
/// against the root of the verifying key too, for the first half of the queries.
///
/// The order of steps, of what is absorbed and what is drawn is that of the Rust code; see docs/reference/zk-lane.md for the walk.
abstract contract WhirOpening is IFinalOpening {
    /// @dev Columns that are interleaved in one stacked column.
    uint256 private constant INTERLEAVING = 4;
    uint256 private constant LOG_INTERLEAVING = 2;

    /// @notice The final polynomial does not have the values that the last queries fold to.
    error FinalPolynomialMismatch();
    /// @notice What is left of the statement does not hold for the final polynomial.
    error OpeningMismatch();

    /// @dev A committed codeword, how it is folded and how the fold is queried.
    struct Codeword {
        /// Variables folded at once; a row holds 2^folding elements.
        uint256 folding;
        /// Levels of its Merkle tree, one leaf a row: the bits of a query's index.
        uint256 depth;
        /// Queries made.
        uint256 queries;
        /// Bits of zero of the proof of work before the queries.
        uint256 queryPowBits;
        /// Variables left after the fold.
        uint256 variables;
        /// Points at which the folded codeword's polynomial is asked before the queries; 0 for the last codeword.
        uint256 oodSamples;
        /// Bits of zero of the proof of work in each round of the sumcheck after the queries.
        uint256 foldPowBits;
    }

    /// @dev The columns of one height.
    struct StackedTable {
        /// Variables of a column.
        uint256 logHeight;
        /// The slot of its first stacked column.
        uint256 slot;
        /// Stacked columns that it fills.
        uint256 width;
        /// Stacked columns in which each of the four positions is used: the first ones.
        uint256[INTERLEAVING] used;
    }

    /// @dev What the verifying key says of this opening.
    struct Shape {
        /// Variables of the stacked polynomial.
        uint256 variables;
        /// Variables of a stacked column below the two that pick the position.
        uint256 lowBits;
        /// Points at which the stacked polynomial is asked first.
        uint256 oodSamples;
        /// Bits of zero of the proof of work in each round of the first sumcheck.
        uint256 foldPowBits;
        /// The codeword of the stacked polynomial first.
        Codeword[] codewords;
        /// Tallest first; the values in the proof go by table, position and column.
        StackedTable[] tables;
        /// Root over the preprocessed columns.
        bytes32 preprocessedRoot;
        /// Bytes that the transcript's buffer must hold.
        uint256 transcriptCapacity;
    }

    /// @dev What the last check has to know of a round: the sum of challenge^(1 + j) times weight j, over the points outside the
    /// domain first, then the queries.
    struct Statement {
        Ext challenge;
        uint256 variables;
        Row oodPoints;
        uint256 oodSamples;
        uint256[] queryPoints;
    }

    /// @dev A verification under way.
    struct Opening {
        Transcript transcript;
        Shape shape;
        /// Where to read next in the calldata.
        uint256 cursor;
        /// Where the next number of Merkle digests stands in the calldata.
        uint256 counts;
        /// Where the values stand in the calldata.
        uint256 values;
        /// The sum that the sumcheck claims at this point.
        Ext claim;
        /// Challenges of the folds, in the order they were drawn.
        Row challenges;
        uint256 challengeCount;
        Ext batching;
        Row oodPoints;
        bytes32 root;
        Statement[] statements;
    }

    // ── From the verifying key ──────────────────────────────────────────────────────────────────────────────────────

    function _shape() internal pure virtual returns (Shape memory);
    /// @dev Seed of a query outside the domain of the stacked polynomial.
    function _oodSeed() internal pure virtual returns (bytes memory);
    /// @dev Seed of the values of one position of a stacked table.
    function _valuesSeed(uint256 table, uint256 position) internal pure virtual returns (bytes memory);
    /// @dev Seed of WHIR itself.
    function _whirSeed() internal pure virtual returns (bytes memory);
    /// @dev Seed of the challenge that batches the values.
    function _batchingSeed() internal pure virtual returns (bytes memory);
    /// @dev Seed of a sumcheck: 0 for the first, i for the one after codeword i.
    function _sumcheckSeed(uint256 index) internal pure virtual returns (bytes memory);

    // ── The walk ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IFinalOpening
    function verifyOpening(
        bytes32 digest,
        bytes32 root,
        uint256[] calldata point,
        bytes calldata counts,
        bytes calldata opening
    ) external pure {
        Row row = newRow(point.length);
        for (uint256 i = 0; i < point.length; ++i) {
            row.put(i, Ext.wrap(point[i]));
        }
        uint256 countsOffset;
        uint256 cursor;
        assembly ("memory-safe") {
            countsOffset := counts.offset
            cursor := opening.offset
        }
        _verify(digest, root, row, point.length, countsOffset, cursor);
    }

    /// @dev Verify an opening.
    /// @param digest The transcript before it.
    /// @param root Commitment of the stacked polynomial.
    /// @param point Where the columns were asked; each table uses the last coordinates.
    /// @param counts Where the numbers of Merkle digests stand in the calldata, two bytes each.
    /// @param cursor Where the opening's proof stands in the calldata.
    function _verify(bytes32 digest, bytes32 root, Row point, uint256 pointLength, uint256 counts, uint256 cursor)
        private
        pure
    {
        Opening memory o;
        o.shape = _shape();
        o.transcript = Transcripts.resume(o.shape.transcriptCapacity, digest);
        o.root = root;
        o.counts = counts;
        o.cursor = cursor;
        o.challenges = newRow(o.shape.variables);
        uint256 rounds = o.shape.codewords.length - 1;
        o.statements = new Statement[](rounds);

        _absorbValues(o);
        o.transcript.absorb(_whirSeed());
        o.transcript.absorb(_batchingSeed());
        o.batching = o.transcript.drawExt();
        o.claim = _batchedValues(o);
        _fold(o, 0, o.shape.codewords[0].folding, o.shape.foldPowBits);
        for (uint256 i = 0; i < rounds; ++i) {
            _round(o, i);
        }
        Row finalPolynomial = _final(o);
        Ext weight = _weight(o, point, pointLength);
        if (!equal(o.claim, weight * _finalValue(o, finalPolynomial))) revert OpeningMismatch();
    }

    /// @dev Points outside the domain, drawn, and their answers; then the claimed values, table by table.
    function _absorbValues(Opening memory o) private pure {
        uint256 samples = o.shape.oodSamples;
        o.oodPoints = newRow(samples);
        for (uint256 i = 0; i < samples; ++i) {
            o.transcript.absorb(_oodSeed());
            o.oodPoints.put(i, o.transcript.drawExt());
            loadExt(o.cursor);
            o.transcript.absorb(o.cursor, EXT_BYTES);
            o.cursor += EXT_BYTES;
        }
        o.values = o.cursor;
        for (uint256 i = 0; i < o.shape.tables.length; ++i) {
            for (uint256 position = 0; position < INTERLEAVING; ++position) {
                uint256 count = o.shape.tables[i].used[position];
                if (count == 0) continue;
                o.transcript.absorb(_valuesSeed(i, position));
                o.transcript.absorb(o.cursor, count * EXT_BYTES);
                o.cursor += count * EXT_BYTES;
            }
        }
    }

    /// @dev The sum of batching^j times value j, answers outside the domain last.
    function _batchedValues(Opening memory o) private pure returns (Ext sum) {
        uint256 answers = o.values - o.shape.oodSamples * EXT_BYTES;
        Ext batching = o.batching;
        for (uint256 offset = o.values; offset > answers;) {
            offset -= EXT_BYTES;
            sum = sum * batching + loadExt(offset);
        }
        for (uint256 offset = o.cursor; offset > o.values;) {
            offset -= EXT_BYTES;
            sum = sum * batching + loadExt(offset);
        }
    }

    /// @dev A sumcheck of so many rounds.
    function _fold(Opening memory o, uint256 seed, uint256 rounds, uint256 powBits) private pure {
        if (rounds == 0) return;
        o.transcript.absorb(_sumcheckSeed(seed));
        (o.claim, o.cursor) =
            Sumcheck.quadratic(o.transcript, o.claim, o.cursor, rounds, powBits, o.challenges.from(o.challengeCount));
        o.challengeCount += rounds;
    }

    /// @dev The next codeword's root, points outside its domain, queries into the one before, and the next fold.
    function _round(Opening memory o, uint256 index) private pure {
        Codeword memory codeword = o.shape.codewords[index];
        Statement memory statement = o.statements[index];
        uint256 cursor = o.cursor;
        bytes32 next;
        assembly ("memory-safe") {
            next := calldataload(cursor)
        }
        o.transcript.absorb(cursor, 32);
        cursor += 32;
        statement.variables = codeword.variables;
        statement.oodSamples = codeword.oodSamples;
        statement.oodPoints = newRow(codeword.oodSamples);
        uint256 answers = cursor;
        for (uint256 i = 0; i < codeword.oodSamples; ++i) {
            statement.oodPoints.put(i, o.transcript.drawExt());
            loadExt(cursor);
            o.transcript.absorb(cursor, EXT_BYTES);
            cursor += EXT_BYTES;
        }
        o.cursor = cursor;
        Row folds;
        (statement.queryPoints, folds) = _query(o, codeword, index == 0);
        o.root = next;

        Ext challenge = o.transcript.drawExt();
        statement.challenge = challenge;
        Ext sum = ZERO;
        for (uint256 i = statement.queryPoints.length; i > 0; --i) {
            sum = (sum + folds.at(i - 1)) * challenge;
        }
        for (uint256 i = codeword.oodSamples; i > 0; --i) {
            sum = (sum + loadExt(answers + (i - 1) * EXT_BYTES)) * challenge;
        }
        o.claim = o.claim + sum;
        _fold(o, index + 1, o.shape.codewords[index + 1].folding, codeword.foldPowBits);
    }

    /// @dev The final polynomial in the clear, queries into the last codeword, and the last sumcheck.
    function _final(Opening memory o) private pure returns (Row polynomial) {
        uint256 index = o.shape.codewords.length - 1;
        Codeword memory codeword = o.shape.codewords[index];
        uint256 length = 1 << codeword.variables;
        polynomial = newRow(length);
        for (uint256 i = 0; i < length; ++i) {
            polynomial.put(i, loadExt(o.cursor + i * EXT_BYTES));
        }
        o.transcript.absorb(o.cursor, length * EXT_BYTES);
        o.cursor += length * EXT_BYTES;
        (uint256[] memory points, Row folds) = _query(o, codeword, index == 0);
        for (uint256 i = 0; i < points.length; ++i) {
            if (!equal(_univariate(polynomial, length, points[i]), folds.at(i))) revert FinalPolynomialMismatch();
        }
        _fold(o, index + 1, codeword.variables, codeword.foldPowBits);
    }

    /// @dev The value at z of the univariate polynomial with the given coefficients.
    function _univariate(Row polynomial, uint256 length, uint256 z) private pure returns (Ext value) {
        assembly ("memory-safe") {
            let c0 := 0
            let c1 := 0
            let c2 := 0
            for { let term := add(polynomial, shl(5, length)) } gt(term, polynomial) {} {
                term := sub(term, 0x20)
                let x := mload(term)
                c0 := mod(add(mul(c0, z), and(x, LANE)), P)
                c1 := mod(add(mul(c1, z), and(shr(80, x), LANE)), P)
                c2 := mod(add(mul(c2, z), shr(160, x)), P)
            }
            value := or(c0, or(shl(80, c1), shl(160, c2)))
        }
    }

    /// @dev The final polynomial's multilinear value at the last challenges.
    function _finalValue(Opening memory o, Row polynomial) private pure returns (Ext) {
        uint256 variables = o.shape.codewords[o.shape.codewords.length - 1].variables;
        uint256 half = 1 << variables;
        for (uint256 i = 0; i < variables; ++i) {
            half >>= 1;
            Ext r = o.challenges.at(o.challengeCount - 1 - i);
            for (uint256 j = 0; j < half; ++j) {
                Ext low = polynomial.at(j);
                polynomial.put(j, reduce(low + r * (polynomial.at(j + half) - low)));
            }
        }
        return polynomial.at(0);
    }

    // ── Queries ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Proof of work, indices, rows and Merkle proof of the queries into a codeword.
    /// @return points The points of the folded domain that were asked.
    /// @return folds What the rows fold to there.
    function _query(Opening memory o, Codeword memory codeword, bool base)
        private
        pure
        returns (uint256[] memory points, Row folds)
    {
        if (codeword.queryPowBits != 0) {
            o.transcript.grind(o.cursor, codeword.queryPowBits);
            o.cursor += 8;
        }
        uint256 queries = codeword.queries;
        points = new uint256[](queries);
        folds = newRow(queries);
        uint256[] memory order = _drawIndices(o.transcript, queries, codeword.depth);

        uint256 rowBytes = (base ? 8 : EXT_BYTES) << codeword.folding;
        uint256 weights = _foldWeights(o, codeword.folding, base);
        Nodes nodes = MerkleMultiproof.allocate(queries);
        uint256 generator = _generator(codeword.depth);
        uint256 rows = o.cursor;
        for (uint256 i = 0; i < queries; ++i) {
            uint256 query = order[i] & 0xffff;
            uint256 row = rows + query * rowBytes;
            nodes.put(i, order[i] >> 16, _hashRow(row, rowBytes));
            folds.put(query, _foldRow(row, rowBytes, weights));
            points[query] = _basePower(generator, order[i] >> 16);
        }
        o.cursor = rows + queries * rowBytes;

        _authenticate(o, nodes, queries, codeword.depth, o.root);
        if (!base) return (points, folds);
        // Half of the queries are enough for the preprocessed columns, see docs/reference/recursion.md.
        uint256 half = (queries + 1) / 2;
        _authenticate(
            o, _preprocessedLeaves(order, half, rows, rowBytes), half, codeword.depth, o.shape.preprocessedRoot
        );
    }

    /// @dev Check leaves against a root with the digests that stand next in the proof.
    function _authenticate(Opening memory o, Nodes nodes, uint256 count, uint256 depth, bytes32 root) private pure {
        uint256 siblings;
        uint256 counts = o.counts;
        assembly ("memory-safe") {
            siblings := shr(240, calldataload(counts))
        }
        o.counts = counts + 2;
        nodes.verify(count, depth, root, o.cursor, siblings);
        o.cursor += siblings * 32;
    }

    /// @dev The leaves of the verifying key's tree: the last quarter of the rows of the first queries, as many as `count`.
    function _preprocessedLeaves(uint256[] memory order, uint256 count, uint256 rows, uint256 rowBytes)
        private
        pure
        returns (Nodes nodes)
    {
        nodes = MerkleMultiproof.allocate(count);
        uint256 size = rowBytes / INTERLEAVING;
        uint256 leaf = 0;
        for (uint256 i = 0; leaf < count; ++i) {
            uint256 query = order[i] & 0xffff;
            if (query >= count) continue;
            nodes.put(leaf, order[i] >> 16, _hashRow(rows + (query + 1) * rowBytes - size, size));
            ++leaf;
        }
    }

    /// @dev Draw the indices of queries, `bits` bits each.
    /// @return order Index times 2^16 plus the query's number, in increasing order.
    function _drawIndices(Transcript memory t, uint256 queries, uint256 bits)
        private
        pure
        returns (uint256[] memory order)
    {
        order = new uint256[](queries);
        uint256 mask = (1 << bits) - 1;
        for (uint256 i = 0; i < queries; ++i) {
            uint256 key = ((t.drawWord() & mask) << 16) | i;
            assembly ("memory-safe") {
                let first := add(order, 0x20)
                let slot := add(first, shl(5, i))
                for {} gt(slot, first) { slot := sub(slot, 0x20) } {
                    let before := mload(sub(slot, 0x20))
                    if lt(before, key) { break }
                    mstore(slot, before)
                }
                mstore(slot, key)
            }
        }
    }

    /// @dev A generator of the group of 2^bits elements, as p3-goldilocks chooses it: a root of the one of 2^32 elements.
    function _generator(uint256 bits) private pure returns (uint256 generator) {
        generator = 0x185629dcda58878c;
        for (; bits < 32; ++bits) {
            generator = mulmod(generator, generator, P);
        }
    }

    function _basePower(uint256 x, uint256 exponent) private pure returns (uint256 z) {
        assembly ("memory-safe") {
            z := 1
            for {} exponent { exponent := shr(1, exponent) } {
                if and(exponent, 1) { z := mulmod(z, x, P) }
                x := mulmod(x, x, P)
            }
        }
    }

    function _hashRow(uint256 offset, uint256 size) private pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            let scratch := mload(0x40)
            calldatacopy(scratch, offset, size)
            digest := keccak256(scratch, size)
        }
    }

    /// @dev The weights by which the base field coefficients of a row sum to its fold, three words each: the equality polynomial of
    /// the fold's challenges at each position, and for a row of extension elements times 1, X and X^2.
    function _foldWeights(Opening memory o, uint256 folding, bool base) private pure returns (uint256 weights) {
        uint256 size = 1 << folding;
        Row kernel = newRow(size);
        kernel.put(0, ONE);
        for (uint256 i = 0; i < folding; ++i) {
            // The last challenge drawn goes with the highest bit of the position.
            Ext r = o.challenges.at(o.challengeCount - 1 - i);
            for (uint256 j = 1 << i; j > 0; --j) {
                Ext whole = kernel.at(j - 1);
                Ext high = whole * r;
                kernel.put(2 * j - 1, high);
                kernel.put(2 * j - 2, reduce(whole - high));
            }
        }
        assembly ("memory-safe") {
            weights := mload(0x40)
            let out := weights
            for { let i := 0 } lt(i, size) { i := add(i, 1) } {
                let w := mload(add(kernel, shl(5, i)))
                let w0 := and(w, LANE)
                let w1 := and(shr(80, w), LANE)
                let w2 := shr(160, w)
                mstore(out, w0)
                mstore(add(out, 0x20), w1)
                mstore(add(out, 0x40), w2)
                out := add(out, 0x60)
                if iszero(base) {
                    // X (w0, w1, w2) = (w2, w0 + w2, w1)
                    mstore(out, w2)
                    mstore(add(out, 0x20), add(w0, w2))
                    mstore(add(out, 0x40), w1)
                    // X^2 (w0, w1, w2) = (w1, w1 + w2, w0 + w2)
                    mstore(add(out, 0x60), w1)
                    mstore(add(out, 0x80), add(w1, w2))
                    mstore(add(out, 0xa0), add(w0, w2))
                    out := add(out, 0xc0)
                }
            }
            mstore(0x40, out)
        }
    }

    /// @dev The sum of a row's coefficients times their weights. Sums stay below 2^140 until the end.
    function _foldRow(uint256 offset, uint256 size, uint256 weights) private pure returns (Ext fold) {
        uint256 over;
        assembly ("memory-safe") {
            let c0 := 0
            let c1 := 0
            let c2 := 0
            for { let end := add(offset, size) } lt(offset, end) { offset := add(offset, 0x20) } {
                // swapLanes and lanesOver
                let lanes := calldataload(offset)
                lanes := or(shl(8, and(lanes, SWAP8)), and(shr(8, lanes), SWAP8))
                lanes := or(shl(16, and(lanes, SWAP16)), and(shr(16, lanes), SWAP16))
                lanes := or(shl(32, and(lanes, SWAP32)), and(shr(32, lanes), SWAP32))
                over := or(over, and(and(lanes, add(and(lanes, LOW63), OVER)), HIGH_BITS))

                let x := shr(192, lanes)
                c0 := add(c0, mul(x, mload(weights)))
                c1 := add(c1, mul(x, mload(add(weights, 0x20))))
                c2 := add(c2, mul(x, mload(add(weights, 0x40))))
                x := and(shr(128, lanes), 0xffffffffffffffff)
                c0 := add(c0, mul(x, mload(add(weights, 0x60))))
                c1 := add(c1, mul(x, mload(add(weights, 0x80))))
                c2 := add(c2, mul(x, mload(add(weights, 0xa0))))
                x := and(shr(64, lanes), 0xffffffffffffffff)
                c0 := add(c0, mul(x, mload(add(weights, 0xc0))))
                c1 := add(c1, mul(x, mload(add(weights, 0xe0))))
                c2 := add(c2, mul(x, mload(add(weights, 0x100))))
                x := and(lanes, 0xffffffffffffffff)
                c0 := add(c0, mul(x, mload(add(weights, 0x120))))
                c1 := add(c1, mul(x, mload(add(weights, 0x140))))
                c2 := add(c2, mul(x, mload(add(weights, 0x160))))
                weights := add(weights, 0x180)
            }
            fold := or(mod(c0, P), or(shl(80, mod(c1, P)), shl(160, mod(c2, P))))
        }
        if (over != 0) revert NotCanonical(offset - size);
    }

    // ── The statement at the folded point ───────────────────────────────────────────────────────────────────────────

    /// @dev The sum of all statements' weights at the folds' challenges. Challenge i goes with z^(2^i) of a point z outside the domain, of
    /// the stack or of the polynomial that has this challenge first.
    function _weight(Opening memory o, Row point, uint256 pointLength) private pure returns (Ext sum) {
        sum = _columnsWeight(o, point, pointLength);
        uint256 unpacked = _unpack(o.challenges, o.shape.variables);
        for (uint256 i = 0; i < o.statements.length; ++i) {
            Statement memory statement = o.statements[i];
            uint256 first = o.shape.variables - statement.variables;
            sum = sum + _statementWeight(statement, o.challenges.from(first), unpacked + first * 96);
        }
        return reduce(sum);
    }

    /// @dev A round's statement: the sum of its challenge's powers from the first on times the weights, queries last.
    function _statementWeight(Statement memory statement, Row challenges, uint256 unpacked)
        private
        pure
        returns (Ext sum)
    {
        Ext challenge = statement.challenge;
        uint256[] memory points = statement.queryPoints;
        for (uint256 j = points.length; j > 0; --j) {
            sum = (sum + _select(points[j - 1], unpacked, statement.variables)) * challenge;
        }
        for (uint256 j = statement.oodSamples; j > 0; --j) {
            Ext weight = _eqPowers(statement.oodPoints.at(j - 1), challenges, statement.variables);
            sum = (sum + weight) * challenge;
        }
    }

    /// @dev Each element's coefficients in a word of its own.
    function _unpack(Row row, uint256 length) private pure returns (uint256 unpacked) {
        assembly ("memory-safe") {
            unpacked := mload(0x40)
            let out := unpacked
            for { let end := add(row, shl(5, length)) } lt(row, end) { row := add(row, 0x20) } {
                let x := mload(row)
                mstore(out, and(x, LANE))
                mstore(add(out, 0x20), and(shr(80, x), LANE))
                mstore(add(out, 0x40), shr(160, x))
                out := add(out, 0x60)
            }
            mstore(0x40, out)
        }
    }

    /// @dev The product of 1 + r_i (z^(2^i) - 1) over reduced, unpacked r_0, r_1, ...: the weight of a query at z.
    function _select(uint256 z, uint256 r, uint256 variables) private pure returns (Ext weight) {
        assembly ("memory-safe") {
            let a0 := 1
            let a1 := 0
            let a2 := 0
            for { let end := add(r, mul(variables, 0x60)) } lt(r, end) { r := add(r, 0x60) } {
                // The factor's coefficients stay below 2^130, sums of products below 2^200.
                let s := add(z, sub(P, 1))
                let b0 := add(1, mul(s, mload(r)))
                let b1 := mul(s, mload(add(r, 0x20)))
                let b2 := mul(s, mload(add(r, 0x40)))
                let d3 := add(mul(a1, b2), mul(a2, b1))
                let d4 := mul(a2, b2)
                let c1 := add(add(mul(a0, b1), mul(a1, b0)), add(d3, d4))
                a2 := mod(add(add(mul(a0, b2), mul(a1, b1)), add(mul(a2, b0), d4)), P)
                a0 := mod(add(mul(a0, b0), d3), P)
                a1 := mod(c1, P)
                z := mulmod(z, z, P)
            }
            weight := or(a0, or(shl(80, a1), shl(160, a2)))
        }
    }

    /// @dev The product of eq(z^(2^i), r_i).
    function _eqPowers(Ext z, Row r, uint256 variables) private pure returns (Ext product) {
        product = ONE;
        for (uint256 i = 0; i < variables; ++i) {
            product = product * eqFactor(z, r.at(i));
            z = square(z);
        }
    }

    /// @dev The first statement: the sum of batching^j times the weight of value j.
    function _columnsWeight(Opening memory o, Row point, uint256 pointLength) private pure returns (Ext sum) {
        for (uint256 j = o.shape.oodSamples; j > 0; --j) {
            sum = sum * o.batching + _eqPowers(o.oodPoints.at(j - 1), o.challenges, o.shape.variables);
        }
        for (uint256 i = o.shape.tables.length; i > 0; --i) {
            StackedTable memory table = o.shape.tables[i - 1];
            (Row powers, Row sums) = _slotSums(o, table);
            Row positions = _positionWeights(o, point.from(pointLength - table.logHeight), table.logHeight);
            for (uint256 position = INTERLEAVING; position > 0; --position) {
                uint256 used = table.used[position - 1];
                sum = sum * powers.at(used) + positions.at(position - 1) * sums.at(used);
            }
        }
    }

    /// @dev The powers of the batching challenge, and the sum of the first n of them times the weights of the table's slots, for each n
    /// up to the table's width.
    function _slotSums(Opening memory o, StackedTable memory table) private pure returns (Row powers, Row sums) {
        uint256 width = table.width;
        // The last challenge goes with the slot's highest bit.
        uint256 bits = o.shape.variables - LOG_INTERLEAVING - table.logHeight;
        Row high = newRow(bits);
        for (uint256 i = 0; i < bits; ++i) {
            high.put(i, o.challenges.at(o.shape.variables - 1 - i));
        }
        Row slots = Equality.range(high, bits, table.slot, width);
        powers = newRow(width + 1);
        sums = newRow(width + 1);
        Ext power = ONE;
        Ext sum = ZERO;
        powers.put(0, power);
        sums.put(0, sum);
        for (uint256 i = 0; i < width; ++i) {
            sum = reduce(sum + power * slots.at(i));
            power = power * o.batching;
            sums.put(i + 1, sum);
            powers.put(i + 1, power);
        }
    }

    /// @dev For each position the equality polynomial of the challenges before the slot's and the point of its columns in the stacked
    /// polynomial: the table's point with the position's two bits before its last coordinates. The first challenges go with the last ones.
    function _positionWeights(Opening memory o, Row point, uint256 logHeight) private pure returns (Row weights) {
        Ext product = ONE;
        uint256 lowBits = o.shape.lowBits;
        for (uint256 i = 0; i < logHeight; ++i) {
            uint256 challenge = i < lowBits ? i : i + LOG_INTERLEAVING;
            product = product * eqFactor(point.at(logHeight - 1 - i), o.challenges.at(challenge));
        }
        Ext low = o.challenges.at(lowBits);
        Ext high = o.challenges.at(lowBits + 1);
        weights = newRow(INTERLEAVING);
        Ext odd = product * high;
        Ext even = product - odd;
        weights.put(3, odd * low);
        weights.put(2, odd - weights.at(3));
        weights.put(1, even * low);
        weights.put(0, even - weights.at(1));
    }
}
