// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @dev An element a0 + a1 X + a2 X^2 of GF(p)[X]/(X^3 - X - 1), where p = 2^64 - 2^32 + 1. Coefficient a_i stands in bits 80 i to
/// 80 i + 79 of the word, the last one up to bit 255, and need not be below p: a word holds sums of a few products before anybody
/// reduces it. "Reduced" below means all three below p. Every function says what it takes and gives:
///
/// | function | coefficients of the arguments | of the result |
/// |---|---|---|
/// | `+` | sum below 2^80 | the sum |
/// | `-` | of the second at most 2^72 | below first + 2^73 |
/// | `*`, `scale`, `square`, `reduce` | below 2^80 | reduced |
/// | `isZero`, `equal` | below 2^80 | |
type Ext is uint256;

using {add as +, sub as -, mul as *} for Ext global;

/// @dev The prime p.
uint256 constant P = 0xffffffff00000001;
/// @dev One coefficient's bits.
uint256 constant LANE = 0xffffffffffffffffffff;
/// @dev 512 p in each lane: what `-` adds so that no lane borrows. It is the least multiple of p by a power of two above 2^72.
uint256 constant LIFT = 0x000001fffffffe000000020001fffffffe000000020001fffffffe0000000200;

/// @dev p in each lane.
uint256 constant P_LANES = 0x00000000ffffffff000000010000ffffffff000000010000ffffffff00000001;
/// @dev 1 / k modulo p for k = 0 to 12 (0 for 0), 64 bits each.
uint256 constant INVERSES_0 = 0xaaaaaaaa000000017fffffff8000000100000000000000010000000000000000;
uint256 constant INVERSES_4 = 0x249249246db6db6ed555555480000001cccccccc00000001bfffffff40000001;
uint256 constant INVERSES_8 = 0x745d17455d1745d2e66666658000000138e38e38aaaaaaabdfffffff20000001;
uint256 constant INVERSES_12 = 0x000000000000000000000000000000000000000000000000eaaaaaa9c0000001;

Ext constant ZERO = Ext.wrap(0);
Ext constant ONE = Ext.wrap(1);

/// Sum of two elements, unreduced.
function add(Ext x, Ext y) pure returns (Ext z) {
    assembly ("memory-safe") {
        z := add(x, y)
    }
}

/// Difference of two elements, unreduced; the second's coefficients at most 2^72.
function sub(Ext x, Ext y) pure returns (Ext z) {
    assembly ("memory-safe") {
        z := sub(add(x, LIFT), y)
    }
}

/// Product, reduced: with d_k the coefficient of X^k of the plain product, X^3 = X + 1 and X^4 = X^2 + X give
/// (d0 + d3, d1 + d3 + d4, d2 + d4).
function mul(Ext x, Ext y) pure returns (Ext z) {
    assembly ("memory-safe") {
        let x0 := and(x, LANE)
        let x1 := and(shr(80, x), LANE)
        let x2 := shr(160, x)
        let y0 := and(y, LANE)
        let y1 := and(shr(80, y), LANE)
        let y2 := shr(160, y)
        let d3 := add(mul(x1, y2), mul(x2, y1))
        let d4 := mul(x2, y2)
        z := mod(add(mul(x0, y0), d3), P)
        z := or(z, shl(80, mod(add(add(mul(x0, y1), mul(x1, y0)), add(d3, d4)), P)))
        z := or(z, shl(160, mod(add(add(mul(x0, y2), mul(x1, y1)), add(mul(x2, y0), d4)), P)))
    }
}

/// Square, reduced.
function square(Ext x) pure returns (Ext z) {
    assembly ("memory-safe") {
        let x0 := and(x, LANE)
        let x1 := and(shr(80, x), LANE)
        let x2 := shr(160, x)
        let d3 := shl(1, mul(x1, x2))
        let d4 := mul(x2, x2)
        z := mod(add(mul(x0, x0), d3), P)
        z := or(z, shl(80, mod(add(shl(1, mul(x0, x1)), add(d3, d4)), P)))
        z := or(z, shl(160, mod(add(shl(1, mul(x0, x2)), add(mul(x1, x1), d4)), P)))
    }
}

/// Product by an element of the base field below 2^80, reduced.
function scale(Ext x, uint256 s) pure returns (Ext z) {
    assembly ("memory-safe") {
        z := mod(mul(and(x, LANE), s), P)
        z := or(z, shl(80, mod(mul(and(shr(80, x), LANE), s), P)))
        z := or(z, shl(160, mod(mul(shr(160, x), s), P)))
    }
}

/// The same element with its coefficients below p.
function reduce(Ext x) pure returns (Ext z) {
    assembly ("memory-safe") {
        z := mod(and(x, LANE), P)
        z := or(z, shl(80, mod(and(shr(80, x), LANE), P)))
        z := or(z, shl(160, mod(shr(160, x), P)))
    }
}

/// 1 / k modulo p for k from 1 to 12.
function inverseOf(uint256 k) pure returns (uint256) {
    uint256 word = k < 4 ? INVERSES_0 : k < 8 ? INVERSES_4 : k < 12 ? INVERSES_8 : INVERSES_12;
    return (word >> (64 * (k & 3))) & 0xffffffffffffffff;
}

/// Whether an element is zero.
function isZero(Ext x) pure returns (bool) {
    return Ext.unwrap(reduce(x)) == 0;
}

/// Whether two elements are the same.
function equal(Ext x, Ext y) pure returns (bool) {
    return Ext.unwrap(reduce(x)) == Ext.unwrap(reduce(y));
}

/// The power of an element, reduced if the element is or the exponent is not 1.
function power(Ext x, uint256 exponent) pure returns (Ext z) {
    z = ONE;
    while (exponent != 0) {
        if (exponent & 1 == 1) z = z * x;
        exponent >>= 1;
        if (exponent != 0) x = square(x);
    }
}

/// One factor of the equality polynomial, x y + (1 - x)(1 - y) = 2 x y - x - y + 1, of two elements with coefficients below 2^71.
/// Unreduced, below 2^74.
function eqFactor(Ext x, Ext y) pure returns (Ext z) {
    z = mul(x, y);
    return (z + z + ONE) - (x + y);
}

/// @dev Masks that swap the bytes of the four 64-bit lanes of a word.
uint256 constant SWAP8 = 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
uint256 constant SWAP16 = 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
uint256 constant SWAP32 = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
/// @dev All bits of the lanes but the highest of each, and the highest of each.
uint256 constant LOW63 = 0x7fffffffffffffff7fffffffffffffff7fffffffffffffff7fffffffffffffff;
uint256 constant HIGH_BITS = 0x8000000000000000800000000000000080000000000000008000000000000000;
/// @dev 2^64 - p in each lane: a lane is p or more if adding it carries out of the lane.
uint256 constant OVER = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;

/// A field element in the calldata is not below p.
error NotCanonical(uint256 offset);

/// Four little-endian integers of 64 bits, the first in the highest lane.
function swapLanes(uint256 word) pure returns (uint256 z) {
    assembly ("memory-safe") {
        z := or(shl(8, and(word, SWAP8)), and(shr(8, word), SWAP8))
        z := or(shl(16, and(z, SWAP16)), and(shr(16, z), SWAP16))
        z := or(shl(32, and(z, SWAP32)), and(shr(32, z), SWAP32))
    }
}

/// The highest bit of each lane that is p or more.
function lanesOver(uint256 lanes) pure returns (uint256 z) {
    assembly ("memory-safe") {
        z := and(and(lanes, add(and(lanes, LOW63), OVER)), HIGH_BITS)
    }
}

/// The extension element whose 24 bytes (three little-endian coefficients) stand at an offset of the calldata. Reverts if one of them is
/// not below p.
function loadExt(uint256 offset) pure returns (Ext z) {
    uint256 lanes;
    assembly ("memory-safe") {
        lanes := calldataload(offset)
    }
    lanes = swapLanes(lanes);
    if (lanesOver(lanes) >> 64 != 0) revert NotCanonical(offset);
    assembly ("memory-safe") {
        z := or(
            or(shr(192, lanes), and(shr(48, lanes), shl(80, 0xffffffffffffffff))),
            shl(160, and(shr(64, lanes), 0xffffffffffffffff))
        )
    }
}

/// The base field element in the 8 bytes at an offset of the calldata. Reverts if it is not below p.
function loadBase(uint256 offset) pure returns (uint256 z) {
    assembly ("memory-safe") {
        z := calldataload(offset)
    }
    z = swapLanes(z) >> 192;
    if (z >= P) revert NotCanonical(offset);
}

/// The element in three 64-bit lanes, the first in the lowest, as the transcript draws them.
function fromLanes(uint256 lanes) pure returns (Ext z) {
    assembly ("memory-safe") {
        z := or(
            or(and(lanes, 0xffffffffffffffff), and(shl(16, lanes), shl(80, 0xffffffffffffffff))),
            and(shl(32, lanes), shl(160, 0xffffffffffffffff))
        )
    }
}
