//! Bytes as a final proof: what decodes encodes to the same bytes.
#![no_main]

use std::sync::LazyLock;

use oneslot_recursion::final_proof::encoding::{self, EncodingError};
use oneslot_recursion::final_proof::{FinalParameters, FinalShape, FinalVerifyingKey};

static SHAPE: LazyLock<FinalShape> = LazyLock::new(|| {
    let key = FinalVerifyingKey {
        log_heights: [7, 5, 4],
        preprocessed_root: [0; 32],
        parameters: FinalParameters::default(),
    };
    FinalShape::new(&key).expect("the default parameters fit")
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let bytes = fitted(data);
    if let Ok(proof) = encoding::decode(&SHAPE, &bytes) {
        assert_eq!(encoding::encode(&SHAPE, &proof), Ok(bytes));
    }
});

/// The input, repeated or cut to the length that its header asks for.
fn fitted(data: &[u8]) -> Vec<u8> {
    match encoding::decode(&SHAPE, data) {
        Err(EncodingError::Length { expected, .. }) if !data.is_empty() && expected < 1 << 20 => {
            data.iter().copied().cycle().take(expected).collect()
        }
        _ => data.to_vec(),
    }
}
