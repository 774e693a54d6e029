//! L1 to L2.

use crate::{
    DepositStatus, Error, Wallet,
    l2::{L2, Receipt},
    wallet::{L1, POLL, Side},
};
use alloy::providers::Provider;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolEvent};
use oneslot_l1::bindings::{
    Inbox, L1StandardBridge, OptimismMintableERC20, Portal, TestToken as Erc20,
};
use serde::Serialize;

/// L2 gas bought for a deposit of ether: enough for a recipient with a modest `receive`.
const ETHER_GAS: u64 = 100_000;
/// L2 gas that the bridge's call to the token gets.
const TOKEN_GAS: u32 = 200_000;

/// A deposit in the Inbox's queue. The rollup executes it once a block's L1 origin reaches it, at the
/// latest when anybody forces a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deposited {
    /// Position in the queue, from zero: ask [`Wallet::deposit_status`] with it.
    pub index: u64,
    /// Transaction on L1.
    pub l1_tx: B256,
    /// Its block.
    pub l1_block: u64,
}

impl Wallet {
    /// Sends `amount` wei to `to` on L2. `gas_limit` is the L2 gas to buy, 100,000 by default; a recipient
    /// that needs more fails on L2, and the ether then stays with the sender's account there.
    pub async fn deposit_eth(
        &self,
        to: Address,
        amount: U256,
        gas_limit: Option<u64>,
    ) -> Result<Deposited, Error> {
        self.check_ether(Side::L1, amount).await?;
        let call = Portal::depositTransactionCall {
            to,
            value: amount,
            gasLimit: gas_limit.unwrap_or(ETHER_GAS),
            isCreation: false,
            data: Bytes::new(),
        };
        let portal = self.rollup().portal;
        let receipt = self.send(Side::L1, portal, call.abi_encode().into(), amount, None).await?;
        self.deposited(&receipt)
    }

    /// Sends `amount` base units of an L1 token to `to` on L2 through OP's standard bridge.
    ///
    /// Approves exactly the amount where the bridge may not take it yet. Refuses an L2 token that is not the
    /// bridged form of the L1 token, since the bridge would keep the money.
    pub async fn deposit_erc20(
        &self,
        l1_token: Address,
        l2_token: Address,
        to: Address,
        amount: U256,
    ) -> Result<Deposited, Error> {
        let owner = self.own_address()?;
        let got = self.remote_token(l2_token).await?;
        if got != l1_token {
            return Err(Error::WrongToken { l2_token, expected: l1_token, got });
        }
        self.check_tokens(Side::L1, l1_token, amount).await?;

        let bridge = self.rollup().l1_standard_bridge;
        let token = Erc20::new(l1_token, self.l1.provider());
        let allowed = token.allowance(owner, bridge).call().await;
        let allowed = allowed.map_err(|error| Error::contract(L1, "allowance", error))?;
        if allowed < amount {
            let approve = Erc20::approveCall { spender: bridge, value: amount };
            self.send(Side::L1, l1_token, approve.abi_encode().into(), U256::ZERO, None).await?;
        }
        let call = L1StandardBridge::bridgeERC20ToCall {
            _localToken: l1_token,
            _remoteToken: l2_token,
            _to: to,
            _amount: amount,
            _minGasLimit: TOKEN_GAS,
            _extraData: Bytes::new(),
        };
        let data = call.abi_encode().into();
        let receipt = self.send(Side::L1, bridge, data, U256::ZERO, None).await?;
        self.deposited(&receipt)
    }

    /// Where a deposit stands; none while the rollup's node has not seen it.
    pub async fn deposit_status(&self, index: u64) -> Result<Option<DepositStatus>, Error> {
        Ok(self.l2.deposit_status(index).await?)
    }

    /// Waits until the rollup has executed a deposit. Gives its L2 transaction and the block of that.
    ///
    /// # Errors
    /// [`Error::NoEffect`] where the deposit does nothing on L2.
    pub async fn until_executed(&self, index: u64) -> Result<(B256, u64), Error> {
        loop {
            if let Some(status) = self.deposit_status(index).await? {
                let tx = status.l2_tx_hash.ok_or(Error::NoEffect { index })?;
                if let Some(block) = status.l2_block_number {
                    return Ok((tx, block));
                }
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn deposited(&self, receipt: &Receipt) -> Result<Deposited, Error> {
        let emitter = self.rollup().inbox;
        let own = receipt.logs.iter().filter(|log| log.address() == emitter);
        let mut queued = own.filter_map(|log| Inbox::DepositQueued::decode_log(&log.inner).ok());
        let event = queued.next().ok_or(Error::NoEvent {
            hash: receipt.transaction_hash,
            event: "DepositQueued",
            emitter,
        })?;
        Ok(Deposited {
            index: event.index,
            l1_tx: receipt.transaction_hash,
            l1_block: receipt.block,
        })
    }

    /// The L1 token that a bridged L2 token stands for.
    pub(crate) async fn remote_token(&self, l2_token: Address) -> Result<Address, Error> {
        let token = OptimismMintableERC20::new(l2_token, self.l2.provider());
        let remote = token.remoteToken().call().await;
        remote.map_err(|error| Error::contract(L2, "remoteToken", error))
    }

    pub(crate) async fn check_ether(&self, side: Side, expected: U256) -> Result<(), Error> {
        let holder = self.own_address()?;
        let got = self.reader(side).get_balance(holder).await;
        let got = got.map_err(|error| Error::transport(side.name(), "eth_getBalance", error))?;
        match got < expected {
            true => Err(Error::Balance { holder, token: Address::ZERO, expected, got }),
            false => Ok(()),
        }
    }

    pub(crate) async fn check_tokens(
        &self,
        side: Side,
        token: Address,
        expected: U256,
    ) -> Result<(), Error> {
        let holder = self.own_address()?;
        let got = Erc20::new(token, self.reader(side)).balanceOf(holder).call().await;
        let got = got.map_err(|error| Error::contract(side.name(), "balanceOf", error))?;
        match got < expected {
            true => Err(Error::Balance { holder, token, expected, got }),
            false => Ok(()),
        }
    }
}
