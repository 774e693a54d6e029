//! Batches on a chain in memory: what comes out, and what is refused.

use alloy_consensus::{Header, Sealable, TxReceipt};
use alloy_eips::eip1559::BaseFeeParams;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, bytes, hex};
use oneslot_stf::{
    BatchData, BlockAttributes, Crypto, Error, ExecutionInput, ForkRules, GenesisAccount, L1_BLOCK,
    MemorySource, PostedBatch, State, StateError, Tip, Transition, TrieError, batch, blob, bounds,
    devchain::{Account, DevChain, config},
    execute, genesis_state, record,
};
use oneslot_types::{
    BatchCommitment, BatchIndex, DepositFields, OutputParts, PreimageKey, RollupConfig, RollupId,
};
use revm::Database;

/// Stores `blockhash(number - 1)` in slot 0 and `blockhash(number - 2)` in slot 1.
const HASHES: Address = address!("00000000000000000000000000000000000000aa");
const HASHES_CODE: Bytes = bytes!("6001430340600055600243034060015500");

const PASSER: Address = address!("4200000000000000000000000000000000000016");

fn chain_with(config: RollupConfig) -> (DevChain, Account, Account) {
    let (alice, bob) = (Account::new(1), Account::new(2));
    let hashes = GenesisAccount { nonce: 1, code: HASHES_CODE, ..GenesisAccount::default() };
    let chain = DevChain::new(config, [alice.address(), bob.address()], [(HASHES, hashes)]);
    (chain, alice, bob)
}

fn chain() -> (DevChain, Account, Account) {
    chain_with(config())
}

fn mint(amount: u64, gas_limit: u64) -> DepositFields {
    let value = U256::from(amount);
    DepositFields { mint: value, value, gas_limit, is_creation: false, data: Bytes::new() }
}

/// Three blocks, two deposits, a creation, a call, several transfers.
fn busy() -> (DevChain, PostedBatch) {
    let (mut chain, mut alice, mut bob) = chain();
    let config = chain.config.clone();
    chain.l1_block();
    chain.deposit(Address::repeat_byte(7), Address::repeat_byte(8), &mint(5_000, 50_000));
    chain.l1_block();
    chain.deposit(Address::repeat_byte(7), Address::repeat_byte(9), &mint(6_000, 50_000));
    let create = bytes!("600160005560016000f3");
    let mut blocks = chain.blocks([
        vec![alice.transfer(&config, Address::repeat_byte(3), 10)],
        vec![
            bob.send(&config, TxKind::Create, U256::ZERO, 200_000, create),
            alice.send(&config, TxKind::Call(HASHES), U256::ZERO, 200_000, Bytes::new()),
        ],
        vec![bob.transfer(&config, alice.address(), 10)],
    ]);
    blocks[2].origin_number += 1;
    blocks[2].timestamp += 12;
    let posted = chain.post(&blocks);
    (chain, posted)
}

fn state(chain: &DevChain) -> State<&oneslot_stf::MemorySource> {
    State::new(&chain.source, chain.header.state_root)
}

fn balance(chain: &DevChain, address: Address) -> U256 {
    state(chain).account(address).expect("state").map_or(U256::ZERO, |account| account.balance)
}

#[test]
fn a_recorded_input_executes_to_the_recorded_statement() {
    let (mut chain, posted) = busy();
    let parent = chain.header.clone();
    let (input, executed) = chain.advance(posted.clone()).expect("record");
    assert_eq!(executed.blocks.len(), 4, "three posted, one of deposits only");
    let asked = &executed.statement.input;
    assert_eq!(asked, &input.statement);
    assert_eq!(asked.parent_batch, BatchIndex::GENESIS);
    assert_eq!(asked.parent_commitment, posted.header.parent_commitment);
    assert_eq!(asked.batch_index, BatchIndex::FIRST);
    assert_eq!(asked.config_hash, posted.config.hash());
    assert_eq!(asked.batch_commitment, posted.header.commitment());
    assert_eq!(Some(asked.parent_output), oneslot_stf::output_root(&parent));
    assert_eq!(Some(executed.statement.output), oneslot_stf::output_root(&chain.header));
    for block in &executed.blocks {
        assert!(block.skipped.is_empty());
        assert!(block.receipts.iter().all(|receipt| receipt.status()));
    }
    assert_eq!(execute(&input), Ok(executed.statement.clone()));

    let bytes = Bytes::from(input.encode());
    let decoded = ExecutionInput::decode(bytes).expect("decode");
    assert_eq!(decoded, input);
    assert_eq!(execute(&decoded), Ok(executed.statement));
    assert_eq!(balance(&chain, Address::repeat_byte(8)), U256::from(5_000));
    assert_eq!(balance(&chain, Address::repeat_byte(9)), U256::from(6_000));
    assert_eq!(balance(&chain, Address::repeat_byte(3)), U256::from(10));
}

#[test]
fn blobs_and_calldata_give_the_same_output() {
    let (chain, calldata) = busy();
    let payload = match &calldata.data {
        BatchData::Calldata(payload) => payload.clone(),
        BatchData::Blobs(_) => unreachable!(),
    };
    let blocks = batch::decode(&payload, &chain.config).expect("payload");
    let (_, one) = record(&calldata, &chain.source).expect("calldata");
    let (blobs, other) = record(&chain.post_blobs(&blocks), &chain.source).expect("blobs");
    assert_eq!(one.statement.output, other.statement.output);
    assert_ne!(one.statement.input_id(), other.statement.input_id());
    let decoded = ExecutionInput::decode(blobs.encode().into()).expect("decode");
    assert_eq!(execute(&decoded), Ok(other.statement));
}

#[test]
fn l1_values_reach_l2_storage() {
    let (mut chain, posted) = busy();
    let origin = chain.l1_head();
    chain.advance(posted).expect("execute");
    let header = chain.header.clone();
    let tip = Tip::read(&mut state(&chain), &header).expect("tip");
    assert_eq!(tip, Tip { origin, sequence_number: 0, timestamp: header.timestamp });
    // A second batch with the same origin goes on counting.
    let (_, executed) = chain.advance(chain.post(&[])).expect("execute");
    assert_eq!(executed.blocks.len(), 1);
    let header = chain.header.clone();
    let tip = Tip::read(&mut state(&chain), &header).expect("tip");
    assert_eq!((tip.origin, tip.sequence_number), (origin, 1));
    let fee = state(&chain).storage(L1_BLOCK, U256::from(1)).expect("slot");
    assert_eq!(fee, origin.base_fee);
}

#[test]
fn blockhash_is_the_hash_of_the_block() {
    let (mut chain, mut alice, _) = chain();
    let config = chain.config.clone();
    let genesis = chain.header.hash();
    let call = alice.send(&config, TxKind::Call(HASHES), U256::ZERO, 100_000, Bytes::new());
    let blocks = chain.blocks([vec![], vec![call]]);
    let (_, executed) = chain.advance(chain.post(&blocks)).expect("execute");
    let mut state = state(&chain);
    let first: B256 = state.storage(HASHES, U256::ZERO).expect("slot").into();
    let zeroth: B256 = state.storage(HASHES, U256::from(1)).expect("slot").into();
    assert_eq!((first, zeroth), (executed.blocks[0].header.hash(), genesis));
}

#[test]
fn a_withdrawal_changes_the_withdrawals_root() {
    let (mut chain, mut alice, _) = chain();
    let config = chain.config.clone();
    let before = chain.header.withdrawals_root;
    // The passer's receive function starts a withdrawal of the value sent.
    let send = alice.send(&config, TxKind::Call(PASSER), U256::from(77), 300_000, Bytes::new());
    let (_, executed) = chain.advance(chain.post(&chain.blocks([vec![send]]))).expect("execute");
    assert!(executed.blocks[0].receipts.iter().all(|receipt| receipt.status()));
    assert_ne!(chain.header.withdrawals_root, before);
    let mut state = state(&chain);
    let account = state.account(PASSER).expect("state").expect("predeploy");
    assert_eq!(chain.header.withdrawals_root, Some(account.storage_root));
}

#[test]
fn any_data_gives_the_blocks_of_an_empty_batch() {
    let (mut chain, _, _) = chain();
    chain.l1_block();
    chain.deposit(Address::repeat_byte(7), Address::repeat_byte(8), &mint(5_000, 50_000));
    let run = |data: BatchData| record(&chain.post_data(data), &chain.source).expect("total").1;
    let calldata = |data: &[u8]| BatchData::Calldata(Bytes::copy_from_slice(data));
    let empty = run(calldata(&[]));
    assert_eq!(empty.blocks.len(), 1);
    assert_eq!(empty.blocks[0].transactions.len(), 2, "attributes and the deposit");
    for data in [&[0][..], &[1, 2, 3], &[0xff; 500], &batch::encode(&[])[..2]] {
        assert_eq!(run(calldata(data)).statement.output, empty.statement.output);
    }
    // A block from the future.
    let late = chain
        .blocks([vec![]])
        .into_iter()
        .map(|block| oneslot_stf::BatchBlock { timestamp: block.timestamp + 1_000_000, ..block });
    let late: Vec<_> = late.collect();
    assert_eq!(run(calldata(&batch::encode(&late))).statement.output, empty.statement.output);
    // Blobs that hold no payload, and a batch of no blobs.
    assert_eq!(run(BatchData::Blobs(vec![])).statement.output, empty.statement.output);
}

/// I-6: transactions that cannot run leave no trace.
#[test]
fn skipped_transactions_leave_no_trace() {
    let (chain, mut alice, mut bob) = chain();
    let config = chain.config.clone();
    let good = [
        alice.transfer(&config, bob.address(), 1),
        alice.send(&config, TxKind::Call(HASHES), U256::ZERO, 100_000, Bytes::new()),
        bob.transfer(&config, alice.address(), 1),
        // Reads an account that the failed ones below have read before.
        alice.send(&config, TxKind::Call(PASSER), U256::from(1), 300_000, Bytes::new()),
    ];
    let poor = Account::new(99);
    let mut late = Account::new(2);
    late.nonce = 50;
    let mut foreign = Account::new(1);
    foreign.nonce = 1;
    let other_chain = RollupConfig { l2ChainId: 1, ..config.clone() };
    let huge = alice.clone().send(
        &config,
        TxKind::Call(HASHES),
        U256::ZERO,
        29_999_999,
        vec![1; 9].into(),
    );
    let mut broken = good[0].to_vec();
    let last = broken.len() - 1;
    broken[last] ^= 1;
    let bad: Vec<Bytes> = vec![
        bytes!("00"),
        Bytes::new(),
        bytes!("7ef8"),
        hex!("02c0").into(),
        broken.into(),
        poor.clone().transfer(&config, bob.address(), 1),
        late.transfer(&config, Address::repeat_byte(0x55), 1),
        foreign.transfer(&other_chain, bob.address(), 1),
        Account::new(1).send(&config, TxKind::Call(HASHES), U256::ZERO, 20_000, Bytes::new()),
        huge,
    ];
    let mixed: Vec<Bytes> = good
        .iter()
        .flat_map(|tx| bad.iter().cloned().chain([tx.clone()]).chain(bad.iter().cloned()))
        .collect();
    let run = |transactions: Vec<Bytes>| {
        record(&chain.post(&chain.blocks([transactions])), &chain.source).expect("execute").1
    };
    let (clean, dirty) = (run(good.to_vec()), run(mixed));
    assert_eq!(clean.blocks[0].transactions.len(), 5);
    // The repeated good ones are skipped for their nonce.
    assert!(dirty.blocks[0].skipped.len() >= 8 * bad.len() - 8);
    assert_eq!(dirty.blocks[0].header, clean.blocks[0].header);
    assert_eq!(dirty.statement.output, clean.statement.output);
}

#[test]
fn failed_deposits_keep_their_mint() {
    let (mut chain, _, _) = chain();
    chain.l1_block();
    let from = Address::repeat_byte(7);
    // Too little gas to start, a value beyond the balance, and a contract that halts.
    chain.deposit(from, Address::repeat_byte(8), &mint(100, 10));
    let greedy = DepositFields { value: U256::MAX, ..mint(200, 50_000) };
    chain.deposit(from, Address::repeat_byte(8), &greedy);
    let halt = DepositFields { is_creation: true, data: bytes!("fe"), ..mint(300, 100_000) };
    chain.deposit(from, Address::ZERO, &halt);
    let (_, executed) = chain.advance(chain.post(&[])).expect("execute");
    let statuses: Vec<_> =
        executed.blocks[0].receipts.iter().map(|receipt| receipt.status()).collect();
    assert_eq!(statuses, [true, false, false, false]);
    assert_eq!(balance(&chain, from), U256::from(600));
    let nonce = state(&chain).account(from).expect("state").expect("account").nonce;
    assert_eq!(nonce, 3);
}

#[test]
fn many_deposits_take_as_many_blocks_as_their_gas() {
    let small = RollupConfig { gasLimit: 5_000_000, ..config() };
    let (mut chain, _, _) = chain_with(small);
    for _ in 0..3 {
        chain.l1_block();
        for i in 0..3 {
            chain.deposit(Address::repeat_byte(7), Address::repeat_byte(i), &mint(1, 1_000_000));
        }
    }
    let (input, executed) = chain.advance(chain.post(&[])).expect("execute");
    let sizes: Vec<_> = executed.blocks.iter().map(|block| block.transactions.len()).collect();
    assert_eq!(sizes, [4, 4, 4]);
    assert_eq!(execute(&input), Ok(executed.statement));

    // One L1 block with more than a block can hold: what does not fit runs out of gas, nothing is lost.
    chain.l1_block();
    for _ in 0..6 {
        chain.deposit(Address::repeat_byte(6), Address::repeat_byte(5), &mint(10, 1_000_000));
    }
    let (_, executed) = chain.advance(chain.post(&[])).expect("execute");
    let good = executed.blocks[0].receipts.iter().filter(|receipt| receipt.status()).count();
    assert_eq!((executed.blocks.len(), good), (1, 1 + 4));
    assert_eq!(balance(&chain, Address::repeat_byte(6)), U256::from(20));
    assert_eq!(balance(&chain, Address::repeat_byte(5)), U256::from(40));
}

#[test]
fn the_data_footprint_is_in_the_header() {
    let (mut chain, mut alice, _) = chain();
    let config = chain.config.clone();
    let transfer = alice.transfer(&config, Address::repeat_byte(1), 1);
    let (_, executed) =
        chain.advance(chain.post(&chain.blocks([vec![], vec![transfer]]))).expect("execute");
    assert_eq!(executed.blocks[0].header.blob_gas_used, Some(0));
    // A short transaction counts as 100 bytes (Fjord's minimum).
    assert_eq!(executed.blocks[1].header.blob_gas_used, Some(100 * config.daFootprintGasScalar));
}

#[test]
fn the_base_fee_keeps_its_minimum() {
    let high = RollupConfig { minBaseFee: 2_000_000_000, ..config() };
    let (mut chain, _, _) = chain_with(high);
    let (_, executed) = chain.advance(chain.post(&chain.blocks([vec![], vec![]]))).expect("run");
    assert!(executed.blocks.iter().all(|b| b.header.base_fee_per_gas == Some(2_000_000_000)));
    let (mut chain, _, _) = self::chain();
    let (_, executed) = chain.advance(chain.post(&chain.blocks([vec![], vec![]]))).expect("run");
    assert!(executed.blocks[1].header.base_fee_per_gas < Some(1_000_000_000));
}

// ── refusals ──

/// A batch, and its recorded input.
fn recorded() -> (PostedBatch, ExecutionInput) {
    let (mut chain, posted) = busy();
    let (input, _) = chain.advance(posted.clone()).expect("record");
    (posted, input)
}

/// Adds the preimages of one input to another.
fn add(to: &mut ExecutionInput, from: &ExecutionInput) {
    for (_, preimage) in from.preimages() {
        to.insert(preimage.clone());
    }
}

/// The input of another batch, with every preimage of the recorded one beside its own.
fn changed(change: impl FnOnce(&mut PostedBatch)) -> ExecutionInput {
    let (mut posted, recorded) = recorded();
    change(&mut posted);
    let mut input = posted.input().expect("own header");
    add(&mut input, &recorded);
    input
}

fn refused(change: impl FnOnce(&mut PostedBatch)) -> Error {
    execute(&changed(change)).expect_err("must be refused")
}

/// The preimage that an execution did not find.
fn missing(error: Error) -> B256 {
    match error {
        Error::Missing { key: PreimageKey::Keccak(hash) }
        | Error::State(
            StateError::Accounts(TrieError::Missing { hash, .. })
            | StateError::Storage { error: TrieError::Missing { hash, .. }, .. }
            | StateError::MissingCode { hash },
        ) => hash,
        error => panic!("{error}"),
    }
}

#[test]
fn every_missing_preimage_is_named() {
    let (_, input) = recorded();
    let hashes: Vec<_> = input.preimages().map(|(hash, _)| *hash).collect();
    assert!(hashes.len() > 20);
    for hash in hashes {
        let mut input = input.clone();
        let preimage = input.remove(&hash).expect("known");
        assert_eq!(missing(execute(&input).expect_err("it is needed")), hash);
        // Another one in its place is a preimage of something else.
        let mut other = preimage.to_vec();
        other.push(1);
        input.insert(other.into());
        assert_eq!(missing(execute(&input).expect_err("it is needed")), hash);
    }
}

#[test]
fn preimages_that_nobody_asks_for_do_no_harm() {
    let (_, mut input) = recorded();
    let statement = execute(&input).expect("execute");
    input.insert(bytes!("010203"));
    input.insert_blob(B256::repeat_byte(1), &bytes!("00"));
    assert_eq!(execute(&input), Ok(statement));
}

/// The header decides: other data beside it changes nothing.
#[test]
fn posted_data_is_what_its_hash_says() {
    let (_, input) = recorded();
    let other = changed(|posted| posted.data = BatchData::Calldata(bytes!("00")));
    assert_eq!(execute(&other), execute(&input));
    let error = refused(|posted| {
        posted.header.data_hash = alloy_primitives::keccak256(bytes!("00"));
        posted.l1_headers.push(bytes!("00"));
    });
    assert!(matches!(error, Error::Preimage { what: "posted data", .. }));
}

#[test]
fn deposits_are_those_of_the_rolling_hashes() {
    let rehash = |posted: &mut PostedBatch| {
        let before = posted.header.deposit_hash_before;
        posted.header.deposit_hash_after =
            posted.deposits.iter().fold(before, |hash, deposit| deposit.extend(hash));
    };
    // One more than there are: the first link names no link before it.
    let error = refused(|posted| posted.header.deposits_after += 1);
    assert_eq!(missing(error), B256::ZERO);
    let error = refused(|posted| posted.header.deposits_after -= 1);
    assert!(matches!(error, Error::Mismatch { what: "deposit hash", .. }));
    let error = refused(|posted| posted.header.deposit_hash_before = B256::repeat_byte(1));
    assert!(matches!(error, Error::Mismatch { what: "deposit hash", .. }));
    let error = refused(|posted| {
        posted.deposits.swap(0, 1);
        rehash(posted);
    });
    assert!(matches!(error, Error::DepositBlock { index: 0, .. }));
    let error = refused(|posted| {
        posted.deposits[0].l1_block_number -= 1;
        rehash(posted);
    });
    assert!(matches!(error, Error::DepositBlock { index: 0, .. }));
    let error = refused(|posted| {
        posted.deposits[1].l1_block_number += 1;
        rehash(posted);
    });
    assert!(matches!(error, Error::DepositBlock { index: 1, .. }));
    let error = refused(|posted| {
        posted.header.deposit_hash_after = alloy_primitives::keccak256([]);
        posted.l1_headers.push(Bytes::new());
    });
    assert!(matches!(error, Error::Preimage { what: "deposit", .. }));
}

#[test]
fn l1_headers_are_the_ancestors_of_the_origin() {
    let (posted, _) = recorded();
    assert_eq!(posted.l1_headers.len(), 2);
    let error = refused(|posted| posted.header.origin_number += 1);
    assert!(matches!(error, Error::Number { what: "L1 block number", .. }));
    let error = refused(|posted| posted.header.origin_number -= 1);
    assert!(matches!(error, Error::Number { what: "L1 block number", .. }));
    let error = refused(|posted| {
        posted.l1_headers.push(bytes!("c0"));
        posted.header.origin_hash = alloy_primitives::keccak256(bytes!("c0"));
    });
    assert!(matches!(error, Error::Header { which: "L1", .. }));
    // The first block after the parent's origin, but a child of another one.
    let error = refused(|posted| {
        let mut header = posted.l1_headers[0].to_vec();
        // After the length of the list and of the hash.
        header[4 + 7] ^= 1;
        posted.header.origin_number -= 1;
        posted.header.origin_hash = alloy_primitives::keccak256(&header);
        posted.l1_headers.push(header.into());
    });
    assert!(matches!(error, Error::Mismatch { what: "hash of the parent's L1 origin", .. }));
    let error = refused(|posted| posted.header.origin_number += bounds::MAX_ORIGIN_ADVANCE);
    assert!(matches!(error, Error::Advance { .. }));
    let error = refused(|posted| posted.header.origin_number = 0);
    assert!(matches!(error, Error::Advance { got: 0, .. }));
}

#[test]
fn the_parent_is_that_of_its_output() {
    let (posted, recorded) = recorded();
    let with = |preimages: [&[u8]; 2]| {
        let mut input = recorded.clone();
        for preimage in preimages {
            input.statement.parent_output.0 = input.insert(Bytes::copy_from_slice(preimage));
        }
        execute(&input).expect_err("must be refused")
    };
    let header = alloy_rlp::encode(posted.parent.inner());
    let parts = |block: &[u8]| OutputParts {
        state_root: posted.parent.state_root,
        message_passer_storage_root: posted.parent.withdrawals_root.expect("Isthmus"),
        block_hash: alloy_primitives::keccak256(block),
    };
    let error = with([&header, &[0; 127]]);
    assert!(matches!(error, Error::Preimage { what: "output root", .. }));
    let error = with([&[0xc0], &parts(&[0xc0]).to_bytes()]);
    assert!(matches!(error, Error::Header { which: "parent", .. }));
    // The right block, but roots that are not its own.
    let mut other = parts(&header);
    other.state_root = B256::repeat_byte(1);
    let error = with([&header, &other.to_bytes()]);
    assert!(matches!(error, Error::Mismatch { what: "parent output", .. }));
    // A block with a state that nobody knows.
    let mut unknown = posted.parent.clone().into_inner();
    unknown.state_root = B256::repeat_byte(1);
    let header = alloy_rlp::encode(&unknown);
    let other = OutputParts { state_root: unknown.state_root, ..parts(&header) };
    assert_eq!(missing(with([&header, &other.to_bytes()])), unknown.state_root);
}

#[test]
fn blobs_are_those_that_were_posted() {
    let (chain, calldata) = busy();
    let BatchData::Calldata(payload) = calldata.data else { unreachable!() };
    let blocks = batch::decode(&payload, &chain.config).expect("payload");
    let posted = chain.post_blobs(&blocks);
    let (input, executed) = record(&posted, &chain.source).expect("record");
    let BatchData::Blobs(blobs) = &posted.data else { unreachable!() };
    let [one] = &blobs[..] else { panic!("one blob") };
    let hash = one.opening.versionedHash;
    assert_eq!(execute(&input), Ok(executed.statement.clone()));

    // Other bytes have another point, and nobody knows an opening there.
    let mut bytes = one.bytes.to_vec();
    bytes[50] ^= 1;
    let mut other = input.clone();
    other.insert_blob(hash, &bytes.into());
    let error = execute(&other).expect_err("other bytes");
    assert!(matches!(error, Error::Missing { key: PreimageKey::Opening(_) }), "{error}");
    // A last element that is not zero.
    let mut bytes = one.bytes.to_vec();
    bytes[blob::BLOB_BYTES - 1] = 1;
    let mut other = input.clone();
    other.insert_blob(hash, &bytes.into());
    assert!(matches!(execute(&other), Err(Error::Missing { key: PreimageKey::Opening(_) })));
    // No field element.
    let mut bytes = one.bytes.to_vec();
    bytes[32..64].fill(0xff);
    let mut other = input.clone();
    other.insert_blob(hash, &bytes.into());
    assert!(matches!(execute(&other), Err(Error::Blob { index: 0, .. })));
    // Another value, as if L1 had not checked it.
    let mut changed = posted.clone();
    let BatchData::Blobs(blobs) = &mut changed.data else { unreachable!() };
    blobs[0].opening.y = B256::with_last_byte(1);
    changed.header.data_hash = changed.data.posted().hash();
    let mut other = changed.input().expect("own header");
    add(&mut other, &input);
    assert!(matches!(execute(&other), Err(Error::Blob { index: 0, .. })));
    // No blob at all.
    changed.header.data_hash = posted.header.data_hash;
    changed.data = BatchData::Calldata(Bytes::new());
    let mut other = changed.input().expect("own header");
    add(&mut other, &input);
    let key = PreimageKey::BlobElement { versioned_hash: hash, index: 0 };
    assert_eq!(execute(&other), Err(Error::Missing { key }));
}

/// More than the Inbox takes as calldata: natively as in the program.
#[test]
fn contents_that_are_too_long_are_refused() {
    let (chain, _, _) = chain();
    let post = |length| chain.post_data(BatchData::Calldata(vec![1; length].into()));
    let error = record(&post(PreimageKey::MAX_CONTENT + 1), &chain.source).expect_err("too long");
    assert!(matches!(error, Error::Preimage { what: "content of at most 131,072 bytes", .. }));
    record(&post(PreimageKey::MAX_CONTENT), &chain.source).expect("empty");
}

#[test]
fn rules_that_cannot_be_followed_are_refused() {
    let field = |change: fn(&mut RollupConfig)| match refused(|posted| change(&mut posted.config)) {
        Error::Config { field, .. } => field,
        error => panic!("{error}"),
    };
    assert_eq!(field(|config| config.eip1559Denominator = 0), "eip1559Denominator");
    assert_eq!(field(|config| config.eip1559Elasticity = 1 << 32), "eip1559Elasticity");
    assert_eq!(field(|config| config.gasLimit = 0), "gasLimit");
    assert_eq!(field(|config| config.daFootprintGasScalar = 65_536), "daFootprintGasScalar");
    assert_eq!(field(|config| config.maxBatchBytes = u64::MAX), "maxBatchBytes");
}

#[test]
fn an_input_has_one_encoding() {
    let (_, mut input) = recorded();
    input.insert_blob(B256::repeat_byte(2), &Bytes::from(vec![1; 64]));
    let bytes = Bytes::from(input.encode());
    assert_eq!(ExecutionInput::decode(bytes.clone()), Ok(input.clone()));
    for cut in (0..bytes.len()).step_by(7) {
        let error = ExecutionInput::decode(bytes.slice(..cut)).expect_err("truncated");
        assert!(matches!(error, Error::Input { what: "truncated", .. }), "{cut}: {error}");
    }
    let refused = |bytes: Vec<u8>| match ExecutionInput::decode(bytes.into()) {
        Err(Error::Input { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused([&bytes[..], &[0]].concat()), "bytes after the end");
    let mut other = bytes.to_vec();
    other[0] = 1;
    assert_eq!(refused(other), "not version 3");
    // The indexes of batches, the fourth field and the seventh.
    for field in [3, 6] {
        let mut other = bytes.to_vec();
        other[4 + field * 32 + 23] = 1;
        assert_eq!(refused(other), "the index of a batch has more than 64 bits");
    }
    // The first preimage once more, and one that is too long.
    let list = 4 + 8 * 32;
    let length = u32::from_le_bytes(bytes[list + 4..list + 8].try_into().expect("four")) as usize;
    let first = &bytes[list + 4..list + 8 + length];
    let twice = [&bytes[..list], &2_u32.to_le_bytes(), first, first, &[0; 8]].concat();
    assert_eq!(refused(twice), "a list is not in order");
    let long = PreimageKey::MAX_CONTENT + 1;
    let long = [&bytes[..list], &1_u32.to_le_bytes(), &(long as u32).to_le_bytes(), &vec![0; long]];
    assert_eq!(refused(long.concat()), "preimage is too long");
    for blob in [&[1; 33][..], &[0; 32]] {
        let blob = [&(blob.len() as u32).to_le_bytes(), blob, &[0; 4]].concat();
        let other = [&bytes[..list], &[0; 4], &1_u32.to_le_bytes(), &[9; 32], &blob].concat();
        assert_eq!(refused(other), "blob is no trimmed list of at most 4096 elements");
    }
}

/// Every field of the question changes the statement or is refused.
#[test]
fn the_statement_binds_what_goes_in() {
    let (_, input) = recorded();
    let id = execute(&input).expect("execute").id();
    let changes: [fn(&mut PostedBatch); 7] = [
        |posted| posted.domain = B256::ZERO,
        |posted| posted.rollup_id = RollupId::ZERO,
        |posted| posted.config.l1ChainId += 1,
        |posted| posted.header.index.0 += 1,
        |posted| posted.header.parent_commitment = BatchCommitment::ZERO,
        |posted| posted.header.posted_at += 1,
        |posted| posted.config.maxSequencerDrift += 1,
    ];
    for change in changes {
        assert_ne!(execute(&changed(change)).expect("execute").id(), id);
    }
    let mut other = input;
    other.statement.batch_index.0 += 1;
    let error = execute(&other).expect_err("the header has another index");
    assert_eq!(error, Error::Number { what: "batch index", expected: 2, got: 1 });
}

/// EIP-7623 came with Isthmus: before it, zeros in calldata cost four gas each and no more.
#[test]
fn the_floor_of_calldata_begins_with_isthmus() {
    let mut alice = Account::new(1);
    let rich = GenesisAccount {
        balance: U256::from(1_000_000_000_000_000_000_u64),
        ..GenesisAccount::default()
    };
    let genesis = genesis_state(&[(alice.address(), rich)].into());
    let (root, mut source) = (genesis.root, MemorySource::default());
    source.extend(genesis.new);
    let gas = 21_000 + 4 * 1_000;
    let tx = alice.send(
        &config(),
        TxKind::Call(Address::repeat_byte(7)),
        U256::ZERO,
        gas,
        vec![0; 1_000].into(),
    );
    let parent = Header {
        number: 1,
        timestamp: 9,
        gas_limit: 30_000_000,
        base_fee_per_gas: Some(0),
        state_root: root,
        ..Header::default()
    };
    let attributes = BlockAttributes {
        timestamp: 10,
        gas_limit: 30_000_000,
        extra_data: bytes!("000000000000000000"),
        transactions: vec![tx],
        ..BlockAttributes::default()
    };
    let executed = |isthmus: Option<u64>| {
        let rules = ForkRules {
            chain_id: config().l2ChainId,
            holocene: 10,
            isthmus,
            jovian: None,
            base_fee: BaseFeeParams::optimism(),
            bounded: false,
        };
        Transition::new(&rules, Crypto::SOFTWARE, parent.clone().seal_slow(), &source)
            .unlimited()
            .execute_block(&attributes)
            .expect("a block")
    };
    let before = executed(None);
    assert!(before.skipped.is_empty(), "{:?}", before.skipped);
    assert_eq!(before.header.gas_used, gas);
    assert_eq!(executed(Some(10)).skipped.len(), 1);
}
