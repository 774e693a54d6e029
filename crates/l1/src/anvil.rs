//! A local L1 in a process of its own, for tests and the demo.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use url::Url;

use crate::{Error, L1Config};

/// Where npm puts anvil, below the repository's root.
const BINARY: &str = "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";

/// How a local L1 behaves.
#[derive(Clone, Debug, Default)]
pub struct AnvilConfig {
    /// Seconds between blocks; `None`: a block for every transaction.
    pub block_time: Option<u64>,
    /// Blocks only when asked for (`evm_mine`); overrides `block_time`.
    pub manual: bool,
    /// TCP port; 0: any free one.
    pub port: u16,
    /// Slots in an epoch: `finalized` is two epochs behind. `None`: 32.
    pub slots_in_epoch: Option<u64>,
    /// Timestamp of the genesis block, seconds; `None`: now.
    pub timestamp: Option<u64>,
    /// EIP-155 id; `None`: 31337.
    pub chain_id: Option<u64>,
    /// File to load the chain from and save it to.
    pub state: Option<PathBuf>,
}

/// A running anvil. Killed when dropped.
#[derive(Debug)]
pub struct Anvil {
    child: Child,
    url: Url,
}

impl Anvil {
    /// The binary that `npm ci` installs, looked for from the working directory upwards.
    pub fn binary() -> Option<PathBuf> {
        let start = std::env::current_dir().ok()?;
        start.ancestors().map(|dir| dir.join(BINARY)).find(|path| path.is_file())
    }

    /// Starts anvil with Osaka's rules and waits until it listens.
    pub fn start(binary: &Path, config: &AnvilConfig) -> Result<Self, Error> {
        let fail = |message: String| Error::Local { what: "anvil".into(), message };
        let mut command = Command::new(binary);
        command.args(["--hardfork", "osaka", "--no-request-size-limit", "--port"]);
        command.arg(config.port.to_string());
        match (config.manual, config.block_time) {
            (true, _) => {
                command.arg("--no-mining");
            }
            (false, Some(seconds)) => {
                command.args(["--block-time", &seconds.to_string()]);
            }
            (false, None) => {}
        }
        if let Some(slots) = config.slots_in_epoch {
            command.args(["--slots-in-an-epoch", &slots.to_string()]);
        }
        if let Some(timestamp) = config.timestamp {
            command.args(["--timestamp", &timestamp.to_string()]);
        }
        if let Some(id) = config.chain_id {
            command.args(["--chain-id", &id.to_string()]);
        }
        if let Some(state) = &config.state {
            command.arg("--state").arg(state);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| fail(e.to_string()))?;
        let stdout = child.stdout.take().expect("invariant: the child's output is piped");
        let mut lines = BufReader::new(stdout).lines();
        let address = loop {
            match lines.next() {
                Some(Ok(line)) => {
                    if let Some(address) = line.strip_prefix("Listening on ") {
                        break address.to_owned();
                    }
                }
                _ => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(fail("ended before it listened".into()));
                }
            }
        };
        // Keeps reading, or the pipe would fill up and stop it.
        std::thread::spawn(move || for _ in lines.map_while(Result::ok) {});
        let url = Url::parse(&format!("http://{address}")).map_err(|e| fail(e.to_string()))?;
        Ok(Self { child, url })
    }

    /// Its endpoint.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// A client configuration for it.
    pub fn config(&self) -> L1Config {
        L1Config::new(self.url.clone(), 31337)
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
