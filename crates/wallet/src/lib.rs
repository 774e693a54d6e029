#![doc = include_str!("../README.md")]

mod contracts;
mod deposit;
mod error;
mod l2;
mod observe;
mod pay;
mod proof;
mod rollup;
mod status;
mod transport;
mod wallet;
mod withdraw;
mod withdrawal;

pub use contracts::MESSAGE_PASSER;
pub use deposit::Deposited;
pub use error::{Error, ErrorKind};
pub use l2::DepositStatus;
pub use pay::{Payment, Relay};
pub use proof::PaymentProof;
pub use rollup::Rollup;
pub use status::{Facts, Instant, Lane, LaneKind, OpenBatch, Stage, Status, Vote};
pub use wallet::{Side, Wallet, WalletConfig};
pub use withdrawal::{MESSAGE_PASSED, Message, Withdrawal, slot_of};
