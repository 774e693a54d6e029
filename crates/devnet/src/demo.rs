//! What a person does on the rollup: deposit, use it, withdraw, get paid.

use crate::{
    config::Role,
    history,
    network::Network,
    report::{Balance, Report},
};
use alloy::{
    network::{EthereumWallet, TransactionBuilder},
    primitives::{Address, U256, utils::format_ether},
    providers::{Provider, RootProvider},
    rpc::types::{TransactionReceipt, TransactionRequest},
};
use alloy_primitives::{address, utils::Unit};
use eyre::{Result, eyre};
use indicatif::{ProgressBar, ProgressStyle};
use oneslot_l1::bindings::{OptimismMintableERC20Factory, TestToken};
use oneslot_wallet::{Side, Wallet, Withdrawal};
use std::time::Duration;

/// One ether, or one whole token: both have 18 decimals.
const ONE: U256 = Unit::ETHER.wei_const();
/// Where OP puts its factory of bridged tokens on L2.
const MINTABLE_FACTORY: Address = address!("4200000000000000000000000000000000000012");

/// A person with a key, on both chains.
struct Person {
    wallet: Wallet,
    address: Address,
    l1: RootProvider,
    l2: RootProvider,
}

/// The whole way. Every condition becomes a check of the report.
pub(crate) async fn run(network: &Network, report: &mut Report) -> Result<()> {
    let user = Person::user(network).await?;
    let recipient = network.key(Role::Recipient)?.address();
    let portal = network.deployment.portal;
    let bridge = network.deployment.l1_standard_bridge;

    fund(network, &user).await?;
    deposit_eth(&user, report).await?;
    let token = deposit_erc20(&user, network.deployment.test_token, report).await?;
    use_the_rollup(&user, recipient, report).await?;

    let before = Balances::read(&user, &token, recipient, portal, bridge).await?;
    let ether = user.wallet.withdraw_eth(recipient, ONE * U256::from(2), None).await?;
    report.stage("withdraw.eth", Some(ether.l2_tx), None, "user withdraws 2 ETH on L2");
    let tokens = user.wallet.withdraw_erc20(token.l2, recipient, ONE * U256::from(40)).await?;
    report.stage("withdraw.erc20", Some(tokens.l2_tx), None, "user withdraws 40 DEV on L2");

    for (withdrawal, name) in [(&ether, "paid.eth"), (&tokens, "paid.erc20")] {
        wait(&user.wallet, withdrawal).await?;
        pay(&user, withdrawal, name, report).await?;
    }
    let after = Balances::read(&user, &token, recipient, portal, bridge).await?;
    before.compare(&after, report);
    if let (Some(start), Some(end)) = (report.time_of("withdraw.eth"), report.time_of("paid.eth")) {
        report.withdrawal_ms = end - start;
    }
    for withdrawal in [&ether, &tokens] {
        let again = user.wallet.pay(withdrawal).await?;
        report.check(
            "a withdrawal is paid once",
            again.l1_tx.is_none(),
            format!("{:?}", again.l1_tx),
        );
    }
    history::collect(network, &user.wallet, &[ether, tokens], report).await
}

impl Person {
    async fn user(network: &Network) -> Result<Self> {
        let signer = network.key(Role::User)?;
        let address = signer.address();
        let config = network.wallet_config();
        let l1 = network.l1_provider()?;
        let l2 = config.l2_client()?.provider().clone();
        let wallet = Wallet::connect(config, Some(EthereumWallet::from(signer))).await?;
        Ok(Self { wallet, address, l1, l2 })
    }

    /// Sends on L2 and waits until the transaction is in a block.
    async fn send_l2(&self, request: TransactionRequest) -> Result<TransactionReceipt> {
        let hash = self.wallet.transact(Side::L2, request).await?;
        let receipt = self.l2.get_transaction_receipt(hash).await?;
        receipt.ok_or_else(|| eyre!("no receipt of {hash}"))
    }
}

/// Gives the user ether on L1; on L2 it has none until it deposits.
async fn fund(network: &Network, user: &Person) -> Result<()> {
    let signer = EthereumWallet::from(network.key(Role::Faucet)?);
    let faucet = Wallet::connect(network.wallet_config(), Some(signer)).await?;
    let request =
        TransactionRequest::default().with_to(user.address).with_value(ONE * U256::from(100));
    faucet.transact(Side::L1, request).await?;
    Ok(())
}

async fn deposit_eth(user: &Person, report: &mut Report) -> Result<()> {
    let deposited = user.wallet.deposit_eth(user.address, ONE * U256::from(10), None).await?;
    let gas = gas(&user.l1, deposited.l1_tx).await?;
    report.stage("deposit.eth", Some(deposited.l1_tx), Some(gas), "user deposits 10 ETH");
    let (tx, block) = user.wallet.until_executed(deposited.index).await?;
    report.stage("deposit.eth.l2", Some(tx), None, format!("10 ETH are on L2, block {block}"));
    let got = user.l2.get_balance(user.address).await?;
    report.check_eq("the deposit arrived in full", got, ONE * U256::from(10));
    Ok(())
}

/// An ERC-20 on both chains.
struct Token {
    l1: Address,
    l2: Address,
}

async fn deposit_erc20(
    user: &Person,
    token: Option<Address>,
    report: &mut Report,
) -> Result<Token> {
    let l1 = token.ok_or_else(|| eyre!("the deployment has no test token"))?;
    let token = TestToken::new(l1, &user.l1);
    let mint = token.mint(user.address, ONE * U256::from(1000)).into_transaction_request();
    user.wallet.transact(Side::L1, mint).await?;

    let factory = OptimismMintableERC20Factory::new(MINTABLE_FACTORY, &user.l2);
    let create = factory.createOptimismMintableERC20(l1, "Devnet Token".into(), "DEV".into());
    let receipt = user.send_l2(create.into_transaction_request()).await?;
    let event = receipt.decoded_log::<OptimismMintableERC20Factory::OptimismMintableERC20Created>();
    let l2 = event.ok_or_else(|| eyre!("the factory made no token"))?.localToken;
    report.stage(
        "token.l2",
        Some(receipt.transaction_hash),
        None,
        format!("token {l1} on L1 is {l2} on L2"),
    );

    let amount = ONE * U256::from(100);
    let deposited = user.wallet.deposit_erc20(l1, l2, user.address, amount).await?;
    let gas = gas(&user.l1, deposited.l1_tx).await?;
    report.stage("deposit.erc20", Some(deposited.l1_tx), Some(gas), "user deposits 100 DEV");
    let (tx, block) = user.wallet.until_executed(deposited.index).await?;
    report.stage("deposit.erc20.l2", Some(tx), None, format!("100 DEV are on L2, block {block}"));
    let got = TestToken::new(l2, &user.l2).balanceOf(user.address).call().await?;
    report.check_eq("the token deposit arrived in full", got, amount);
    Ok(Token { l1, l2 })
}

/// Transfers, deploys a contract and calls it.
async fn use_the_rollup(user: &Person, friend: Address, report: &mut Report) -> Result<()> {
    let before = user.l2.get_balance(friend).await?;
    let transfer = TransactionRequest::default().with_to(friend).with_value(ONE / U256::from(2));
    let receipt = user.send_l2(transfer).await?;
    report.stage("l2.transfer", Some(receipt.transaction_hash), None, "user sends 0.5 ETH on L2");
    let got = user.l2.get_balance(friend).await? - before;
    report.check_eq("the transfer arrived", got, ONE / U256::from(2));

    let deploy = TransactionRequest::default().with_deploy_code(TestToken::BYTECODE.clone());
    let receipt = user.send_l2(deploy).await?;
    let contract = created(&receipt)?;
    report.stage(
        "l2.deploy",
        Some(receipt.transaction_hash),
        None,
        format!("user deploys a contract at {contract}"),
    );

    let token = TestToken::new(contract, &user.l2);
    let call = token.mint(friend, U256::from(7)).into_transaction_request();
    let receipt = user.send_l2(call).await?;
    report.stage("l2.call", Some(receipt.transaction_hash), None, "user calls it");
    report.check_eq(
        "the call changed the contract",
        token.balanceOf(friend).call().await?,
        U256::from(7),
    );
    Ok(())
}

/// Waits until the withdrawal can be paid and shows why it cannot yet.
async fn wait(wallet: &Wallet, withdrawal: &Withdrawal) -> Result<()> {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("  {spinner} {elapsed}  {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    let shown = wallet.until_payable(withdrawal, |status| {
        let votes = status.votes();
        let batch = status.batch.map_or(String::new(), |batch| format!(", batch {batch}"));
        let message = format!("waiting: {:?}{batch} {votes}", status.stage);
        if bar.is_hidden() {
            println!("           {message}");
        }
        bar.set_message(message);
    });
    shown.await;
    bar.finish_and_clear();
    Ok(())
}

async fn pay(
    user: &Person,
    withdrawal: &Withdrawal,
    name: &str,
    report: &mut Report,
) -> Result<()> {
    let payment = user.wallet.pay(withdrawal).await?;
    let tx = payment.l1_tx.ok_or_else(|| eyre!("somebody else paid the withdrawal"))?;
    let gas = gas(&user.l1, tx).await?;
    let detail =
        "Portal proves the withdrawal against the final output and pays, in one transaction";
    report.stage(name, Some(tx), Some(gas), detail);
    Ok(())
}

/// What the withdrawals move.
struct Balances {
    recipient_ether: U256,
    recipient_tokens: U256,
    portal_ether: U256,
    bridge_tokens: U256,
    user_tokens_l2: U256,
}

impl Balances {
    async fn read(
        user: &Person,
        token: &Token,
        recipient: Address,
        portal: Address,
        bridge: Address,
    ) -> Result<Self> {
        let on_l1 = TestToken::new(token.l1, &user.l1);
        let on_l2 = TestToken::new(token.l2, &user.l2);
        Ok(Self {
            recipient_ether: user.l1.get_balance(recipient).await?,
            recipient_tokens: on_l1.balanceOf(recipient).call().await?,
            portal_ether: user.l1.get_balance(portal).await?,
            bridge_tokens: on_l1.balanceOf(bridge).call().await?,
            user_tokens_l2: on_l2.balanceOf(user.address).call().await?,
        })
    }

    fn compare(&self, after: &Self, report: &mut Report) {
        let (two, forty) = (ONE * U256::from(2), ONE * U256::from(40));
        for (name, before, after, gains, amount) in [
            ("recipient, L1, wei", self.recipient_ether, after.recipient_ether, true, two),
            (
                "recipient, L1, DEV base units",
                self.recipient_tokens,
                after.recipient_tokens,
                true,
                forty,
            ),
            ("Portal, L1, wei", self.portal_ether, after.portal_ether, false, two),
            (
                "standard bridge, L1, DEV base units",
                self.bridge_tokens,
                after.bridge_tokens,
                false,
                forty,
            ),
            ("user, L2, DEV base units", self.user_tokens_l2, after.user_tokens_l2, false, forty),
        ] {
            report.balances.push(Balance { name: name.into(), before, after });
            let expected = if gains { before + amount } else { before - amount };
            report.check_eq(
                &format!("balance of {name}"),
                format_ether(after),
                format_ether(expected),
            );
        }
    }
}

fn created(receipt: &TransactionReceipt) -> Result<Address> {
    receipt.contract_address.ok_or_else(|| eyre!("no contract was created"))
}

async fn gas(l1: &RootProvider, tx: alloy_primitives::TxHash) -> Result<u64> {
    let receipt = l1.get_transaction_receipt(tx).await?;
    Ok(receipt.ok_or_else(|| eyre!("no receipt of {tx}"))?.gas_used)
}
