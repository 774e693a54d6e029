//! The precompiles: what calls 3 to 6 do to memory.

use ruint::aliases::U256;

use crate::{
    Access, Memory, Trap,
    abi::{KECCAK_WORDS, NUMBER_WORDS},
    observer::Observer,
    secp256k1::{self, POINT_WORDS},
};

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

/// Replaces the point at `p` by its sum with the one at `q`.
pub(crate) fn point_add<O: Observer>(
    memory: &mut Memory,
    [p, q]: [u64; 2],
    observer: &mut O,
) -> Result<(), Trap> {
    let second = memory.load_words::<POINT_WORDS>(q)?;
    let first = memory.load_words::<POINT_WORDS>(p)?;
    memory.check_writable::<POINT_WORDS>(p)?;
    observer.access(memory, Access::PointAdd { p, q });
    memory.store_words(p, &secp256k1::add(first, second));
    Ok(())
}

/// Replaces the point at `p` by its double.
pub(crate) fn point_double<O: Observer>(
    memory: &mut Memory,
    p: u64,
    observer: &mut O,
) -> Result<(), Trap> {
    let point = memory.load_words::<POINT_WORDS>(p)?;
    memory.check_writable::<POINT_WORDS>(p)?;
    observer.access(memory, Access::PointDouble { p });
    memory.store_words(p, &secp256k1::double(point));
    Ok(())
}
