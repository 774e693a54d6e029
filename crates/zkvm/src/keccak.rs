//! The permutation keccak-f\[1600\] of FIPS 202, step by step. Lane (x, y) of a state is word `x + 5 y`.

/// Lanes of a state.
pub(crate) const LANES: usize = 25;
/// Rounds of the permutation.
pub(crate) const ROUNDS: usize = 24;
/// Rotation of each lane (section 3.2.2).
pub(crate) const OFFSETS: [u32; LANES] =
    [0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14];
/// Bits of a lane that a round constant can set (section 3.2.5).
pub(crate) const CONSTANT_BITS: [usize; 7] = [0, 1, 3, 7, 15, 31, 63];
/// Constant of each round.
pub(crate) const CONSTANTS: [u64; ROUNDS] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

/// A state in front of a round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    /// Time of the call.
    pub(crate) time: u64,
    /// Number of the round, from 0.
    pub(crate) round: usize,
    pub(crate) state: [u64; LANES],
}

impl Round {
    /// The rounds of a call, each with the state in front of it.
    pub(crate) fn all(time: u64, mut state: [u64; LANES]) -> [Self; ROUNDS] {
        std::array::from_fn(|round| {
            let before = Self { time, round, state };
            state = before.after();
            before
        })
    }

    /// The state after the round.
    pub(crate) fn after(&self) -> [u64; LANES] {
        let planes: [[u64; 5]; 5] = std::array::from_fn(|y| self.plane(y));
        std::array::from_fn(|lane| planes[lane / 5][lane % 5])
    }

    /// Parity of each column of the state, by sheet.
    pub(crate) fn parity(&self, x: usize) -> u64 {
        (0..5).fold(0, |parity, y| parity ^ self.state[x + 5 * y])
    }

    /// What theta adds to the lanes of sheet `x`: the parities of a sheet, and those of another, rotated.
    pub(crate) fn effect(&self, x: usize) -> [u64; 2] {
        [self.parity((x + 4) % 5), self.parity((x + 1) % 5).rotate_left(1)]
    }

    /// Lanes of plane `y` after theta, rho and pi.
    pub(crate) fn permuted(&self, y: usize) -> [u64; 5] {
        std::array::from_fn(|x| {
            let lane = source(x, y);
            let [one, other] = self.effect(lane % 5);
            (self.state[lane] ^ one ^ other).rotate_left(OFFSETS[lane])
        })
    }

    /// Lanes of plane `y` after the round.
    pub(crate) fn plane(&self, y: usize) -> [u64; 5] {
        let lanes = self.permuted(y);
        let constant = if y == 0 { CONSTANTS[self.round] } else { 0 };
        std::array::from_fn(|x| {
            let value = lanes[x] ^ (!lanes[(x + 1) % 5] & lanes[(x + 2) % 5]);
            value ^ if x == 0 { constant } else { 0 }
        })
    }
}

/// The lane that pi moves to (x, y).
pub(crate) const fn source(x: usize, y: usize) -> usize {
    (x + 3 * y) % 5 + 5 * x
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First lanes after a permutation of zeros (Keccak Code Package); the machine's test compares it with other libraries.
    #[test]
    fn the_permutation_of_zeros_is_known() {
        let rounds = Round::all(0, [0; LANES]);
        let after = rounds[ROUNDS - 1].after();
        assert_eq!(after[..2], [0xf125_8f79_40e1_dde7, 0x84d5_ccf9_33c0_478a]);
    }

    #[test]
    fn constants_have_no_other_bits() {
        let bits = CONSTANT_BITS.iter().fold(0, |bits, bit| bits | 1_u64 << bit);
        assert!(CONSTANTS.iter().all(|constant| constant & !bits == 0));
    }
}
