#![doc = include_str!("../README.md")]

mod client;
mod dev;
mod enclave;
mod endpoint;
mod error;
mod frame;
mod platform;
mod protocol;
mod server;
mod signer;

pub use client::{Client, ClientConfig};
pub use dev::DEV_QUOTE_ROOT;
pub use enclave::Enclave;
pub use endpoint::Endpoint;
pub use error::{Error, ErrorKind};
pub use platform::PlatformKind;
pub use protocol::{
    Attestation, DEFAULT_MAX_REQUEST_BYTES, Info, MAX_RESPONSE_BYTES, PROTOCOL_VERSION, Quote,
    Refusal, Request, Response,
};
pub use server::{Event, Server, ServerConfig, serve};
pub use signer::recover;
