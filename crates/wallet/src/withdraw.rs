//! L2 to L1: the start. [`Wallet::pay`] is the end.

use crate::{
    Error, Wallet, Withdrawal,
    l2::{L2_STANDARD_BRIDGE, MESSAGE_PASSER, Receipt},
    wallet::Side,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use oneslot_l1::bindings::{L2StandardBridge, L2ToL1MessagePasser};

/// Gas that the recipient's call on L1 gets at least, and the payer must provide.
const ETHER_GAS: u64 = 100_000;
/// Gas that the bridge's call to the token on L1 gets at least.
const TOKEN_GAS: u32 = 200_000;

impl Wallet {
    /// Starts a withdrawal of `amount` wei to `to` on L1. `gas_limit` is what `to` gets at least, 100,000 by
    /// default. On L1 the payment is repeated until `to` takes it: a recipient that always refuses
    /// ether gets nothing, and the ether stays in the Portal.
    pub async fn withdraw_eth(
        &self,
        to: Address,
        amount: U256,
        gas_limit: Option<u64>,
    ) -> Result<Withdrawal, Error> {
        self.check_ether(Side::L2, amount).await?;
        let call = L2ToL1MessagePasser::initiateWithdrawalCall {
            _target: to,
            _gasLimit: U256::from(gas_limit.unwrap_or(ETHER_GAS)),
            _data: Bytes::new(),
        };
        let data = call.abi_encode().into();
        let receipt = self.send(Side::L2, MESSAGE_PASSER, data, amount, None).await?;
        first(&receipt)
    }

    /// Starts a withdrawal of `amount` base units of a bridged L2 token to `to` on L1, through OP's standard
    /// bridge. The tokens are burnt on L2 and released on L1 inside the payment.
    pub async fn withdraw_erc20(
        &self,
        l2_token: Address,
        to: Address,
        amount: U256,
    ) -> Result<Withdrawal, Error> {
        let remote = self.remote_token(l2_token).await?;
        self.check_tokens(Side::L2, l2_token, amount).await?;
        let call = L2StandardBridge::bridgeERC20ToCall {
            _localToken: l2_token,
            _remoteToken: remote,
            _to: to,
            _amount: amount,
            _minGasLimit: TOKEN_GAS,
            _extraData: Bytes::new(),
        };
        let data = call.abi_encode().into();
        let receipt = self.send(Side::L2, L2_STANDARD_BRIDGE, data, U256::ZERO, None).await?;
        first(&receipt)
    }

    /// The withdrawals that an L2 transaction started; none where it is not in a block, or started none.
    pub async fn find(&self, l2_tx: B256) -> Result<Vec<Withdrawal>, Error> {
        let receipt = self.receipt(Side::L2, l2_tx).await?;
        Ok(receipt.as_ref().map(all).unwrap_or_default())
    }
}

fn all(receipt: &Receipt) -> Vec<Withdrawal> {
    Withdrawal::from_logs(receipt.transaction_hash, receipt.block, &receipt.logs)
}

fn first(receipt: &Receipt) -> Result<Withdrawal, Error> {
    all(receipt).into_iter().next().ok_or(Error::NoEvent {
        hash: receipt.transaction_hash,
        event: "MessagePassed",
        emitter: MESSAGE_PASSER,
    })
}
