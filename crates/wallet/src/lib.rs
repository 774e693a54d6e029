#![doc = include_str!("../README.md")]

mod deposit;
mod error;
mod l2;
mod observe;
mod pay;
mod proof;
mod rollup;
mod status;
mod wallet;
mod withdraw;
mod withdrawal;

pub use deposit::Deposited;
pub use error::Error;
pub use l2::{L2_STANDARD_BRIDGE, MESSAGE_PASSER};
pub use oneslot_types::{ErrorKind, LaneKind, api::DepositStatus};
pub use pay::{Payment, Relay};
pub use proof::PaymentProof;
pub use rollup::RollupAddresses;
pub use status::{Facts, Instant, Lane, LaneState, OpenBatch, Stage, WithdrawalStatus};
pub use wallet::{Side, Wallet, WalletConfig};
pub use withdrawal::{MESSAGE_PASSED, Message, Withdrawal, slot_of};
