//! What can go wrong, on either side of the socket.

use crate::{Endpoint, PlatformKind, Refusal};
use alloy_primitives::Address;
use oneslot_types::{InputId, StatementId};
use std::{io, time::Duration};

/// Whether doing the same again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The other side is away or busy: the same call may work later.
    Retry,
    /// The same call fails again.
    Fatal,
}

/// Errors of the enclave, its server and its client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The attestation platform is known but this build has no code for it.
    #[error("platform {platform} is not built: expected one of [dev], got {platform}")]
    PlatformNotBuilt {
        /// The platform asked for.
        platform: PlatformKind,
    },
    /// A name that is no platform.
    #[error("unknown platform: expected dev, tdx, sev-snp, sgx or nitro, got {got:?}")]
    UnknownPlatform {
        /// The name found.
        got: String,
    },
    /// A text that is no endpoint.
    #[error("bad endpoint: expected IP:PORT or unix:PATH, got {got:?}")]
    BadEndpoint {
        /// The text found.
        got: String,
    },
    /// The protocol has no authentication, so it stays on one machine.
    #[error("endpoint must not leave this machine: expected a loopback address, got {got}")]
    NotLoopback {
        /// The address found.
        got: std::net::SocketAddr,
    },
    /// The server could not listen.
    #[error("cannot listen on {endpoint}: {source}")]
    Listen {
        /// Where.
        endpoint: Endpoint,
        /// What the system said.
        source: io::Error,
    },
    /// The client could not connect.
    #[error("cannot connect to the enclave at {endpoint}: {source}")]
    Connect {
        /// Where.
        endpoint: Endpoint,
        /// What the system said.
        source: io::Error,
    },
    /// Reading or writing failed, or the other side closed in the middle of a frame.
    #[error("connection broke while {during}: {source}")]
    Io {
        /// What was being done.
        during: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The other side was too slow.
    #[error("timed out after {limit:?} while {during}")]
    Timeout {
        /// What was being done.
        during: &'static str,
        /// The limit that passed.
        limit: Duration,
    },
    /// A frame larger than this side accepts.
    #[error("frame too large: expected at most {limit} bytes, got {got}")]
    FrameTooLarge {
        /// Largest length accepted, bytes.
        limit: u32,
        /// Length found, bytes.
        got: u64,
    },
    /// A message that is not of this protocol.
    #[error("malformed message at byte {at}: expected {expected}")]
    Malformed {
        /// Offset in the frame.
        at: usize,
        /// What should have stood there.
        expected: &'static str,
    },
    /// A message of another protocol version.
    #[error("protocol version: expected {expected}, got {got}")]
    Version {
        /// This build's version.
        expected: u8,
        /// The version found.
        got: u8,
    },
    /// The enclave has no free slot.
    #[error("the enclave is busy: {what}")]
    Busy {
        /// Which limit was reached.
        what: &'static str,
    },
    /// The enclave is shutting down.
    #[error("the enclave is stopping")]
    Stopping,
    /// The input does not decode, or does not execute. The text is the state transition's error.
    #[error("the input was refused: {0}")]
    Input(String),
    /// The input is settled on another L1 chain than the one to sign for.
    #[error("l1 chain id: the request says {requested}, the input's rollup settles on {input}")]
    WrongChain {
        /// Chain in the request.
        requested: u64,
        /// Chain in the input's rollup configuration.
        input: u64,
    },
    /// The enclave signed another output for this input before. It never signs two.
    #[error(
        "refused to contradict an earlier signature for input {input_id}: signed {signed}, now {got}"
    )]
    Equivocation {
        /// The question.
        input_id: InputId,
        /// Statement id signed first.
        signed: StatementId,
        /// Statement id derived now.
        got: StatementId,
    },
    /// The memory of signed inputs is full; only a fresh enclave with a fresh key can go on.
    #[error("the enclave signed {limit} inputs, the most one key may sign: restart it")]
    KeyExhausted {
        /// Most inputs a key signs for.
        limit: usize,
    },
    /// An enclave's answer does not check out.
    #[error("bad answer from the enclave: {what}")]
    BadAnswer {
        /// What is wrong with it.
        what: &'static str,
    },
    /// A signature by another key than the answer names.
    #[error("enclave signature: expected one by {expected}, got one by {got}")]
    WrongSigner {
        /// Key that the answer names.
        expected: Address,
        /// Key that signed.
        got: Address,
    },
    /// Something broke inside the enclave. The text says what.
    #[error("the enclave failed: {0}")]
    Internal(String),
    /// The enclave answered that it will not.
    #[error("the enclave refused ({refusal:?}): {message}")]
    Refused {
        /// Why.
        refusal: Refusal,
        /// Its own words.
        message: String,
    },
}

impl Error {
    /// Whether the same call may work later.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Connect { .. }
            | Self::Io { .. }
            | Self::Timeout { .. }
            | Self::Busy { .. }
            | Self::Stopping
            | Self::Refused { refusal: Refusal::Busy | Refusal::Stopping, .. } => ErrorKind::Retry,
            _ => ErrorKind::Fatal,
        }
    }
}
