//! The contracts on a real anvil: deployed, posted to, read back.

mod support;

use alloy::{providers::Provider, sol_types::SolCall};
use alloy_primitives::{Address, B256, Bytes, U256, address};
use oneslot_l1::{
    BatchData, BlockRef, CREATE2_FACTORY, Contract, CouncilPlan, Deployment, DepositCursor, Error,
    InboxReader, L1Client, L1Config, PolicyName, QuoteVerifier, RollupParams, RollupPlan, Signer,
    System, SystemParams, SystemPlan, TransactionId, TxManager, TxManagerConfig, TxRequest,
    anvil::{Anvil, AnvilConfig},
    bindings::{Inbox, Portal, Safe, Settlement},
    check_rollup, check_system, keep_origin,
};
use oneslot_types::{
    BatchIndex, LaneKind, OutputRoot, RollupConfig, calldata_data_hash, tee_program,
};
use support::{anvil, forward, http_request, mine, rpc};
use tokio::{io::AsyncWriteExt, net::TcpListener};

const GENESIS_OUTPUT: OutputRoot = OutputRoot(B256::with_last_byte(0xaa));
const USER: Address = address!("0x00000000000000000000000000000000000005e7");

struct World {
    anvil: Anvil,
    client: L1Client,
    deployer: TxManager,
    system: System,
    deployment: Deployment,
    dir: tempfile::TempDir,
}

async fn world() -> World {
    let anvil = anvil(&Default::default());
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    mine(&client, 3).await;
    let dir = tempfile::tempdir().unwrap();
    let mut config = TxManagerConfig::new(dir.path().join("deployer"));
    config.poll_ms = 50;
    let deployer =
        TxManager::open(client.clone(), Signer::anvil(0).unwrap(), config).await.unwrap();
    let rules = RollupConfig {
        l1ChainId: 31337,
        l2ChainId: 901,
        gasLimit: 30_000_000,
        batcher: deployer.address(),
        ..RollupConfig::default()
    };
    let root = Signer::anvil(9).unwrap().address();
    let system_plan = SystemPlan::new(&deployer, SystemParams::devnet(root)).await.unwrap();
    let system = system_plan.execute(&deployer).await.unwrap();
    let params = RollupParams::devnet(rules, B256::repeat_byte(7));
    let plan = RollupPlan::new(&deployer, &system, params).await.unwrap();
    let deployment = plan.execute(&deployer, GENESIS_OUTPUT).await.unwrap();
    // Again, as after a crash: nothing is sent, the answer is the same.
    let nonce = deployer.next_nonce().await.unwrap();
    assert_eq!(system_plan.execute(&deployer).await.unwrap(), system);
    assert_eq!(plan.execute(&deployer, GENESIS_OUTPUT).await.unwrap(), deployment);
    assert_eq!(deployer.next_nonce().await.unwrap(), nonce);
    World { anvil, client, deployer, system, deployment, dir }
}

/// The call that posts the batch after genesis.
async fn post_first(w: &World, origin: u64, checkpoint: u64, data: Bytes) -> Bytes {
    // The Inbox takes one batch a second, and its genesis may be of this one.
    rpc(&w.client, "evm_increaseTime", serde_json::json!([1])).await;
    let inbox = Inbox::new(w.deployment.inbox, w.client.provider());
    let parent = inbox.batchCommitment(0).call().await.unwrap();
    let call = Inbox::postCalldataCall { index: 1, parent, originNumber: origin, checkpoint, data };
    call.abi_encode().into()
}

fn deposit(to: Address) -> Bytes {
    Portal::depositTransactionCall {
        to,
        value: U256::from(5),
        gasLimit: 100_000,
        isCreation: false,
        data: Bytes::from_static(b"hello"),
    }
    .abi_encode()
    .into()
}

#[tokio::test]
async fn a_rollup_is_deployed_and_registered() {
    let w = world().await;
    let d = &w.deployment;
    let settlement = Settlement::new(d.settlement, w.client.provider());
    assert_eq!(settlement.domain().call().await.unwrap(), d.domain);
    assert_eq!(settlement.finalOutput(d.rollup_id.0, 0).call().await.unwrap(), GENESIS_OUTPUT.0);
    assert_eq!(settlement.inbox(d.rollup_id.0).call().await.unwrap(), d.inbox);
    let policy = settlement.policy(d.rollup_id.0, 1).call().await.unwrap();
    let pinned = |kind| match kind {
        LaneKind::Tee => tee_program(&[B256::repeat_byte(7)]),
        _ => B256::repeat_byte(7),
    };
    let seats: Vec<_> = policy.seats.iter().map(|seat| (seat.lane, seat.program)).collect();
    let expected = d.lanes.iter().map(|lane| (lane.address, pinned(lane.kind)));
    assert_eq!(seats, expected.collect::<Vec<_>>());
    assert_eq!(policy.configHash, d.config_hash());
    let council = settlement.council(d.rollup_id.0).call().await.unwrap();
    assert_eq!(council.account, d.council);
    let safe = Safe::new(d.council, w.client.provider());
    assert_eq!(safe.getOwners().call().await.unwrap().len(), 3);

    let reader = InboxReader::new(w.client.clone(), d.inbox, d.portal);
    let mut cursor = DepositCursor::default();
    let events = reader.events_in(d.start_block, &mut cursor).await.unwrap();
    assert_eq!(events.batches.len(), 1);
    assert_eq!(events.batches[0].header.index, BatchIndex::GENESIS);
    assert_eq!(events.batches[0].header.origin_hash, d.origin.hash);
    drop(w.anvil);
}

#[tokio::test]
async fn deposits_and_batches_are_read_back_and_checked() {
    let w = world().await;
    let d = &w.deployment;
    let send = |key: &str, request: TxRequest| {
        let (key, deployer) = (TransactionId::new(key), w.deployer.clone());
        async move { deployer.send(&key, request).await.unwrap() }
    };
    for at in 0..3 {
        let request = TxRequest::call(d.portal, deposit(USER)).with_value(U256::from(10 + at));
        send(&format!("deposit {at}"), request).await;
    }
    mine(&w.client, 1).await;
    let reader = InboxReader::new(w.client.clone(), d.inbox, d.portal);
    let head = w.client.block_number().await.unwrap();

    let mut cursor = DepositCursor::default();
    let deposits = reader.deposits(d.start_block.number, head, &mut cursor).await.unwrap();
    assert_eq!(deposits.len(), 3);
    assert_eq!(cursor.count, 3);
    let inbox = Inbox::new(d.inbox, w.client.provider());
    assert_eq!(inbox.depositHash().call().await.unwrap(), cursor.rolling_hash);
    let fields = deposits[2].deposit.fields().unwrap();
    assert_eq!(fields.mint, U256::from(12));
    assert_eq!(fields.data, Bytes::from_static(b"hello"));
    // A reader that stands elsewhere in the queue notices.
    let mut wrong = DepositCursor { count: 0, rolling_hash: B256::repeat_byte(1) };
    assert!(reader.deposits(d.start_block.number, head, &mut wrong).await.is_err());

    let data = Bytes::from_static(b"\x00some batch body");
    let request = TxRequest::call(d.inbox, post_first(&w, head - 1, 3, data.clone()).await);
    let inclusion = send("batch 1", request).await;
    let block = BlockRef { number: inclusion.block.number, hash: inclusion.block.hash };
    let events = reader.events_in(block, &mut cursor).await.unwrap();
    let batch = &events.batches[0];
    assert_eq!(batch.header.data_hash, calldata_data_hash(&data));
    assert_eq!(batch.header.deposits_after, 3);
    assert_eq!(batch.header.deposit_hash_after, cursor.rolling_hash);
    assert_eq!(reader.batch_data(batch).await.unwrap(), BatchData::Calldata(data));
    assert_eq!(
        reader.batch(BatchIndex(1), d.start_block.number).await.unwrap().as_ref(),
        Some(batch)
    );
    assert_eq!(reader.batch(BatchIndex(2), d.start_block.number).await.unwrap(), None);
    assert_eq!(reader.batches(d.start_block.number, block.number).await.unwrap().len(), 2);
    drop(w.dir);
}

#[tokio::test]
async fn an_origin_that_l1_forgot_is_kept_by_walking_back_to_it() {
    let w = world().await;
    let d = &w.deployment;
    let inbox = Inbox::new(d.inbox, w.client.provider());
    mine(&w.client, 700).await;
    let step = async || keep_origin(&w.client, d.inbox, 300, 100).await.unwrap();
    // The walk stops at multiples of 128, and another one goes on from there.
    for stop in [512, 384, 300] {
        assert!(inbox.keptOrigin(stop).call().await.unwrap().is_zero());
        let request = step().await.expect("not kept yet");
        w.deployer.send(&TransactionId::new(format!("keep {stop}")), request).await.unwrap();
        let kept = inbox.keptOrigin(stop).call().await.unwrap();
        assert_eq!(kept, w.client.block(stop).await.unwrap().hash);
    }
    assert_eq!(step().await, None);
    // What L1 knows needs nothing.
    let recent = w.client.block_number().await.unwrap() - 100;
    assert_eq!(keep_origin(&w.client, d.inbox, recent, 100).await.unwrap(), None);

    let request = TxRequest::call(d.inbox, post_first(&w, 300, 0, Bytes::new()).await);
    w.deployer.send(&TransactionId::new("post"), request).await.unwrap();
    assert_eq!(inbox.head().call().await.unwrap().originNumber, 300);
}

#[tokio::test]
async fn a_batch_posted_from_inside_a_contract_is_read_without_transactions_and_traces() {
    let w = world().await;
    let d = &w.deployment;
    // The Inbox takes batches of strangers only when a deposit is overdue.
    let request = TxRequest::call(d.portal, deposit(USER));
    w.deployer.send(&TransactionId::new("deposit"), request).await.unwrap();
    rpc(&w.client, "evm_increaseTime", serde_json::json!([601])).await;
    mine(&w.client, 2).await;
    let created = w
        .deployer
        .send(
            &TransactionId::new("forwarder"),
            TxRequest { data: forwarder().into(), ..TxRequest::default() },
        )
        .await
        .unwrap();
    let head = w.client.block_number().await.unwrap();
    let data = Bytes::from_static(b"\x00posted by a contract");
    let mut input = d.inbox.into_word().to_vec();
    input.extend_from_slice(&post_first(&w, head - 1, 1, data.clone()).await);
    let request = TxRequest::call(created.contract.unwrap(), input);
    w.deployer.send(&TransactionId::new("forward"), request).await.unwrap();
    let client = L1Client::connect(&without_traces(&w).await).await.unwrap();
    let reader = InboxReader::new(client, d.inbox, d.portal);
    let batch = reader.batch(BatchIndex(1), d.start_block.number).await.unwrap().expect("posted");
    assert_eq!(reader.batch_data(&batch).await.unwrap(), BatchData::Calldata(data));
    // Other data than the header's, or none, are refused.
    let mut other = batch.clone();
    other.header.data_hash = B256::ZERO;
    let error = reader.batch_data(&other).await.unwrap_err();
    assert!(matches!(error, Error::BatchData { what: "data hash", .. }), "{error:?}");
    let mut other = batch.clone();
    other.header.index = BatchIndex(2);
    let error = reader.batch_data(&other).await.unwrap_err();
    assert!(matches!(error, Error::BatchData { what: "BatchData logs", .. }), "{error:?}");
}

/// The same L1 behind an endpoint that knows neither transactions nor traces.
async fn without_traces(w: &World) -> L1Config {
    let target = w.anvil.url().socket_addrs(|| None).unwrap()[0];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let request = http_request(&mut stream).await?;
                let refused = ["eth_getTransaction", "debug_", "trace_"];
                assert!(!refused.iter().any(|method| request.contains(method)), "{request}");
                stream.write_all(&forward(&request, target).await?).await.ok()?;
                stream.shutdown().await.ok()
            });
        }
    });
    L1Config::new(url.parse().unwrap(), 31337)
}

/// A contract that calls the address in its first calldata word with the rest of its calldata, and reverts if that
/// fails.
fn forwarder() -> Vec<u8> {
    let runtime: Vec<u8> = [
        // size on the stack: CALLDATASIZE - 32
        &[0x60, 0x20, 0x36, 0x03][..],
        // CALLDATACOPY(0, 32, size): DUP1 PUSH1 32 PUSH0 CALLDATACOPY
        &[0x80, 0x60, 0x20, 0x5f, 0x37],
        // CALL(GAS, CALLDATALOAD(0), 0, 0, size, 0, 0)
        &[0x5f, 0x5f, 0x91], // retSize retOffset, then size on top: [0, 0, size] after SWAP2
        &[0x5f, 0x5f],       // argsOffset, value
        &[0x5f, 0x35],       // address
        &[0x5a, 0xf1],
        // revert unless it succeeded: PUSH1 dest JUMPI PUSH0 PUSH0 REVERT dest: JUMPDEST STOP
        &[0x60, 0x18, 0x57, 0x5f, 0x5f, 0xfd, 0x5b, 0x00],
    ]
    .concat();
    let mut init = vec![
        0x60,
        runtime.len() as u8,
        0x60,
        0x0a,
        0x5f,
        0x39,
        0x60,
        runtime.len() as u8,
        0x5f,
        0xf3,
    ];
    init.extend_from_slice(&runtime);
    init
}

/// The names of everything that differs.
async fn differences(w: &World, system: &System, deployment: &Deployment) -> Vec<String> {
    let mut found = check_system(&w.client, system).await.unwrap();
    found.extend(check_rollup(&w.client, system, deployment).await.unwrap());
    found.into_iter().map(|difference| difference.name).collect()
}

#[tokio::test]
async fn a_check_finds_nothing_in_what_was_deployed_and_names_what_was_changed() {
    let w = world().await;
    let (system, d) = (&w.system, &w.deployment);
    let found = check_system(&w.client, system).await.unwrap();
    assert_eq!(found, []);
    assert_eq!(check_rollup(&w.client, system, d).await.unwrap(), []);

    // The files say something else than L1.
    let mut other = d.clone();
    other.force_window += 1;
    assert_eq!(differences(&w, system, &other).await, ["Inbox.immutables", "Inbox.forceWindow"]);
    let mut other = d.clone();
    other.last_resort_after += 1;
    assert_eq!(differences(&w, system, &other).await, ["Settlement.policy.lastResortAfter"]);
    let mut other = d.clone();
    other.lanes.reverse();
    let expected = ["deployment.policy", "Settlement.policy.seats"];
    assert_eq!(differences(&w, system, &other).await, expected);
    let mut other = d.clone();
    other.config.maxSequencerDrift += 1;
    assert_eq!(differences(&w, system, &other).await, ["Settlement.policy.configHash"]);
    let mut other = d.clone();
    other.contracts.get_mut(&Contract::Portal).unwrap().code_hash = B256::ZERO;
    assert_eq!(differences(&w, system, &other).await, ["Portal.codeHash"]);
    let mut other = system.clone();
    other.params.optimistic.as_mut().unwrap().window += 1;
    let expected = ["OptimisticLane.immutables", "OptimisticLane.window"];
    assert_eq!(differences(&w, &other, d).await, expected);

    // L1 has something else than was deployed: one immutable, the code, no code.
    let code = w.client.provider().get_code_at(d.inbox).await.unwrap();
    let stranger = Address::repeat_byte(0xbb).into_word();
    let batcher = d.config.batcher.into_word();
    let mut changed = code.to_vec();
    for at in 0..changed.len() - 32 {
        if changed[at..at + 32] == batcher[..] {
            changed[at..at + 32].copy_from_slice(&stranger[..]);
        }
    }
    set_code(&w, d.inbox, changed).await;
    let found = differences(&w, system, d).await;
    assert!(found.contains(&"Inbox.batcher".into()), "{found:?}");
    assert!(found.contains(&"Inbox.codeHash".into()), "{found:?}");
    set_code(&w, d.inbox, [&code[..], &[0]].concat()).await;
    assert_eq!(differences(&w, system, d).await, ["Inbox.codeHash", "Inbox.code"]);
    set_code(&w, d.inbox, Vec::new()).await;
    assert_eq!(differences(&w, system, d).await, ["Inbox.code"]);
}

async fn set_code(w: &World, address: Address, code: Vec<u8>) {
    rpc(&w.client, "anvil_setCode", serde_json::json!([address, Bytes::from(code)])).await;
}

#[tokio::test]
async fn two_rollups_share_a_system_and_nothing_else() {
    let w = world().await;
    let rules = RollupConfig { l2ChainId: 902, ..w.deployment.config.clone() };
    let params = RollupParams::devnet(rules, B256::repeat_byte(7));
    let plan = RollupPlan::new(&w.deployer, &w.system, params).await.unwrap();
    let second = plan.execute(&w.deployer, OutputRoot(B256::repeat_byte(0xbb))).await.unwrap();
    let first = &w.deployment;
    assert_eq!((first.settlement, &first.lanes), (second.settlement, &second.lanes));
    assert_ne!(first.rollup_id, second.rollup_id);
    assert_ne!((first.inbox, first.portal), (second.inbox, second.portal));
    assert_ne!(first.council, second.council, "the same owners have a Safe for each rollup");
    assert_eq!(check_rollup(&w.client, &w.system, first).await.unwrap(), []);
    assert_eq!(check_rollup(&w.client, &w.system, &second).await.unwrap(), []);
}

#[tokio::test]
async fn whoever_executes_a_plan_the_same_comes_of_it() {
    let w = world().await;
    let rules = RollupConfig { l2ChainId: 903, ..w.deployment.config.clone() };
    let params = RollupParams::devnet(rules, B256::repeat_byte(7));
    let plan = RollupPlan::new(&w.deployer, &w.system, params).await.unwrap();
    let error = plan.read(&w.client, GENESIS_OUTPUT).await.unwrap_err().to_string();
    assert!(error.contains("there is no"), "{error}");

    // A stranger executes everything but the registration, which is the registrant's alone.
    let mut config = TxManagerConfig::new(w.dir.path().join("stranger"));
    config.poll_ms = 50;
    let signer = Signer::anvil(1).unwrap();
    let stranger = TxManager::open(w.client.clone(), signer, config).await.unwrap();
    let open = plan.open(&w.client, GENESIS_OUTPUT).await.unwrap();
    let names: Vec<_> = open.iter().map(|tx| tx.name.as_str()).collect();
    assert_eq!(names, ["RollupDeployer", "Messenger", "Bridge", "Council", "Register"]);
    for tx in &open[..4] {
        assert!(!tx.is_executed(&w.client).await.unwrap());
        let request = TxRequest::call(tx.to, tx.data.clone());
        let inclusion = stranger.send(&TransactionId::new(&tx.name), request).await.unwrap();
        assert!(inclusion.gas_used <= tx.gas, "{}: {} gas", tx.name, inclusion.gas_used);
        assert!(tx.is_executed(&w.client).await.unwrap());
    }
    let register = TxRequest::call(open[4].to, open[4].data.clone());
    let refused = stranger.send(&TransactionId::new("register"), register).await.unwrap_err();
    assert!(matches!(refused, Error::WouldRevert { .. }), "{refused:?}");
    let left = plan.open(&w.client, GENESIS_OUTPUT).await.unwrap();
    assert_eq!(left, open[4..]);

    let nonce = w.deployer.next_nonce().await.unwrap();
    let deployment = plan.execute(&w.deployer, GENESIS_OUTPUT).await.unwrap();
    assert_eq!(w.deployer.next_nonce().await.unwrap(), nonce + 1);
    assert_eq!(check_rollup(&w.client, &w.system, &deployment).await.unwrap(), []);
    // Another genesis than the one that was registered is noticed.
    let error =
        plan.read(&w.client, OutputRoot(B256::repeat_byte(1))).await.unwrap_err().to_string();
    assert!(error.contains("Settlement.genesisOutput"), "{error}");
}

#[tokio::test]
async fn gas_of_a_plan_suffices_and_fits_in_a_transaction() {
    /// Gas that one transaction may use (EIP-7825).
    const MOST: u64 = 16_777_216;
    let w = world().await;
    let params = SystemParams::devnet(USER);
    let plan = SystemPlan::on(&w.client, params).await.unwrap();
    // Settlement and the shared code are there already: a system is what its parameters say.
    let open = plan.open(&w.client).await.unwrap();
    let names: Vec<_> = open.iter().map(|tx| tx.name.as_str()).collect();
    assert_eq!(names, ["QuoteVerifier", "TeeLane"]);
    for tx in plan.transactions().unwrap() {
        assert!(tx.gas < MOST, "{}: {} gas", tx.name, tx.gas);
    }
    let system = plan.execute(&w.deployer).await.unwrap();
    assert_eq!(system.domain, w.system.domain);
    assert_eq!(check_system(&w.client, &system).await.unwrap(), []);
}

#[tokio::test]
async fn an_origin_that_l1_took_back_is_refused() {
    let w = world().await;
    let rules = RollupConfig { l2ChainId: 904, ..w.deployment.config.clone() };
    let params = RollupParams::devnet(rules, B256::repeat_byte(7));
    let snapshot = rpc(&w.client, "evm_snapshot", serde_json::json!([])).await;
    mine(&w.client, 1).await;
    let plan = RollupPlan::new(&w.deployer, &w.system, params).await.unwrap();
    plan.open(&w.client, GENESIS_OUTPUT).await.unwrap();
    rpc(&w.client, "evm_revert", serde_json::json!([snapshot])).await;
    rpc(&w.client, "evm_increaseTime", serde_json::json!([100])).await;
    mine(&w.client, 2).await;
    let error = plan.open(&w.client, GENESIS_OUTPUT).await.unwrap_err().to_string();
    assert!(error.contains("reorganisation") && error.contains("plan anew"), "{error}");
}

#[tokio::test]
async fn a_chain_without_the_deployment_proxy_is_refused() {
    let w = world().await;
    let params = SystemParams::devnet(USER);
    for code in [Vec::new(), vec![0]] {
        set_code(&w, CREATE2_FACTORY, code).await;
        let error = SystemPlan::new(&w.deployer, params.clone()).await.unwrap_err().to_string();
        assert!(error.contains("deterministic deployment proxy"), "{error}");
        assert!(error.contains(&CREATE2_FACTORY.to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_policy_that_cannot_be_had_says_what_is_missing() {
    let w = world().await;
    let nonce = w.deployer.next_nonce().await.unwrap();
    for (policy, missing) in [
        (PolicyName::ZkTeeOp, &["a ZK lane"][..]),
        (PolicyName::ZkZkOp, &["a ZK lane", "a second ZK lane"]),
        (PolicyName::ZkZkCouncil, &["a ZK lane", "a second ZK lane", "a council"]),
    ] {
        let mut params = RollupParams::devnet(w.deployment.config.clone(), B256::repeat_byte(7));
        params.policy = policy;
        params.council = CouncilPlan::None;
        let error = RollupPlan::new(&w.deployer, &w.system, params).await.unwrap_err();
        assert!(matches!(error, Error::Policy { .. }), "{error:?}");
        let error = error.to_string();
        assert!(error.contains(policy.name()), "{error}");
        for missing in missing {
            assert!(error.contains(missing), "{error}");
        }
    }
    let mut params = SystemParams::devnet(USER);
    params.tee.as_mut().unwrap().verifier = QuoteVerifier::SevSnp;
    let error = SystemPlan::new(&w.deployer, params).await.unwrap_err();
    assert!(matches!(error, Error::NoQuoteVerifier { .. }), "{error:?}");
    // An instant cap that would hold back nothing.
    let mut params = RollupParams::devnet(w.deployment.config.clone(), B256::repeat_byte(7));
    params.instant_cap = U256::from(1);
    let error = RollupPlan::new(&w.deployer, &w.system, params).await.unwrap_err().to_string();
    assert!(error.starts_with("instant cap"), "{error}");
    // Nothing was sent.
    assert_eq!(w.deployer.next_nonce().await.unwrap(), nonce);
}

#[tokio::test]
async fn what_proves_nothing_is_refused_on_a_chain_that_is_no_test_chain() {
    let config = AnvilConfig { chain_id: Some(12_345), ..AnvilConfig::default() };
    let l1 = anvil(&config);
    let client = L1Client::connect(&l1.config()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    // A key of nobody: published keys may not sign here.
    let path = dir.path().join("key");
    std::fs::write(&path, format!("{}\n", B256::repeat_byte(0x77))).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let signer = Signer::from_file(&path).unwrap();
    let journal = TxManagerConfig::new(dir.path().join("journal"));
    let sender = TxManager::open(client, signer, journal).await.unwrap();
    let mut params = SystemParams::devnet(USER);
    let error = SystemPlan::new(&sender, params.clone()).await.unwrap_err().to_string();
    assert!(error.contains("12345") && error.contains("test chains only"), "{error}");
    // So is the optimistic lane, while it has no game.
    params.tee = None;
    let error = SystemPlan::new(&sender, params).await.unwrap_err().to_string();
    assert!(error.starts_with("optimistic lane") && error.contains("12345"), "{error}");
}
