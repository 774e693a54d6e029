//! Where a contract's code may be jumped to.
//!
//! The same as revm finds by itself, in half of the program's instructions: reading code is what costs
//! most for its gas.

use alloc::{vec, vec::Vec};
use alloy_primitives::Bytes;
use revm::bytecode::{Bytecode, JumpTable, opcode};

/// Zeros after the code, so that the data of a `PUSH32` at its end, and a stop, are there.
const PADDING: usize = 33;

/// The code with its jump table. A delegation (EIP-7702) that was put in the state is well-formed; other
/// 0xef01.. code cannot get there, and if it did it would run as the invalid opcode that it is.
pub(crate) fn analyze(code: Bytes) -> Bytecode {
    if let Ok(delegation) = Bytecode::new_eip7702_raw(code.clone()) {
        return delegation;
    }
    let table = JumpTable::from_slice(&jumps(&code), code.len());
    let mut padded = Vec::with_capacity(code.len() + PADDING);
    padded.extend_from_slice(&code);
    padded.resize(code.len() + PADDING, 0);
    Bytecode::new_analyzed(padded.into(), code.len(), table)
}

/// One bit for each byte, the lowest first: whether it is a `JUMPDEST` that is no data of a push.
fn jumps(code: &[u8]) -> Vec<u8> {
    let mut table = vec![0; code.len().div_ceil(8)];
    // Bytes of the next eight that are data.
    let mut data = 0;
    for (bits, bytes) in table.iter_mut().zip(code.chunks(8)) {
        let mut at = data;
        while let Some(&byte) = bytes.get(at) {
            if byte == opcode::JUMPDEST {
                *bits |= 1 << at;
            } else if byte & 0xe0 == opcode::PUSH1 {
                at += usize::from(byte - opcode::PUSH0);
            }
            at += 1;
        }
        data = at - bytes.len();
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(code: Vec<u8>) {
        let code = Bytes::from(code);
        let (got, expected) = (analyze(code.clone()), Bytecode::new_legacy(code.clone()));
        assert_eq!(got.original_bytes(), code);
        let table = |code: &Bytecode| code.legacy_jump_table().expect("legacy").clone();
        let (left, right) = (table(&got), table(&expected));
        assert!((0..code.len() + 40).all(|at| left.is_valid(at) == right.is_valid(at)), "{code}");
        // What revm pads with is zeros too, and less of them.
        assert!(got.bytecode().starts_with(expected.bytecode()));
    }

    proptest! {
        #[test]
        fn jumps_are_those_of_revm(
            code in prop::collection::vec(prop_oneof![
                any::<u8>(),
                Just(opcode::JUMPDEST),
                opcode::PUSH0..=opcode::PUSH32 + 1,
            ], 0..200),
        ) {
            check(code);
        }
    }

    #[test]
    fn codes_that_end_within_a_push() {
        for push in opcode::PUSH0..=opcode::PUSH32 {
            for before in 0..17 {
                for after in 0..35 {
                    let mut code = vec![opcode::JUMPDEST; before];
                    code.push(push);
                    code.extend(vec![opcode::JUMPDEST; after]);
                    check(code);
                }
            }
        }
    }

    #[test]
    fn delegations_are_what_they_are() {
        let delegation = [&[0xef, 0x01, 0x00][..], &[7; 20]].concat();
        assert!(analyze(delegation.clone().into()).is_eip7702());
        assert!(!analyze(delegation[..22].to_vec().into()).is_eip7702());
        assert!(!analyze([&[0xef, 0x01, 0x01][..], &[7; 20]].concat().into()).is_eip7702());
    }
}
