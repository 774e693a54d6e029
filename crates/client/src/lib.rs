#![doc = include_str!("../README.md")]

mod error;
mod http;
mod node;

pub use error::{Error, describe};
pub use http::ClientConfig;
pub use node::NodeClient;
