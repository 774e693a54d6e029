//! Statements over ranges of batches: where a range starts and ends changes nothing.

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, bytes};
use oneslot_stf::{
    BatchData, Error, ExecutionInput, GenesisAccount, bounds,
    devchain::{Account, DevChain, config},
    execute,
};
use oneslot_types::{
    BatchCommitment, BatchHeader, BatchIndex, DepositFields, OutputRoot, PreimageKey, RollupId,
    StatementInput,
};

/// Adds one to its slot 0 for each call.
const COUNTER: Address = Address::repeat_byte(0xcc);
const COUNTER_CODE: Bytes = bytes!("60015f54015f55");

/// Batches of every kind, and what each leads to.
struct Chain {
    inputs: Vec<ExecutionInput>,
    outputs: Vec<OutputRoot>,
}

impl Chain {
    /// A batch with a deposit and calls, one whose transactions ask for all gas of a batch, one in a
    /// blob with a new origin, one that is garbage, one of nothing, and calls again.
    fn new() -> Self {
        let mut alice = Account::new(1);
        let counter = GenesisAccount { nonce: 1, code: COUNTER_CODE, ..GenesisAccount::default() };
        let mut chain = DevChain::new(config(), [alice.address()], [(COUNTER, counter)]);
        let mut this = Self { inputs: Vec::new(), outputs: Vec::new() };
        let all_gas = bounds::MAX_BATCH_GAS - 200_000;
        for kind in 0..6 {
            let mut calls = |gas| {
                let to = TxKind::Call(COUNTER);
                let config = &chain.config;
                let calls = [(); 2].map(|()| alice.send(config, to, U256::ZERO, gas, Bytes::new()));
                chain.blocks(calls.map(|call| vec![call]))
            };
            let posted = match kind {
                0 => {
                    let blocks = calls(100_000);
                    chain.l1_block();
                    let value = U256::from(5);
                    let fields = DepositFields {
                        mint: value,
                        value,
                        gas_limit: 50_000,
                        is_creation: false,
                        data: Bytes::new(),
                    };
                    chain.deposit(Address::repeat_byte(7), Address::repeat_byte(8), &fields);
                    chain.post(&blocks)
                }
                1 => {
                    let blocks = calls(all_gas);
                    chain.post(&blocks)
                }
                2 => {
                    let blocks = calls(100_000);
                    chain.l1_block();
                    chain.l1_block();
                    chain.post_blobs(&blocks)
                }
                3 => chain.post_data(BatchData::Calldata(bytes!("00ff"))),
                4 => chain.post(&[]),
                _ => {
                    let blocks = calls(100_000);
                    chain.post(&blocks)
                }
            };
            let (input, executed) = chain.advance(posted).expect("total");
            this.inputs.push(input);
            this.outputs.push(executed.statement.output);
        }
        this
    }

    /// The input about the batches after `parent` up to `last`.
    fn range(&self, parent: usize, last: usize) -> ExecutionInput {
        let (first, later) = self.inputs[parent..last].split_first().expect("a batch");
        let mut range = first.clone();
        later.iter().for_each(|next| range.append(next.clone()).expect("the next batch"));
        range
    }
}

/// f over (a, c] is f over (b, c] after f over (a, b], for every a, b and c: each range leads from the
/// output of the batch before it to that of its last batch.
#[test]
fn a_range_may_be_split_at_every_point() {
    let chain = Chain::new();
    let count = chain.inputs.len();
    for parent in 0..count {
        for last in parent + 1..=count {
            let input = chain.range(parent, last);
            assert_eq!(input.statement.parent_batch, BatchIndex(parent as u64));
            assert_eq!(input.statement.batch_index, BatchIndex(last as u64));
            if parent > 0 {
                assert_eq!(input.statement.parent_output, chain.outputs[parent - 1]);
            }
            let statement = execute(&input).expect("execute");
            assert_eq!(statement.input, input.statement);
            assert_eq!(statement.output, chain.outputs[last - 1], "{parent} to {last}");
        }
    }
    let different = chain.outputs.iter().collect::<std::collections::HashSet<_>>();
    assert_eq!(different.len(), count, "every batch changes the state");
}

/// The whole budget is there for each batch: in one batch two transactions that ask for all gas would
/// not both fit, and in two they do.
#[test]
fn every_batch_of_a_range_has_the_whole_budget() {
    let mut alice = Account::new(1);
    let counter = GenesisAccount { nonce: 1, code: COUNTER_CODE, ..GenesisAccount::default() };
    let mut chain = DevChain::new(config(), [alice.address()], [(COUNTER, counter)]);
    let gas = bounds::MAX_BATCH_GAS - 200_000;
    let mut call = |chain: &DevChain| {
        alice.send(&chain.config, TxKind::Call(COUNTER), U256::ZERO, gas, Bytes::new())
    };
    let mut inputs = Vec::new();
    for _ in 0..3 {
        let blocks = chain.blocks([vec![call(&chain)]]);
        let (input, executed) = chain.advance(chain.post(&blocks)).expect("execute");
        assert!(executed.blocks[0].skipped.is_empty());
        inputs.push(input);
    }
    let mut inputs = inputs.into_iter();
    let mut range = inputs.next().expect("a batch");
    inputs.for_each(|next| range.append(next).expect("the next batch"));
    let output = oneslot_stf::output_root(&chain.header).expect("an output");
    assert_eq!(execute(&range).map(|statement| statement.output), Ok(output));
}

/// Without the parent commitment a statement over batches that nobody posted would be true. The
/// program says nothing unless the first header names it.
#[test]
fn an_invented_parent_commitment_is_refused() {
    let chain = Chain::new();
    let mut input = chain.range(1, 4);
    let right = input.statement.parent_commitment;
    let invented = B256::repeat_byte(1);
    input.statement.parent_commitment = BatchCommitment(invented);
    let what = "parent commitment";
    let expected = Error::Mismatch { what, expected: invented, got: right.0 };
    assert_eq!(execute(&input), Err(expected));
}

/// A header between the ends that is not the one that its successor names does not exist for the
/// program, whatever else is there.
#[test]
fn every_header_of_the_range_is_the_one_that_its_successor_names() {
    let chain = Chain::new();
    let mut input = chain.range(0, 4);
    let third = chain.inputs[2].statement.batch_commitment.0;
    let header = input.remove(&third).expect("the header of batch 3");
    let mut other = BatchHeader::abi_decode(&header).expect("a header");
    other.posted_at += 1;
    input.insert(other.abi_encode().into());
    assert_eq!(execute(&input), Err(Error::Missing { key: PreimageKey::Keccak(third) }));
}

#[test]
fn a_question_about_no_range_is_refused() {
    let chain = Chain::new();
    let refused = |parent, last| {
        let mut input = chain.range(0, 2);
        (input.statement.parent_batch, input.statement.batch_index) =
            (BatchIndex(parent), BatchIndex(last));
        execute(&input).expect_err("no such range")
    };
    for (parent, last) in [(0, 0), (2, 2), (3, 2), (0, 257), (255, 257), (1, u64::MAX)] {
        assert_eq!(refused(parent, last), Error::Range { parent, last });
    }
    // Ranges of the right form over headers that have other numbers, and more or fewer of them.
    let number = |expected, got| Error::Number { what: "batch index", expected, got };
    assert_eq!(refused(0, 3), number(3, 2));
    assert_eq!(refused(256, 258), number(258, 2));
    let got = chain.inputs[1].statement.parent_commitment.0;
    let expected = chain.inputs[0].statement.parent_commitment.0;
    assert_eq!(refused(1, 2), Error::Mismatch { what: "parent commitment", expected, got });
}

#[test]
fn only_the_input_about_the_next_batches_can_be_appended() {
    let chain = Chain::new();
    let with = |change: fn(&mut StatementInput)| {
        let (mut range, mut next) = (chain.range(0, 1), chain.range(1, 2));
        change(&mut next.statement);
        let before = range.clone();
        let error = range.append(next).expect_err("another question");
        assert_eq!(range, before, "nothing changed");
        error
    };
    let changes: [fn(&mut StatementInput); 5] = [
        |next| next.domain = B256::ZERO,
        |next| next.rollup_id = RollupId::ZERO,
        |next| next.config_hash = B256::ZERO,
        |next| next.parent_batch = BatchIndex(2),
        |next| next.parent_commitment = BatchCommitment::ZERO,
    ];
    for change in changes {
        let what = "question about the next batches";
        assert!(matches!(with(change), Error::Mismatch { what: got, .. } if got == what));
    }
    assert_eq!(with(|next| next.batch_index.0 = 257), Error::Range { parent: 0, last: 257 });
}
