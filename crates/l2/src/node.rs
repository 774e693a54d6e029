//! The whole node: store, L1 follower, sequencer, RPC.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use oneslot_l1::{BlockRef, Deployment, InboxReader, L1Client, L1Config};
use oneslot_types::BatchIndex;
use parking_lot::Mutex;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
    time::MissedTickBehavior,
};
use tokio_util::sync::CancellationToken;

use crate::{
    chain::Chain,
    config::NodeConfig,
    error::{Error, Result},
    genesis::{Genesis, GenesisFile, GenesisSpec},
    health, http,
    input::{Identity, InputBuilder},
    l1sync::{self, L1Source, blocking},
    pool::{Pool, PoolLimits},
    rpc::{self, Backend},
    sequencer::SequencerConfig,
    store::Store,
};

/// A node; see [`Node::run`].
#[derive(Debug)]
pub struct Node;

/// A node that runs in the background.
#[derive(Debug)]
pub struct RunningNode {
    /// Where JSON-RPC is served.
    pub rpc_addr: SocketAddr,
    /// Where `/health` and `/metrics` are served.
    pub http_addr: Option<SocketAddr>,
    /// The chain, for tests and for other parts of the same process.
    pub chain: Chain,
    task: JoinHandle<Result<()>>,
}

impl RunningNode {
    /// Waits until the node has stopped.
    pub async fn join(self) -> Result<()> {
        match self.task.await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Ok(()),
        }
    }
}

impl Node {
    /// Runs a node until `cancel`, or until an error that no retry cures.
    pub async fn run(config: NodeConfig, cancel: CancellationToken) -> Result<()> {
        Self::start(config, cancel).await?.join().await
    }

    /// Starts a node; it serves when this returns.
    ///
    /// Errors: the deployment file, the L1 chain, the genesis or the database do not fit together,
    /// or an address is taken.
    pub async fn start(config: NodeConfig, cancel: CancellationToken) -> Result<RunningNode> {
        http::metrics_handle();
        let deployment = Deployment::load(&config.deployment)?;
        let client = connect(&config, &deployment).await?;
        let inbox = InboxReader::new(client.clone(), deployment.inbox, deployment.portal);
        let store = prepare(&config, &deployment, &client, &inbox).await?;

        let rules = &deployment.config;
        let pool = Arc::new(Mutex::new(Pool::new(PoolLimits {
            chain_id: rules.l2ChainId,
            block_gas: rules.gasLimit.saturating_sub(oneslot_stf::ATTRIBUTES_GAS),
            ..config.pool.clone()
        })));
        let chain = Chain::open(store.clone(), pool.clone(), rules.clone())?;
        let inputs = Arc::new(InputBuilder::new(
            store.clone(),
            Identity {
                domain: deployment.domain,
                rollup_id: deployment.rollup_id,
                config: rules.clone(),
            },
        ));
        let backend = Backend {
            store,
            pool,
            config: rules.clone(),
            rules: chain.rules().clone(),
            limits: config.rpc.clone(),
            inputs,
            sequencing: config.sequencer,
            permits: Arc::new(Semaphore::new(config.rpc.expensive)),
        };
        let (caught_up, is_caught_up) = watch::channel(false);
        let (rpc_addr, rpc) = rpc::serve(config.rpc_addr, backend).await?;
        let http = match config.http_addr {
            Some(address) => Some(
                health::serve(
                    address,
                    chain.clone(),
                    config.sequencer,
                    is_caught_up.clone(),
                    cancel.clone(),
                )
                .await?,
            ),
            None => None,
        };
        tracing::info!(%rpc_addr, sequencer = config.sequencer, "rollup node serves");

        let source = L1Source {
            inbox,
            settlement: deployment.settlement,
            rollup_id: deployment.rollup_id,
            mode: config.l1_mode,
            poll: Duration::from_millis(config.l1_poll_ms.max(1)),
            sequencing: config.sequencer,
            caught_up,
        };
        let http_addr = http.as_ref().map(|(address, _)| *address);
        let running = chain.clone();
        let task = tokio::spawn(async move {
            // Whichever part ends first takes the others with it.
            let cancel = cancel.child_token();
            let follow = l1sync::follow(running.clone(), source, cancel.clone());
            let follow = stop_after(follow, &cancel);
            let sequencing = config.sequencer.then_some(config.sequencing);
            let sequence = sequence(running, sequencing, is_caught_up, cancel.clone());
            let sequence = stop_after(sequence, &cancel);
            let (followed, sequenced) = tokio::join!(follow, sequence);
            let _ = rpc.stop();
            rpc.stopped().await;
            if let Some((_, task)) = http {
                task.abort();
            }
            tracing::info!("rollup node stopped");
            followed.and(sequenced)
        });
        Ok(RunningNode { rpc_addr, http_addr, chain, task })
    }
}

async fn stop_after(
    work: impl Future<Output = Result<()>>,
    cancel: &CancellationToken,
) -> Result<()> {
    let result = work.await;
    if let Err(error) = &result {
        tracing::error!(%error, "rollup node gives up");
    }
    cancel.cancel();
    result
}

async fn connect(config: &NodeConfig, deployment: &Deployment) -> Result<L1Client> {
    let mut l1 = L1Config::new(config.l1_rpc.clone(), deployment.config.l1ChainId);
    l1.beacon_url = config.l1_beacon.clone();
    l1.max_head_age_s = config.l1_max_head_age;
    Ok(L1Client::connect(&l1).await?)
}

/// Opens the database and installs the genesis, checked against the deployment.
async fn prepare(
    config: &NodeConfig,
    deployment: &Deployment,
    client: &L1Client,
    inbox: &InboxReader,
) -> Result<Store> {
    let BlockRef { hash, .. } = deployment.origin;
    let origin = client.block(hash).await?;
    let file = GenesisFile::load(&config.genesis())?;
    let spec = GenesisSpec {
        config: deployment.config.clone(),
        origin: origin.header,
        l1_messenger: deployment.l1_messenger,
        l1_standard_bridge: deployment.l1_standard_bridge,
        accounts: file.accounts(),
    };
    let genesis = Genesis::build(&spec)?;
    if genesis.output() != deployment.genesis_output {
        return Err(Error::Deployment {
            what: "genesis output",
            expected: deployment.genesis_output.to_string(),
            got: genesis.output().to_string(),
        });
    }
    file.check(&spec)?;
    let start = deployment.start_block.number;
    let first = inbox.batches(start, start).await?;
    let batch = first
        .into_iter()
        .find(|batch| batch.header.index == BatchIndex::GENESIS)
        .ok_or_else(|| Error::Deployment {
            what: "Inbox",
            expected: format!("its genesis batch in L1 block {start}"),
            got: "none".into(),
        })?;
    let data_dir = config.data_dir.clone();
    blocking(move || {
        std::fs::create_dir_all(&data_dir).map_err(|source| Error::Io {
            what: format!("data directory {}", data_dir.display()),
            source,
        })?;
        let store = Store::open(&data_dir.join("l2.redb"))?;
        genesis.install(&store, &batch.header)?;
        Ok(store)
    })
    .await
}

/// Builds a block at every tick, once the node knows all that L1 has.
async fn sequence(
    chain: Chain,
    config: Option<SequencerConfig>,
    mut caught_up: watch::Receiver<bool>,
    cancel: CancellationToken,
) -> Result<()> {
    let Some(config) = config else {
        cancel.cancelled().await;
        return Ok(());
    };
    tokio::select! {
        () = cancel.cancelled() => return Ok(()),
        ready = caught_up.wait_for(|ready| *ready) => if ready.is_err() {
            return Ok(());
        },
    }
    let mut tick = tokio::time::interval(Duration::from_millis(config.block_time_ms.max(1)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            _ = tick.tick() => {}
        }
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_secs());
        let (task, sequencing) = (chain.clone(), config.clone());
        let head = blocking(move || task.build_block(&sequencing, now)).await?;
        tracing::debug!(number = head.number, hash = %head.hash, "block built");
    }
}
