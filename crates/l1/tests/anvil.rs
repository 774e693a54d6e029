//! What the rest of the crate takes for granted about a chain, on a real anvil.

mod support;

use std::time::{SystemTime, UNIX_EPOCH};

use alloy::providers::Provider;
use alloy_primitives::Bytes;
use oneslot_l1::{
    BYTES_PER_BLOB, BlobProofs, Error, FollowMode, Follower, L1Client, L1Event, Signer,
    TransactionId, TxManager, TxManagerConfig, TxRequest, anvil::AnvilConfig,
};
use serde_json::json;
use support::{anvil, manual, mine, rpc};

#[tokio::test]
async fn headers_hash_to_their_hashes() {
    let anvil = manual();
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    mine(&client, 5).await;
    let blocks = client.headers(1, 5).await.unwrap();
    assert_eq!(blocks.len(), 5);
    let genesis = client.block(0).await.unwrap();
    assert_eq!(blocks[0].header.parent_hash, genesis.hash);
}

#[tokio::test]
async fn another_chain_is_refused() {
    let anvil = manual();
    let mut config = anvil.config();
    config.chain_id = 1;
    let error = L1Client::connect(&config).await.unwrap_err();
    assert!(matches!(error, Error::ChainId { expected: 1, got: 31337 }), "{error}");
}

#[tokio::test]
async fn an_endpoint_with_an_old_head_is_refused_although_it_says_it_is_synced() {
    let anvil = anvil(&AnvilConfig {
        manual: true,
        timestamp: Some(1_700_000_000),
        ..AnvilConfig::default()
    });
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    let mut config = anvil.config();
    config.max_head_age_s = Some(60);
    let error = L1Client::connect(&config).await.unwrap_err();
    assert!(matches!(error, Error::Stale { max: 60, .. }), "{error}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    rpc(&client, "evm_setNextBlockTimestamp", json!([now])).await;
    mine(&client, 1).await;
    L1Client::connect(&config).await.unwrap();
}

#[tokio::test]
async fn the_follower_gives_every_block_and_every_reorganisation() {
    let anvil = manual();
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    mine(&client, 6).await;
    let first = client.block(1).await.unwrap();
    let mut follower = Follower::after(client.clone(), FollowMode::Latest, &[first.id()]);
    for number in 2..=6 {
        match follower.poll().await.unwrap() {
            Some(L1Event::Block(block)) => assert_eq!(block.header.number, number),
            other => panic!("expected block {number}, got {other:?}"),
        }
    }
    assert_eq!(follower.poll().await.unwrap(), None);

    // Two blocks go, an account changes, three come: 5', 6', 7'.
    let old = follower.tip();
    rpc(&client, "anvil_reorg", json!([2, []])).await;
    mine(&client, 1).await;
    match follower.poll().await.unwrap() {
        Some(L1Event::Reorg { to }) => assert_eq!(to.number, 4),
        other => panic!("expected a reorganisation, got {other:?}"),
    }
    let mut parent = client.block(4).await.unwrap().hash;
    for number in 5..=7 {
        match follower.poll().await.unwrap() {
            Some(L1Event::Block(block)) => {
                assert_eq!(block.header.number, number);
                assert_eq!(block.header.parent_hash, parent);
                assert_ne!(block.hash, old.hash);
                parent = block.hash;
            }
            other => panic!("expected block {number}, got {other:?}"),
        }
    }
    assert_eq!(follower.poll().await.unwrap(), None);
}

#[tokio::test]
async fn a_reorganisation_below_memory_is_an_error() {
    let anvil = manual();
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    mine(&client, 6).await;
    let known = client.block(5).await.unwrap().id();
    let mut follower = Follower::after(client.clone(), FollowMode::Latest, &[known]);
    rpc(&client, "anvil_reorg", json!([4, []])).await;
    mine(&client, 1).await;
    let error = follower.poll().await.unwrap_err();
    assert!(matches!(error, Error::DeepReorg { oldest: 5 }), "{error}");
}

#[tokio::test]
async fn blobs_go_out_with_either_proof_and_come_back_by_hash() {
    let anvil = anvil(&AnvilConfig::default());
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    for (account, proofs) in [BlobProofs::Cells, BlobProofs::Blobs].into_iter().enumerate() {
        let mut config = TxManagerConfig::new(dir.path().join(format!("{account}")));
        config.blob_proofs = proofs;
        let signer = Signer::anvil(account).unwrap();
        let sender = TxManager::open(client.clone(), signer, config).await.unwrap();
        let mut blob = vec![0; BYTES_PER_BLOB];
        blob[1..10].copy_from_slice(b"some data");
        blob[40] = account as u8;
        let blobs = vec![Bytes::from(blob.clone()), Bytes::from(vec![0; BYTES_PER_BLOB])];
        let request = TxRequest {
            to: Some(Signer::anvil(5).unwrap().address()),
            blobs,
            ..TxRequest::default()
        };
        let key = TransactionId::new("blobs");
        let inclusion = sender.send(&key, request).await.unwrap();
        let hash = oneslot_l1::versioned_hash(&blob).unwrap();
        let served: Option<Bytes> =
            client.provider().raw_request("anvil_getBlobByHash".into(), (hash,)).await.unwrap();
        assert_eq!(served.unwrap().as_ref(), blob.as_slice());
        let receipt =
            client.provider().get_transaction_receipt(inclusion.tx_hash).await.unwrap().unwrap();
        assert_eq!(receipt.blob_gas_used, Some(2 * 131_072));
    }
}
