#![doc = include_str!("../README.md")]

mod chain;
mod council;
mod error;
mod finality;
mod lanes;
mod model;
mod policy;
mod state;

pub use chain::{BatchIndex, Commitment, Header, Headers, Output, Point, Program, Statement};
pub use error::{Refusal, Revert};
pub use finality::{Penalty, Start};
pub use lanes::{ClaimStatus, KeyId, Liar, Path, Signer, Vote};
pub use model::Model;
pub use policy::{
    CHANGE_DELAY, CHANGE_LAPSE, CLOCK, CouncilMode, DAY, HOUR, KEY_DELAY, KEY_LIFE, LaneId,
    LaneKind, NOTICE, Policy, QUORUM, Record, Rule, STALL, Seat, Sizes, Time, Version,
};
