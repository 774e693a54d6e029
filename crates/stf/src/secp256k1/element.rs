//! The field of secp256k1.

use crate::mulmod::{MulMod, Words, overflowing_add, overflowing_sub};
use core::{
    marker::PhantomData,
    ops::{Add, Mul, Sub},
};

/// `p = 2^256 - 2^32 - 977`.
pub(super) const P: Words = [0xffff_fffe_ffff_fc2f, u64::MAX, u64::MAX, u64::MAX];
/// `2^256 - p`: what a carry out of 256 bits is worth.
const CARRY: Words = [0x1_0000_03d1, 0, 0, 0];

/// An element of the field, as any number of 256 bits that is congruent to it.
///
/// The results of multiplications are below `p`; sums and differences need not be, which saves their reduction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<M>(Words, PhantomData<M>);

impl<M: MulMod> Element<M> {
    pub(super) const ZERO: Self = Self::new([0; 4]);
    pub(super) const ONE: Self = Self::new([1, 0, 0, 0]);
    /// Sums of equal elements are products with these: a multiplication is one step of the machine.
    pub(super) const TWO: Self = Self::new([2, 0, 0, 0]);
    /// `3 / 2`, which is `(p + 3) / 2`.
    pub(super) const THREE_HALVES: Self =
        Self::new([0xffff_ffff_7fff_fe19, u64::MAX, u64::MAX, u64::MAX >> 1]);

    pub(super) const fn new(words: Words) -> Self {
        Self(words, PhantomData)
    }

    /// The number below `p`, of an element that a multiplication gave.
    pub(super) const fn words(&self) -> &Words {
        &self.0
    }

    pub(super) fn is_zero(&self) -> bool {
        // Without a call that compares memory: this is asked several times for each bit of a scalar.
        let [w0, w1, w2, w3] = self.0;
        (w0 | w1 | w2 | w3) == 0 || (w0 == P[0] && (w1 & w2 & w3) == u64::MAX)
    }

    pub(super) fn square(mut self) -> Self {
        M::square_mod(&mut self.0, &P);
        self
    }

    /// The element to the power of `2^times`.
    fn squares(mut self, times: u32) -> Self {
        (0..times).for_each(|_| M::square_mod(&mut self.0, &P));
        self
    }

    /// The element to the powers of `2^n - 1` for n = 2, 22 and 223: both exponents below begin with 223 ones, a zero
    /// and 22 ones in binary.
    fn powers_of_ones(self) -> [Self; 3] {
        let x2 = self.squares(1) * self;
        let x3 = x2.squares(1) * self;
        let x6 = x3.squares(3) * x3;
        let x9 = x6.squares(3) * x3;
        let x11 = x9.squares(2) * x2;
        let x22 = x11.squares(11) * x11;
        let x44 = x22.squares(22) * x22;
        let x88 = x44.squares(44) * x44;
        let x176 = x88.squares(88) * x88;
        let x220 = x176.squares(44) * x44;
        let x223 = x220.squares(3) * x3;
        [x2, x22, x223]
    }

    /// The inverse, by Fermat: the power of `p - 2`. 0 for 0.
    pub(super) fn inverse(self) -> Self {
        let [x2, x22, x223] = self.powers_of_ones();
        let power = (x223.squares(23) * x22).squares(5) * self;
        (power.squares(3) * x2).squares(2) * self
    }

    /// A square root, the power of `(p + 1) / 4`, if there is one.
    pub(super) fn sqrt(self) -> Option<Self> {
        let [x2, x22, x223] = self.powers_of_ones();
        let root = ((x223.squares(23) * x22).squares(6) * x2).squares(2);
        (root.square() - self).is_zero().then_some(root)
    }
}

impl<M: MulMod> Mul for Element<M> {
    type Output = Self;

    fn mul(mut self, other: Self) -> Self {
        M::mul_mod(&mut self.0, &other.0, &P);
        self
    }
}

impl<M: MulMod> Add for Element<M> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (mut sum, mut carry) = overflowing_add(&self.0, &other.0);
        while carry {
            (sum, carry) = overflowing_add(&sum, &CARRY);
        }
        Self::new(sum)
    }
}

impl<M: MulMod> Sub for Element<M> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let (mut difference, mut borrow) = overflowing_sub(&self.0, &other.0);
        while borrow {
            (difference, borrow) = overflowing_sub(&difference, &CARRY);
        }
        Self::new(difference)
    }
}
