//! The whole way on one machine: a real L1, the real contracts, the rollup node, the enclave program, and every service
//! in a process of its own that can be killed.

mod data;
mod enclave;
mod faults;
mod forced;
mod outage;
mod reorg;
mod status;
mod support;

use alloy::providers::{Provider, ProviderBuilder};
use alloy_primitives::{Address, U256, address};
use axum::{Json, Router, extract::State, routing::post};
use oneslot_l1::bindings::{Inbox, OptimisticLane, Portal, Settlement};
use oneslot_types::{BatchIndex, LaneKind};
use oneslot_wallet::{RollupAddresses, Wallet, WalletConfig};
use serde_json::{Value, json};
use support::{ETHER, Network, Service};
use url::Url;

const RECIPIENT: Address = address!("0x00000000000000000000000000000000000a11ce");

/// A deposit becomes L2 ether, a withdrawal of it is final by two lanes, and is paid out by the service once it is told to.
#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_and_a_withdrawal_go_all_the_way() {
    let mut network = Network::start("way").await;
    let l1 = network.l1.clone();
    for service in [Service::Post, Service::Attest, Service::Propose] {
        network.spawn(service);
    }
    network.spawn_with(Service::Settle, json!({"pay_withdrawals": false}));
    let portal = Portal::new(network.deployment.portal, l1.provider());
    network.deposit("deposit", RECIPIENT, ETHER).await;
    let l2 = network.user();
    network
        .until("the deposit is on L2", async || l2.get_balance(RECIPIENT).await.unwrap() == ETHER)
        .await;
    let tx = network.withdraw(RECIPIENT, ETHER / U256::from(2)).await;

    // Final, and provable by anyone, but this settler does not pay.
    let rollup = RollupAddresses::from(&network.deployment);
    let open = async |l2: Url| {
        let config = WalletConfig::new(rollup.clone(), network.anvil_url(), l2);
        Wallet::connect(config, None).await.unwrap()
    };
    let wallet = open(network.l2_url()).await;
    let withdrawal = wallet.find(tx).await.unwrap().remove(0);
    network
        .until("the withdrawal is final", async || wallet.prove(&withdrawal).await.is_ok())
        .await;
    let own = wallet.prove(&withdrawal).await.unwrap().batch();
    network
        .until("a later batch is final", async || network.final_batch().await.0 > own.0 + 1)
        .await;
    assert!(!wallet.is_paid(&withdrawal).await.unwrap());

    // A node that no longer has the state of the batch's end is no obstacle: every later output holds the withdrawal too.
    let last = network.batch(own).await.unwrap().last_block;
    let forgetful = open(forgetful_node(network.l2_url(), last).await).await;
    assert_eq!(wallet.prove(&withdrawal).await.unwrap().batch(), own);
    assert!(forgetful.prove(&withdrawal).await.unwrap().batch() > own);

    network.kill(Service::Settle);
    network.spawn_with(Service::Settle, json!({"pay_withdrawals": true}));
    network
        .until("the withdrawal is paid on L1", async || {
            l1.provider().get_balance(RECIPIENT).await.unwrap() == ETHER / U256::from(2)
        })
        .await;
    assert!(wallet.is_paid(&withdrawal).await.unwrap());

    // Final by exactly the two lanes there are, and L1 holds what is left.
    let settlement = Settlement::new(network.deployment.settlement, l1.provider());
    let last = settlement.lastFinalized(network.deployment.rollup_id.0).call().await.unwrap();
    let events = settlement.BatchFinalized_filter().from_block(0).query().await.unwrap();
    assert!(events.len() as u64 >= last._0);
    for (event, _) in &events {
        assert_eq!(event.lanes, U256::from(0b11), "batch {}", event.batchIndex);
    }
    let held = l1.provider().get_balance(*portal.address()).await.unwrap();
    assert_eq!(held, ETHER - ETHER / U256::from(2));
    network.stop().await;
}

/// A rollup node that cannot prove the state of one block any more.
async fn forgetful_node(node: Url, block: u64) -> Url {
    let forward = async move |State((node, forgotten)): State<(Url, String)>,
                              Json(call): Json<Value>| {
        let answer = |body: Value| {
            let mut answer = json!({"jsonrpc": "2.0", "id": call["id"]});
            answer.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
            Json(answer)
        };
        if call["method"] == "eth_getProof" && call["params"][2] == forgotten {
            let error = json!({"code": -32000, "message": "missing trie node"});
            return answer(json!({"error": error}));
        }
        let method: String = call["method"].as_str().unwrap().into();
        let params = call.get("params").cloned().unwrap_or(json!([]));
        let provider = ProviderBuilder::new()
            .connect_reqwest(oneslot_l1::http_client().build().unwrap(), node);
        let result: Value = provider.raw_request(method.into(), params).await.unwrap();
        answer(json!({"result": result}))
    };
    let state = (node, format!("{block:#x}"));
    let app = Router::new().route("/", post(forward)).with_state(state);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    url
}

/// Every service is killed again and again, at whatever it is doing. Everything still becomes final, and nothing was
/// sent twice: each account has made exactly as many transactions as there were things to do.
#[tokio::test(flavor = "multi_thread")]
async fn killed_services_resume_and_repeat_nothing() {
    let mut network = Network::start("crash").await;
    let l1 = network.l1.clone();
    for service in Service::ALL {
        network.spawn(service);
    }
    let mut round = 0u64;
    loop {
        // Uneven pauses, so that the kills hit different moments; which ones does not matter for the outcome.
        tokio::time::sleep(std::time::Duration::from_millis(700 + round * 137 % 900)).await;
        let victim = Service::ALL[(round % 4) as usize];
        network.kill(victim);
        network.spawn(victim);
        round += 1;
        let last = network.final_batch().await;
        network.check_limit("four batches are final").await;
        if last >= BatchIndex(4) && round >= 12 {
            break;
        }
    }
    // Let what is under way end: the poster first, then the rest has nothing left to do.
    network.kill(Service::Post);
    let inbox = Inbox::new(network.deployment.inbox, l1.provider());
    network
        .until("every batch is final and every bond is back", async || {
            let posted = inbox.batchCount().call().await.unwrap();
            let last = network.final_batch().await;
            let lane = network.lane(LaneKind::Optimistic);
            let held = l1.provider().get_balance(lane).await.unwrap();
            last.0 == posted && held.is_zero()
        })
        .await;
    let posted = inbox.batchCount().call().await.unwrap();
    let lane = OptimisticLane::new(network.lane(LaneKind::Optimistic), l1.provider());
    let claimed = lane.Claimed_filter().from_block(0).query().await.unwrap().len() as u64;
    assert_eq!(claimed, posted);
    assert_eq!(network.sent(Service::Post).await, posted);
    // A claim and a bond for each batch.
    assert_eq!(network.sent(Service::Propose).await, 2 * posted);
    // One registration, for the enclave was never restarted, and a signature for each batch.
    assert_eq!(network.sent(Service::Attest).await, 1 + posted);
    network.stop().await;
}

/// An enclave that comes back has another key. The service registers it and goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_enclave_is_registered_again() {
    let mut network = Network::start("enclave").await;
    for service in [Service::Post, Service::Attest, Service::Propose] {
        network.spawn(service);
    }
    // Nobody settles here: a batch whose claim is ripe becomes final with the next attestation or never. So count keys.
    let before = network.enclave_key();
    network
        .until("the first key is registered", async || network.key_is_registered(before).await)
        .await;
    network.restart_enclave();
    let after = network.enclave_key();
    assert_ne!(before, after);
    network
        .until("the second key is registered", async || network.key_is_registered(after).await)
        .await;
    network.spawn(Service::Settle);
    network.until("batches are final", async || network.final_batch().await >= BatchIndex(2)).await;
    network.stop().await;
}

/// Not a test: the body of the processes that the tests start and kill.
#[test]
#[ignore = "the tests run it as a process of its own"]
fn child_process() {
    support::child_process();
}
