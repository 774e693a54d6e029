//! The whole way on one machine: a real L1, the real contracts, the rollup node, the enclave program, and every service
//! in a process of its own that can be killed.

mod support;

use alloy::{
    network::EthereumWallet,
    providers::{Provider, ProviderBuilder},
    signers::local::PrivateKeySigner,
    sol_types::SolCall,
};
use alloy_primitives::{Address, Bytes, U256, address, b256};
use oneslot_l1::{
    IdempotencyKey, TxRequest,
    bindings::{Inbox, OptimisticLane, Portal, Settlement},
};
use support::{Network, Service};

const MESSAGE_PASSER: Address = address!("0x4200000000000000000000000000000000000016");
const RECIPIENT: Address = address!("0x00000000000000000000000000000000000a11ce");
const ETHER: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

alloy::sol! {
    function initiateWithdrawal(address target, uint256 gasLimit, bytes data) external payable;
}

/// A deposit becomes L2 ether, a withdrawal of it is final by two lanes and paid out by the service.
#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_and_a_withdrawal_go_all_the_way() {
    let Some(mut network) = Network::start("way").await else {
        return;
    };
    for service in Service::ALL {
        network.spawn(service);
    }
    let portal = Portal::new(network.deployment.portal, network.l1.provider());
    deposit(&network, RECIPIENT, ETHER).await;

    let l2 =
        ProviderBuilder::new().wallet(EthereumWallet::from(user())).connect_http(network.l2_url());
    network
        .until("the deposit is on L2", async || l2.get_balance(RECIPIENT).await.unwrap() == ETHER)
        .await;

    let tx = alloy::rpc::types::TransactionRequest::default()
        .to(MESSAGE_PASSER)
        .value(ETHER / U256::from(2))
        .input(
            initiateWithdrawalCall {
                target: RECIPIENT,
                gasLimit: U256::from(100_000),
                data: Bytes::new(),
            }
            .abi_encode()
            .into(),
        );
    let receipt = l2.send_transaction(tx).await.unwrap().get_receipt().await.unwrap();
    assert!(receipt.status());

    network
        .until("the withdrawal is paid on L1", async || {
            network.l1.provider().get_balance(RECIPIENT).await.unwrap() == ETHER / U256::from(2)
        })
        .await;

    // Final by exactly the two lanes there are, and L1 holds what is left.
    let settlement = Settlement::new(network.deployment.settlement, network.l1.provider());
    let last = settlement.lastFinalized(network.deployment.rollup_id).call().await.unwrap();
    let events = settlement.BatchFinalized_filter().from_block(0).query().await.unwrap();
    assert!(events.len() as u64 >= last._0);
    for (event, _) in &events {
        assert_eq!(event.lanes, U256::from(0b11), "batch {}", event.batchIndex);
    }
    let held = network.l1.provider().get_balance(*portal.address()).await.unwrap();
    assert_eq!(held, ETHER - ETHER / U256::from(2));
    network.stop().await;
}

/// Every service is killed again and again, at whatever it is doing. Everything still becomes final, and nothing was
/// sent twice: each account has made exactly as many transactions as there were things to do.
#[tokio::test(flavor = "multi_thread")]
async fn killed_services_resume_and_repeat_nothing() {
    let Some(mut network) = Network::start("crash").await else {
        return;
    };
    for service in Service::ALL {
        network.spawn(service);
    }
    let settlement = network.deployment.settlement;
    let rollup = network.deployment.rollup_id;
    let mut round = 0u64;
    loop {
        // Uneven pauses, so that the kills hit different moments; which ones does not matter for the outcome.
        tokio::time::sleep(std::time::Duration::from_millis(700 + round * 137 % 900)).await;
        let victim = Service::ALL[(round % 4) as usize];
        network.kill(victim);
        network.spawn(victim);
        round += 1;
        let last = Settlement::new(settlement, network.l1.provider())
            .lastFinalized(rollup)
            .call()
            .await
            .unwrap();
        network.check_limit("four batches are final").await;
        if last._0 >= 4 && round >= 12 {
            break;
        }
    }
    // Let what is under way end: the poster first, then the rest has nothing left to do.
    network.kill(Service::Post);
    let inbox = Inbox::new(network.deployment.inbox, network.l1.provider());
    network
        .until("every batch is final and every bond is back", async || {
            let posted = inbox.batchCount().call().await.unwrap();
            let last = Settlement::new(settlement, network.l1.provider())
                .lastFinalized(rollup)
                .call()
                .await
                .unwrap();
            let lane = network.deployment.optimistic_lane;
            let held = network.l1.provider().get_balance(lane).await.unwrap();
            last._0 == posted && held.is_zero()
        })
        .await;
    let posted = inbox.batchCount().call().await.unwrap();
    let lane = OptimisticLane::new(network.deployment.optimistic_lane, network.l1.provider());
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
    let Some(mut network) = Network::start("enclave").await else {
        return;
    };
    for service in [Service::Post, Service::Attest, Service::Propose] {
        network.spawn(service);
    }
    let (settlement, rollup) = (network.deployment.settlement, network.deployment.rollup_id);
    let final_batch = async |network: &Network| {
        Settlement::new(settlement, network.l1.provider())
            .lastFinalized(rollup)
            .call()
            .await
            .unwrap()
            ._0
    };
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
    network.until("batches are final", async || final_batch(&network).await >= 2).await;
    network.stop().await;
}

fn user() -> PrivateKeySigner {
    // Anvil's account 5.
    PrivateKeySigner::from_bytes(&b256!(
        "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"
    ))
    .unwrap()
}

async fn deposit(network: &Network, to: Address, value: U256) {
    let call = Portal::depositTransactionCall {
        to,
        value,
        gasLimit: 100_000,
        isCreation: false,
        data: Bytes::new(),
    };
    let request = TxRequest::call(network.deployment.portal, call.abi_encode()).with_value(value);
    network.deployer.send(&IdempotencyKey::new("deposit"), request).await.unwrap();
}

/// Not a test: the body of the processes that the tests start and kill.
#[test]
#[ignore = "the tests run it as a process of its own"]
fn service_process() {
    support::service_process();
}
