//! A connection to both chains, and an account.

use crate::{
    Error, RollupAddresses,
    l2::{L2, Receipt},
};
use alloy::{
    eips::Encodable2718,
    network::{
        AnyTransactionReceipt, Ethereum, EthereumWallet, NetworkTransactionBuilder, NetworkWallet,
        TransactionBuilder,
    },
    providers::{Provider, RootProvider},
    rpc::types::TransactionRequest,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use oneslot_client::{ClientConfig, NodeClient};
use oneslot_l1::{L1Client, L1Config, LaneReader, bindings};
use std::{borrow::Cow, time::Duration};
use url::Url;

/// Name of the chain in errors.
pub(crate) const L1: &str = "L1";

/// Time between two looks at what is waited for.
pub(crate) const POLL: Duration = Duration::from_millis(500);
/// After how many looks it is sent again: a node that started anew has forgotten its pool.
const RESEND: u32 = 10;

/// What a wallet connects to.
#[derive(Clone, Debug)]
pub struct WalletConfig {
    /// The rollup.
    pub rollup: RollupAddresses,
    /// JSON-RPC of L1.
    pub l1_rpc: Url,
    /// JSON-RPC of the rollup.
    pub l2_rpc: Url,
    /// Limit on one request.
    pub request_timeout: Duration,
    /// How long the rollup's node may be away before a call fails.
    pub l2_outage: Duration,
    /// How long to wait until a transaction is in a block.
    pub inclusion_timeout: Duration,
}

impl WalletConfig {
    /// The defaults: 10 s a request, 3 s away, 3 min until inclusion.
    pub fn new(rollup: RollupAddresses, l1_rpc: Url, l2_rpc: Url) -> Self {
        Self {
            rollup,
            l1_rpc,
            l2_rpc,
            request_timeout: Duration::from_secs(10),
            l2_outage: Duration::from_secs(3),
            inclusion_timeout: Duration::from_secs(180),
        }
    }

    /// A client of the rollup's node, which may be away for `l2_outage`.
    pub fn l2_client(&self) -> Result<NodeClient, Error> {
        let config = ClientConfig {
            request_timeout: self.request_timeout,
            outage: self.l2_outage,
            ..ClientConfig::new(self.l2_rpc.clone())
        };
        Ok(NodeClient::new(&config)?)
    }
}

/// Deposits, withdraws and says where the money is.
#[derive(Clone, Debug)]
pub struct Wallet {
    pub(crate) config: WalletConfig,
    pub(crate) l1: L1Client,
    pub(crate) l2: NodeClient,
    pub(crate) lanes: LaneReader,
    account: Option<Account>,
}

/// Signs on both chains.
#[derive(Clone, Debug)]
struct Account {
    address: Address,
    signer: EthereumWallet,
}

/// Which chain a transaction goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Ethereum.
    L1,
    /// The rollup.
    L2,
}

impl Side {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::L1 => L1,
            Self::L2 => L2,
        }
    }
}

impl Wallet {
    /// Connects, and checks both chain ids and that the Portal is this rollup's.
    ///
    /// `signer` may be left out by who only reads. It is alloy's: a local key (`PrivateKeySigner`) or
    /// whatever else implements it. The key is neither stored nor printed.
    pub async fn connect(
        config: WalletConfig,
        signer: Option<EthereumWallet>,
    ) -> Result<Self, Error> {
        let mut l1_config = L1Config::new(config.l1_rpc.clone(), config.rollup.l1_chain_id);
        l1_config.request_timeout_ms = config.request_timeout.as_millis() as u64;
        let l1 = L1Client::connect(&l1_config).await?;
        let l2 = config.l2_client()?;
        let account = signer.map(|signer| Account {
            address: NetworkWallet::<Ethereum>::default_signer_address(&signer),
            signer,
        });
        let rollup = &config.rollup;
        let lanes = LaneReader::new(l1.clone(), rollup.settlement, rollup.rollup_id);
        let wallet = Self { config, l1, l2, lanes, account };
        wallet.check_chain().await?;
        wallet.check_portal().await?;
        Ok(wallet)
    }

    async fn check_chain(&self) -> Result<(), Error> {
        let got = self.l2.chain_id().await?;
        let expected = self.config.rollup.l2_chain_id;
        match got == expected {
            true => Ok(()),
            false => Err(Error::ChainId { chain: L2, expected, got }),
        }
    }

    /// Money sent to a Portal of another rollup would be lost.
    async fn check_portal(&self) -> Result<(), Error> {
        let rollup = &self.config.rollup;
        let portal = self.portal();
        let failed = |error| Error::contract(L1, "Portal", error);
        let inbox = portal.inbox().call().await.map_err(failed)?;
        let settlement = portal.settlement().call().await.map_err(failed)?;
        let id = portal.rollupId().call().await.map_err(failed)?;
        for (what, expected, got) in [
            ("inbox", rollup.inbox.to_string(), inbox.to_string()),
            ("settlement", rollup.settlement.to_string(), settlement.to_string()),
            ("rollup id", rollup.rollup_id.to_string(), id.to_string()),
        ] {
            if expected != got {
                return Err(Error::Portal { portal: rollup.portal, what, expected, got });
            }
        }
        Ok(())
    }

    /// The rollup it works with.
    pub fn rollup(&self) -> &RollupAddresses {
        &self.config.rollup
    }

    /// The account that signs, if there is one.
    pub fn address(&self) -> Option<Address> {
        self.account.as_ref().map(|account| account.address)
    }

    pub(crate) fn own_address(&self) -> Result<Address, Error> {
        self.address().ok_or(Error::NoAccount)
    }

    pub(crate) fn portal(&self) -> bindings::Portal::PortalInstance<&RootProvider> {
        bindings::Portal::new(self.config.rollup.portal, self.l1.provider())
    }

    /// Bare provider of a chain, for calls.
    pub(crate) fn reader(&self, side: Side) -> &RootProvider {
        match side {
            Side::L1 => self.l1.provider(),
            Side::L2 => self.l2.provider(),
        }
    }

    /// Signs a transaction, sends it and waits until it is in a block. Gas, fees and nonce are filled
    /// in; of `request`, recipient, value and data count.
    pub async fn transact(&self, side: Side, request: TransactionRequest) -> Result<B256, Error> {
        Ok(self.send_request(side, request, None).await?.transaction_hash)
    }

    /// Signs and sends a call and waits until it is in a block.
    ///
    /// `gas` is the limit; without one the node's estimate and a quarter more is taken.
    pub(crate) async fn send(
        &self,
        side: Side,
        to: Address,
        data: Bytes,
        value: U256,
        gas: Option<u64>,
    ) -> Result<Receipt, Error> {
        let request = TransactionRequest::default().to(to).input(data.into()).value(value);
        self.send_request(side, request, gas).await
    }

    async fn send_request(
        &self,
        side: Side,
        request: TransactionRequest,
        gas: Option<u64>,
    ) -> Result<Receipt, Error> {
        let account = self.account.as_ref().ok_or(Error::NoAccount)?;
        let request = request.from(account.address);
        let (hash, raw) = self.sign(side, account, request, gas).await?;
        self.broadcast(side, hash, &raw).await?;
        let receipt = self.wait(side, hash, &raw).await?;
        match receipt.succeeded {
            true => Ok(receipt),
            false => Err(Error::Reverted { chain: side.name(), hash }),
        }
    }

    /// Sends a signed transaction. Refused is only one that the node does not know: a repeated
    /// transaction is refused, too, and is on its way.
    async fn broadcast(&self, side: Side, hash: B256, raw: &[u8]) -> Result<(), Error> {
        let chain = side.name();
        let Err(error) = self.reader(side).send_raw_transaction(raw).await else {
            tracing::info!(chain, %hash, "sent a transaction");
            return Ok(());
        };
        match Error::transport(chain, "eth_sendRawTransaction", error) {
            error @ Error::Rpc { refused: true, .. } => {
                let known = self.reader(side).get_transaction_by_hash(hash).await;
                known.ok().flatten().map(|_| ()).ok_or(error)
            }
            // The answer was lost; the transaction may have arrived.
            error => {
                tracing::warn!(chain, %hash, %error, "sent a transaction blindly");
                Ok(())
            }
        }
    }

    /// Fills in gas, fees and nonce and signs, so that the hash is known before anything is sent.
    async fn sign(
        &self,
        side: Side,
        account: &Account,
        request: TransactionRequest,
        gas: Option<u64>,
    ) -> Result<(B256, Vec<u8>), Error> {
        let (chain, provider) = (side.name(), self.reader(side));
        let failed = |method| move |error| Error::transport(chain, method, error);
        let gas = match gas {
            Some(gas) => gas,
            None => {
                let estimate = provider.estimate_gas(request.clone()).await;
                let estimate = estimate.map_err(failed("eth_estimateGas"))?;
                estimate.saturating_add(estimate / 4)
            }
        };
        let fees = provider.estimate_eip1559_fees().await.map_err(failed("eth_feeHistory"))?;
        let nonce = provider.get_transaction_count(account.address).pending().await;
        let nonce = nonce.map_err(failed("eth_getTransactionCount"))?;
        let chain_id = match side {
            Side::L1 => self.config.rollup.l1_chain_id,
            Side::L2 => self.config.rollup.l2_chain_id,
        };
        let request = request
            .gas_limit(gas)
            .nonce(nonce)
            .max_fee_per_gas(fees.max_fee_per_gas)
            .max_priority_fee_per_gas(fees.max_priority_fee_per_gas)
            .with_chain_id(chain_id);
        let signed = request.build(&account.signer).await;
        let signed = signed.map_err(|error| Error::Signing { message: error.to_string() })?;
        Ok((*signed.tx_hash(), signed.encoded_2718()))
    }

    async fn wait(&self, side: Side, hash: B256, raw: &[u8]) -> Result<Receipt, Error> {
        let after = self.config.inclusion_timeout;
        let look = async {
            loop {
                for _ in 0..RESEND {
                    // A request that fails says nothing about the transaction: look again.
                    match self.receipt(side, hash).await {
                        Ok(Some(receipt)) => return receipt,
                        Ok(None) => {}
                        Err(error) => {
                            tracing::debug!(%error, %hash, "could not look for a receipt")
                        }
                    }
                    tokio::time::sleep(POLL).await;
                }
                if let Err(error) = self.broadcast(side, hash, raw).await {
                    tracing::warn!(%error, %hash, "sent a transaction again");
                }
            }
        };
        let seen = tokio::time::timeout(after, look).await;
        seen.map_err(|_| Error::Unconfirmed { chain: side.name(), hash, after })
    }

    pub(crate) async fn receipt(&self, side: Side, hash: B256) -> Result<Option<Receipt>, Error> {
        if let Side::L2 = side {
            return Ok(self.l2.receipt(hash).await?.as_ref().and_then(Receipt::of));
        }
        let method = "eth_getTransactionReceipt";
        let answer: Result<Option<AnyTransactionReceipt>, _> =
            self.l1.provider().raw_request(Cow::Borrowed(method), (hash,)).await;
        let answer = answer.map_err(|error| Error::transport(L1, method, error))?;
        Ok(answer.as_ref().and_then(Receipt::of))
    }
}
