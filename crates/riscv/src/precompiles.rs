//! The precompiles: what calls 3 and 4 do to memory.

use ruint::aliases::U256;

use crate::{Access, Memory, Trap, trace::Observer};

/// Words of a keccak-f\[1600\] state.
pub(crate) const KECCAK_WORDS: usize = 25;
/// Words of a number of 256 bits, the least significant first.
pub(crate) const NUMBER_WORDS: usize = 4;

/// Replaces the state at `address` by keccak-f\[1600\] of it; lane `x + 5 y` is word `x + 5 y`.
pub(crate) fn keccak<O: Observer>(
    memory: &mut Memory,
    address: u64,
    observer: &mut O,
) -> Result<(), Trap> {
    let mut state = memory.load_words::<KECCAK_WORDS>(address)?;
    memory.check_writable::<KECCAK_WORDS>(address)?;
    observer.access(memory, Access::Keccak { address });
    keccak::f1600(&mut state);
    memory.store_words(address, &state);
    Ok(())
}

/// Replaces the number at `a` by its product with the one at `b` modulo the one at `m`, which is not 0.
pub(crate) fn mulmod<O: Observer>(
    memory: &mut Memory,
    [a, b, m]: [u64; 3],
    observer: &mut O,
) -> Result<(), Trap> {
    let modulus = U256::from_limbs(memory.load_words::<NUMBER_WORDS>(m)?);
    let factor = U256::from_limbs(memory.load_words::<NUMBER_WORDS>(b)?);
    let number = U256::from_limbs(memory.load_words::<NUMBER_WORDS>(a)?);
    memory.check_writable::<NUMBER_WORDS>(a)?;
    if modulus.is_zero() {
        return Err(Trap::ZeroModulus);
    }
    observer.access(memory, Access::MulMod { a, b, m });
    memory.store_words(a, number.mul_mod(factor, modulus).as_limbs());
    Ok(())
}
