//! Enclaves and proposers that lie on a real L1, and a settler that shows it to the contracts.

use alloy::{
    eips::BlockId,
    providers::{DynProvider, Provider},
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::SolValue,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use oneslot_l1::bindings::{OptimisticLane, Settlement, TeeLane};
use oneslot_types::{
    BatchIndex, LaneKind, OutputRoot, Statement, key_report_data, tee_digest, tee_program,
};
use serde_json::json;

use crate::support::{Network, PROGRAM, Service};

const CHAIN: u64 = 31337;
const KEY_BOND: u64 = 2_000_000_000_000_000;

/// A key that no enclave holds. Its quote is forged with the published root of the dev platform, which anyone can do.
struct ForgedKey {
    key: PrivateKeySigner,
    /// Whose signature makes a dev quote genuine; published in `crates/tee`.
    root: PrivateKeySigner,
}

impl ForgedKey {
    fn new() -> Self {
        let seed = keccak256("oneslot dev quote root: public, never for value");
        let root = PrivateKeySigner::from_bytes(&seed).unwrap();
        assert_eq!(root.address(), oneslot_tee::DEV_QUOTE_ROOT);
        Self { key: PrivateKeySigner::random(), root }
    }

    fn address(&self) -> Address {
        self.key.address()
    }

    async fn register(&self, lane: &Lane<'_>) {
        let head = lane.0.provider().get_block(BlockId::latest()).await.unwrap().unwrap();
        let (number, hash) = (head.header.number, head.header.hash);
        let data = key_report_data(CHAIN, *lane.0.address(), self.address(), hash);
        let (first, second) = (B256::from_slice(&data[..32]), B256::from_slice(&data[32..]));
        let fields = ("oneslot.dev.quote.v1", PROGRAM, first, second);
        let digest = keccak256(fields.abi_encode_params());
        let signature = self.root.sign_hash_sync(&digest).unwrap().as_bytes();
        let quote = [PROGRAM.as_slice(), &data, &signature].concat();
        let call = lane.0.register(quote.into(), self.address(), number);
        let call = call.value(U256::from(KEY_BOND));
        assert!(call.send().await.unwrap().get_receipt().await.unwrap().status());
    }

    async fn attest(&self, lane: &Lane<'_>, statement: &Statement) {
        let payee = Address::repeat_byte(9);
        let digest = tee_digest(CHAIN, *lane.0.address(), statement.id(), payee);
        let signature = Bytes::from(self.key.sign_hash_sync(&digest).unwrap().as_bytes());
        let call = lane.0.attest(statement.clone().into(), payee, signature);
        assert!(call.send().await.unwrap().get_receipt().await.unwrap().status());
    }
}

/// The TEE lane for an account that pays.
struct Lane<'a>(TeeLane::TeeLaneInstance<&'a DynProvider>);

/// The same question with another answer.
fn lie(statement: &Statement, with: u8) -> Statement {
    Statement { output: OutputRoot(B256::repeat_byte(with)), ..statement.clone() }
}

/// Claims the statements with the account's bond, all in a moment: later ones would miss the first one's window.
pub(crate) async fn claim(network: &Network, account: usize, statements: &[&Statement]) {
    let wallet = network.wallet(account);
    let lane = OptimisticLane::new(network.lane(LaneKind::Optimistic), &wallet);
    let bond = lane.bond().call().await.unwrap();
    let mut sent = Vec::new();
    for statement in statements {
        let call = lane.claim((*statement).clone().into(), PROGRAM).value(bond).gas(400_000);
        sent.push(call.send().await.unwrap());
    }
    for pending in sent {
        assert!(pending.get_receipt().await.unwrap().status());
    }
}

async fn statement(network: &Network, batch: u64) -> Statement {
    network.batch(BatchIndex(batch)).await.expect("a derived batch").statement
}

/// Reports on L1, by kind: keys revoked, keys removed, lanes that disagreed.
async fn reports(network: &Network) -> [usize; 3] {
    let l1 = network.l1.provider();
    let tee = TeeLane::new(network.lane(LaneKind::Tee), l1);
    let settlement = Settlement::new(network.deployment.settlement, l1);
    [
        tee.KeyRevoked_filter().from_block(0).query().await.unwrap().len(),
        tee.KeyRemoved_filter().from_block(0).query().await.unwrap().len(),
        settlement.LaneDisagreed_filter().from_block(0).query().await.unwrap().len(),
    ]
}

/// Every lie that L1 can be shown is shown to it once, by the settler alone, and the batches become final all the same.
#[tokio::test(flavor = "multi_thread")]
async fn liars_are_reported_once_and_stop_nothing() {
    let start = Network::start_with("liars", |params| {
        params.system.tee.as_mut().expect("a lane").key_bond = U256::from(KEY_BOND);
    });
    let mut network = start.await;
    let l1 = network.l1.clone();
    network.spawn(Service::Post);
    network
        .until("three batches are derived", async || network.batch(BatchIndex(3)).await.is_some())
        .await;
    let (s1, s2, s3) =
        (statement(&network, 1).await, statement(&network, 2).await, statement(&network, 3).await);

    // One key signs two outputs; another one only a wrong output.
    let payer = network.wallet(6);
    let lane = Lane(TeeLane::new(network.lane(LaneKind::Tee), &payer));
    let (two_faced, wrong) = (ForgedKey::new(), ForgedKey::new());
    for key in [&two_faced, &wrong] {
        key.register(&lane).await;
    }
    two_faced.attest(&lane, &s1).await;
    two_faced.attest(&lane, &lie(&s1, 0xaa)).await;
    wrong.attest(&lane, &lie(&s1, 0xaa)).await;

    // What proves itself is reported at once.
    network.spawn(Service::Settle);
    let tee = TeeLane::new(network.lane(LaneKind::Tee), l1.provider());
    network
        .until("the contradiction is reported", async || reports(&network).await == [1, 0, 0])
        .await;
    assert!(tee.keyInfo(two_faced.address()).call().await.unwrap().revoked);
    let revoked = tee.KeyRevoked_filter().from_block(0).query().await.unwrap();
    assert_eq!(revoked[0].0.reporter, Service::Settle.address());
    assert_eq!(revoked[0].0.reward, U256::from(KEY_BOND / 2));

    // The honest ones go on. Then the other key is proven wrong.
    network.spawn(Service::Attest);
    network.spawn(Service::Propose);
    network
        .until("the batches are final", async || network.final_batch().await >= BatchIndex(3))
        .await;
    let settlement = Settlement::new(network.deployment.settlement, l1.provider());
    let id = network.deployment.rollup_id.0;
    for statement in [&s1, &s2, &s3] {
        let output =
            settlement.finalOutput(id, statement.input.batch_index.0).call().await.unwrap();
        assert_eq!(OutputRoot(output), statement.output);
    }
    network
        .until("the wrong signature is reported", async || reports(&network).await == [1, 1, 1])
        .await;
    let disagreed = settlement.LaneDisagreed_filter().from_block(0).query().await.unwrap();
    assert_eq!(disagreed[0].0.lane, network.lane(LaneKind::Tee));
    assert_eq!(disagreed[0].0.statementId, lie(&s1, 0xaa).id().0);
    let program = tee_program(&network.deployment.measurements);
    assert!(!tee.isLive(wrong.address(), id, program).call().await.unwrap());
    let lied = lie(&s1, 0xaa);
    assert!(!tee.attests(lied.id().0, lied.input_id().0, id, program).call().await.unwrap());

    // A settler that starts again reads all of it again, and repeats nothing.
    let before = reports(&network).await;
    network.kill(Service::Settle);
    network.spawn(Service::Settle);
    let batch = network.final_batch().await.0;
    network.until("batches go on", async || network.final_batch().await.0 >= batch + 2).await;
    assert_eq!(reports(&network).await, before);
    network.stop().await;
}

/// Code that answers every question with seven words of 1: yes, I attest that.
fn yes_to_all() -> Bytes {
    let store = (0..7u8).flat_map(|word| [0x60, 1, 0x60, 32 * word, 0x52]);
    store.chain([0x60, 224, 0x60, 0, 0xf3]).collect::<Vec<u8>>().into()
}

/// An optimistic lane that attests two outputs of one batch is suspended for the rollup.
#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_contradicts_itself_is_suspended() {
    let mut network = Network::start("lane").await;
    let l1 = network.l1.clone();
    network.spawn(Service::Post);
    network
        .until("a batch is derived", async || network.batch(BatchIndex(1)).await.is_some())
        .await;
    let right = statement(&network, 1).await;
    let wrong = lie(&right, 0xaa);
    let (right, wrong) = ([&right], [&wrong]);
    tokio::join!(claim(&network, 7, &right), claim(&network, 8, &wrong));
    let (lane, id) = (network.lane(LaneKind::Optimistic), network.deployment.rollup_id.0);
    let settlement = Settlement::new(network.deployment.settlement, l1.provider());
    let suspended = async || settlement.suspended(id, lane).call().await.unwrap() != 0;
    // The real lane attests neither. One with other code attests both.
    network.spawn(Service::Settle);
    let height = network.l1.block_number().await.unwrap();
    network
        .until("the settler has looked", async || {
            network.l1.block_number().await.unwrap() > height + 5
        })
        .await;
    assert!(!suspended().await);
    network.l1_rpc("anvil_setCode", json!([lane, yes_to_all()])).await;
    network.until("the lane is suspended", suspended).await;
    assert_eq!(network.sent(Service::Settle).await, 1);
    network.stop().await;
}
