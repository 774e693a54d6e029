//! SWAP1 to SWAP16.
//!
//! revm's exchange words byte by byte on machines whose loads must be aligned, and Solidity's code is full of them.

use alloy_evm::Database;
use alloy_op_evm::OpEvmContext;
use revm::{
    bytecode::opcode,
    handler::instructions::EthInstructions,
    interpreter::{
        Instruction, InstructionContext, InstructionResult, interpreter::EthInterpreter,
    },
};

/// Gas of each.
const GAS: u64 = 3;

type Instructions<DB> = EthInstructions<EthInterpreter, OpEvmContext<DB>>;

/// Puts the instructions into a table.
pub(crate) fn insert<DB: Database>(table: &mut Instructions<DB>) {
    let swaps = [
        swap::<1, DB>,
        swap::<2, DB>,
        swap::<3, DB>,
        swap::<4, DB>,
        swap::<5, DB>,
        swap::<6, DB>,
        swap::<7, DB>,
        swap::<8, DB>,
        swap::<9, DB>,
        swap::<10, DB>,
        swap::<11, DB>,
        swap::<12, DB>,
        swap::<13, DB>,
        swap::<14, DB>,
        swap::<15, DB>,
        swap::<16, DB>,
    ];
    for (code, swap) in (opcode::SWAP1..).zip(swaps) {
        table.insert_instruction(code, Instruction::new(swap, GAS));
    }
}

/// Exchanges the top of the stack with the word that is `N` below it.
fn swap<const N: usize, DB: Database>(
    context: InstructionContext<'_, OpEvmContext<DB>, EthInterpreter>,
) {
    let stack = context.interpreter.stack.data_mut();
    if let Some((top, rest)) = stack.split_last_mut()
        && let Some(place) = rest.len().checked_sub(N)
    {
        (rest[place], *top) = (*top, rest[place]);
    } else {
        context.interpreter.halt(InstructionResult::StackUnderflow);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Crypto, Evm, ForkRules, MemorySource, State, evm};
    use alloy_consensus::Header;
    use alloy_eips::eip1559::BaseFeeParams;
    use alloy_primitives::U256;
    use alloy_trie::EMPTY_ROOT_HASH;
    use revm::interpreter::{Interpreter, interpreter_types::LoopControl};

    type Nothing = State<MemorySource>;

    /// Against revm's exchange, on stacks up to one that is too large.
    fn check<const N: usize>(evm: &mut Evm<Nothing>) {
        for length in 0..N + 3 {
            let mut interpreter = Interpreter::default();
            for number in 0..length {
                assert!(interpreter.stack.push(U256::from(number)));
            }
            let mut expected = interpreter.stack.clone();
            let exchanged = expected.exchange(0, N);
            swap::<N, Nothing>(InstructionContext {
                interpreter: &mut interpreter,
                host: evm.ctx_mut(),
            });
            assert_eq!(interpreter.stack.data(), expected.data());
            assert_eq!(interpreter.bytecode.is_not_end(), exchanged, "{N} {length}");
        }
    }

    #[test]
    fn words_are_exchanged_as_revm_exchanges_them() {
        let rules = ForkRules::jovian(1, BaseFeeParams::optimism());
        let env = evm::fork_env(&Header::default(), &rules);
        let state = State::new(MemorySource::default(), EMPTY_ROOT_HASH);
        let mut evm = evm::create_evm(state, env, &rules, Crypto::SOFTWARE);
        check::<1>(&mut evm);
        check::<2>(&mut evm);
        check::<3>(&mut evm);
        check::<9>(&mut evm);
        check::<15>(&mut evm);
        check::<16>(&mut evm);
    }
}
