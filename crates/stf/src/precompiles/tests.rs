//! The two contracts of our own, against revm's.

use super::*;
use crate::mulmod::Software;
use alloy_primitives::hex;
use proptest::prelude::*;
use revm::precompile::{modexp::berlin_run, secp256k1::ec_recover_run};

const ORDER: [u8; 32] = hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");

/// In software, and by the routines for machines with precompiles.
const CRYPTOS: [Crypto; 3] =
    [Crypto::SOFTWARE, Crypto::multiplying::<Software>(), Crypto::adding_points::<Software>()];

/// Whether a signer was found.
fn check_ecrecover(input: &[u8], gas: u64) -> bool {
    let expected = ec_recover_run(input, gas);
    for crypto in CRYPTOS {
        assert_eq!(ecrecover(crypto, input, gas), expected, "{input:x?}");
    }
    expected.is_ok_and(|output| !output.bytes.is_empty())
}

fn check_modexp(input: &[u8], gas: u64) {
    let expected = berlin_run(input, gas);
    for crypto in CRYPTOS {
        assert_eq!(modexp(crypto, input, gas), expected, "{input:x?} {gas}");
    }
}

fn signed(hash: [u8; 32], v: u8, r: [u8; 32], s: [u8; 32]) -> Vec<u8> {
    let mut word = [0; 32];
    word[31] = v;
    [hash, word, r, s].concat()
}

proptest! {
    /// On random bytes: half of the points exist.
    #[test]
    fn ecrecover_is_that_of_revm(
        hash in any::<[u8; 32]>(),
        v in 26_u8..30,
        r in any::<[u8; 32]>(),
        s in any::<[u8; 32]>(),
        cut in 0..200_usize,
        gas in 2_990_u64..3_010,
    ) {
        let mut input = signed(hash, v, r, s);
        check_ecrecover(&input, gas);
        input.extend([1; 72]);
        check_ecrecover(&input[..cut], gas);
        input[40] = 1;
        check_ecrecover(&input, gas);
    }

    /// Lengths that are those of the numbers or not, and gas that is enough or not.
    #[test]
    fn modexp_is_that_of_revm(
        lengths in prop::array::uniform3(prop_oneof![
            (0..70_u64).prop_map(U256::from),
            any::<u64>().prop_map(U256::from),
            any::<[u64; 4]>().prop_map(U256::from_limbs),
        ]),
        numbers in prop::collection::vec(any::<u8>(), 0..200),
        cut in 0..300_usize,
        gas in prop_oneof![0..2_000_u64, Just(10_000_000)],
    ) {
        let lengths = lengths.map(|length| length.to_be_bytes::<32>()).concat();
        let input = [lengths, numbers].concat();
        check_modexp(&input, gas);
        check_modexp(&input[..cut.min(input.len())], gas);
    }
}

#[test]
fn ecrecover_at_the_bounds() {
    let around = |offset: i8| {
        let mut number = ORDER;
        number[31] = number[31].wrapping_add_signed(offset);
        number
    };
    let small = |byte: u8| {
        let mut number = [0; 32];
        number[31] = byte;
        number
    };
    let mut half = hex!("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
    let mut numbers = vec![small(0), small(1), small(2), half, [0xff; 32]];
    half[31] += 1;
    numbers.extend([half, around(-2), around(-1), around(0), around(1)]);
    let mut recovered = 0;
    for r in &numbers {
        for s in &numbers {
            for hash in [small(0), small(1), around(-1), around(0), around(1), [0xff; 32]] {
                for v in [27, 28] {
                    let found = check_ecrecover(&signed(hash, v, *r, *s), 3_000);
                    recovered += u32::from(found);
                }
            }
        }
    }
    assert!(recovered > 200, "{recovered}");
}

/// Every contract costs its price, and with less gas it does nothing.
#[test]
fn a_rollup_has_its_prices() {
    let [ours, ethereums] =
        [true, false].map(|bounded| Precompiles::new(OpSpecId::JOVIAN, Crypto::SOFTWARE, bounded));
    let run = |precompiles: &Precompiles, address: u64, gas| {
        let address = Address::left_padding_from(&address.to_be_bytes());
        // Enough for a power, a pairing of nothing, and so on; what is no valid input halts.
        let input = [0; 96];
        precompiles.call(&address, &input, gas, 0).map(|output| output.expect("no fault"))
    };
    let mut dearer = 0;
    for number in (1..=0x11).chain([0x100]) {
        let (ours_of, ethereums_of) =
            (run(&ours, number, 10_000_000), run(&ethereums, number, 10_000_000));
        let (ours_of, ethereums_of) =
            (ours_of.expect("a contract"), ethereums_of.expect("a contract"));
        assert_eq!(ours_of.status, ethereums_of.status);
        let factor = bounds::price(&Address::left_padding_from(&number.to_be_bytes()));
        assert_eq!(ours_of.gas_used, factor * ethereums_of.gas_used, "{number:#x}");
        if factor > 1 && ours_of.is_success() {
            dearer += 1;
            let short = run(&ours, number, ours_of.gas_used - 1).expect("a contract");
            assert!(short.halt_reason().is_some_and(PrecompileHalt::is_oog), "{number:#x}");
            assert!(run(&ours, number, ours_of.gas_used).is_some_and(|output| output.is_success()));
        }
    }
    assert!(dearer >= 3, "{dearer}");
    assert!(run(&ours, 0x12, 10_000_000).is_none());
}
