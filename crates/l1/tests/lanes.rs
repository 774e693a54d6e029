//! A policy of three lanes, ZK first, on the real contracts: each lane is read with its own kind.

mod support;

use alloy::sol_types::{SolCall, SolConstructor, SolValue};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use oneslot_l1::{
    ClaimState, Deployment, Inclusion, L1Client, Lane, LaneReader, RollupParams, RollupPlan,
    Signer, SystemParams, SystemPlan, TransactionId, TxManager, TxManagerConfig, TxRequest,
    bindings::{Inbox, OptimisticLane, Settlement, ZkLane},
    claim_id,
};
use oneslot_types::{
    BatchCommitment, BatchIndex, LaneKind, OutputRoot, RollupConfig, Statement, StatementInput,
    rollup_id,
};
use serde_json::json;
use support::{anvil, mine, rpc};

const GENESIS_OUTPUT: OutputRoot = OutputRoot(B256::with_last_byte(0xaa));
const PROGRAM: B256 = B256::repeat_byte(7);
/// Where the ZK lane lies.
const ZK: Address = Address::repeat_byte(0x2c);
/// Seconds in which a claim can be challenged.
const WINDOW: u64 = 60;

struct World {
    client: L1Client,
    deployer: TxManager,
    /// The rollup that the plan registers: TEE and OP.
    deployment: Deployment,
    _dir: tempfile::TempDir,
}

impl World {
    async fn on(client: &L1Client) -> Self {
        mine(client, 3).await;
        let dir = tempfile::tempdir().unwrap();
        let mut config = TxManagerConfig::new(dir.path().join("deployer"));
        config.poll_ms = 50;
        let signer = Signer::anvil(0).unwrap();
        let deployer = TxManager::open(client.clone(), signer, config).await.unwrap();
        let rules = RollupConfig {
            l1ChainId: 31337,
            l2ChainId: 901,
            gasLimit: 30_000_000,
            batcher: deployer.address(),
            ..RollupConfig::default()
        };
        let mut params = SystemParams::devnet(deployer.address());
        params.optimistic.as_mut().unwrap().window = WINDOW;
        let plan = SystemPlan::new(&deployer, params).await.unwrap();
        let system = plan.execute(&deployer).await.unwrap();
        let params = RollupParams::devnet(rules, PROGRAM);
        let plan = RollupPlan::new(&deployer, &system, params).await.unwrap();
        let deployment = plan.execute(&deployer, GENESIS_OUTPUT).await.unwrap();
        Self { client: client.clone(), deployer, deployment, _dir: dir }
    }

    async fn send(&self, request: TxRequest) -> Inclusion {
        // Each request is sent once, so its content names it.
        let key = format!("{}", keccak256(&request.data));
        self.deployer.send(&TransactionId::new(key), request).await.unwrap()
    }

    /// Registers another rollup with the same Settlement, judged by the lanes given. Its Inbox.
    async fn register(&self, lanes: [Lane; 3]) -> Address {
        let seats = lanes.iter().map(|lane| Settlement::Seat {
            lane: lane.address,
            program: lane.kind.program(PROGRAM, &self.deployment.measurements),
        });
        let origin = self.client.block(1).await.unwrap();
        let constructor = Inbox::constructorCall {
            params: Inbox::InboxParams {
                batcher: self.deployer.address(),
                registrant: self.deployer.address(),
                portal: self.deployment.portal,
                forceWindow: 600,
                originNumber: 1,
                originHash: origin.hash,
            },
        };
        let code = [Inbox::BYTECODE.as_ref(), &constructor.abi_encode()].concat();
        let request = TxRequest { data: code.into(), ..TxRequest::default() };
        let inbox = self.send(request).await.contract.unwrap();
        let call = Settlement::registerCall {
            params: Settlement::RegisterParams {
                inbox,
                genesisOutput: GENESIS_OUTPUT.0,
                policy: Settlement::Policy {
                    fromBatch: 1,
                    configHash: self.deployment.config_hash(),
                    seats: seats.collect(),
                    lastResortAfter: 0,
                    instantWindow: 0,
                },
                council: Settlement::Council { account: Address::ZERO, mode: 0, changeDelay: 0 },
            },
        };
        self.send(TxRequest::call(self.deployment.settlement, call.abi_encode())).await;
        inbox
    }

    /// Posts a first batch of anything, and makes a statement about it.
    async fn post(&self, inbox: Address) -> Statement {
        // The Inbox takes one batch a second, and its genesis may be of this one.
        rpc(&self.client, "evm_increaseTime", json!([1])).await;
        let head = self.client.block_number().await.unwrap();
        let call = Inbox::postCalldataCall {
            index: 1,
            originNumber: head - 1,
            checkpoint: 0,
            data: Bytes::from_static(b"\x00a batch"),
        };
        self.send(TxRequest::call(inbox, call.abi_encode())).await;
        let contract = Inbox::new(inbox, self.client.provider());
        let commitment = contract.batchCommitment(1).call().await.unwrap();
        let genesis = contract.batchCommitment(0).call().await.unwrap();
        let input = StatementInput {
            domain: self.deployment.domain,
            rollup_id: rollup_id(self.deployment.domain, inbox),
            config_hash: self.deployment.config_hash(),
            parent_batch: BatchIndex::GENESIS,
            parent_commitment: BatchCommitment(genesis),
            parent_output: GENESIS_OUTPUT,
            batch_index: BatchIndex::FIRST,
            batch_commitment: BatchCommitment(commitment),
        };
        input.answer(OutputRoot(B256::repeat_byte(0xbb)))
    }

    /// Makes the ZK lane stand by a statement, or no longer, as a verified proof would.
    async fn zk_votes(&self, statement: &Statement, stands: bool) {
        // The lane keeps its votes in a mapping at slot 0.
        let key = keccak256((PROGRAM, statement.id().0).abi_encode());
        let slot = keccak256((key, U256::ZERO).abi_encode());
        let word = B256::with_last_byte(stands.into());
        rpc(&self.client, "anvil_setStorageAt", json!([ZK, slot, word])).await;
    }
}

#[tokio::test]
async fn a_policy_of_three_lanes_is_read_with_the_kinds_of_its_lanes() {
    let anvil = anvil(&Default::default());
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    let world = World::on(&client).await;
    let deployment = &world.deployment;
    let two = LaneReader::new(client.clone(), deployment.settlement, deployment.rollup_id);
    assert_eq!(two.of_batch(BatchIndex::FIRST).await.unwrap().lanes, deployment.lanes);

    // The real lane's code. Its constructor wants the verifier of an aggregate; no vote here does.
    rpc(&client, "anvil_setCode", json!([ZK, ZkLane::DEPLOYED_BYTECODE])).await;
    let tee = deployment.lane(LaneKind::Tee).unwrap();
    let op = deployment.lane(LaneKind::Optimistic).unwrap();
    let kinds = [(LaneKind::Zk, ZK), (LaneKind::Tee, tee), (LaneKind::Optimistic, op)];
    let expected = kinds.map(|(kind, address)| Lane { kind, address });
    let inbox = world.register(expected).await;
    let statement = world.post(inbox).await;
    let lanes = LaneReader::new(client.clone(), deployment.settlement, statement.input.rollup_id);
    let policy = lanes.of_batch(BatchIndex::FIRST).await.unwrap();
    assert_eq!(policy.lanes, expected);

    let first_block = deployment.start_block.number;
    let standing = async |statement: &Statement| {
        let standing = lanes.standing(statement, first_block).await.unwrap();
        let said = standing.lanes.iter().map(|(lane, stands)| (lane.kind.name(), *stands));
        (standing.final_output, said.collect::<Vec<_>>())
    };
    let nobody = [("ZK", false), ("TEE", false), ("OP", false)];
    assert_eq!(standing(&statement).await, (None, nobody.to_vec()));

    // ZK and OP agree: bits 0 and 2 of the policy, which are TEE and nothing in one of TEE and OP.
    world.zk_votes(&statement, true).await;
    let said = [("ZK", true), ("TEE", false), ("OP", false)];
    assert_eq!(standing(&statement).await, (None, said.to_vec()));
    let lane = OptimisticLane::new(op, client.provider());
    let bond = lane.bond().call().await.unwrap();
    let call = OptimisticLane::claimCall { statement: statement.clone().into(), program: PROGRAM };
    world.send(TxRequest::call(op, call.abi_encode()).with_value(bond)).await;
    let claimed = lane.Claimed_filter().from_block(0).query().await.unwrap();
    let id = claim_id(statement.id(), PROGRAM, world.deployer.address());
    assert_eq!(claimed[0].0.claimId, id);
    assert_eq!(lane.claimOf(id).call().await.unwrap().state, ClaimState::Open as u8);
    rpc(&client, "evm_increaseTime", json!([WINDOW + 1])).await;
    mine(&client, 1).await;
    let said = [("ZK", true), ("TEE", false), ("OP", true)];
    assert_eq!(standing(&statement).await, (None, said.to_vec()));

    let call = Settlement::advanceCall { statements: vec![statement.clone().into()] };
    world.send(TxRequest::call(deployment.settlement, call.abi_encode())).await;
    assert_eq!(standing(&statement).await, (Some(statement.output), said.to_vec()));
    // A lane need not keep its vote once the batch is final: Settlement counted it.
    world.zk_votes(&statement, false).await;
    assert_eq!(standing(&statement).await, (Some(statement.output), said.to_vec()));
    // What was counted for one statement says nothing about another one of the same batch.
    let other = Statement { output: OutputRoot(B256::repeat_byte(0xcc)), ..statement.clone() };
    assert_eq!(standing(&other).await, (Some(statement.output), nobody.to_vec()));
}
