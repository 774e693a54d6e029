//! A local L1 in a process of its own, for tests and the devnet.
//!
//! This module is the only place that knows where anvil is and with which arguments it starts:
//! [`find`] looks for the program, [`AnvilConfig::arguments`] turns a configuration into arguments.
//! Tests call [`Anvil::start`], which does both; the devnet gives both to its supervisor.

use std::{
    env,
    ffi::OsStr,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use url::Url;

use crate::{Error, L1Config};

/// The variable that names the program, for those who have it elsewhere.
pub const VARIABLE: &str = "ONESLOT_ANVIL";

/// Where npm puts anvil, below the repository's root.
const BINARY: &str = "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";

/// Finds the anvil program: the file that `named` or [`VARIABLE`] names, else the one that npm
/// installed in this folder or one above it, else the one in `PATH`.
///
/// # Errors
///
/// The named file does not exist, or there is no anvil: the message names the command that installs
/// it.
pub fn find(named: Option<&Path>) -> Result<PathBuf, Error> {
    let named = named.map(PathBuf::from).or_else(|| env::var_os(VARIABLE).map(PathBuf::from));
    let start = env::current_dir().unwrap_or_default();
    find_in(named.as_deref(), &start, &env::var_os("PATH").unwrap_or_default())
}

/// [`find`] with everything that it takes from the environment.
fn find_in(named: Option<&Path>, start: &Path, path: &OsStr) -> Result<PathBuf, Error> {
    let fail = |message: String| Error::Local { what: "anvil".into(), message };
    if let Some(named) = named {
        let missing = || fail(format!("{} is no file", named.display()));
        return named.is_file().then(|| named.to_owned()).ok_or_else(missing);
    }
    let installed = start.ancestors().map(|folder| folder.join(BINARY));
    let in_path = env::split_paths(path).map(|folder| folder.join("anvil"));
    installed.chain(in_path).find(|candidate| candidate.is_file()).ok_or_else(|| {
        fail(format!(
            "not installed: run `cargo xtask setup` in the repository, or name the program in \
             {VARIABLE}"
        ))
    })
}

/// EIP-155 id of an anvil that is not told another one.
const DEFAULT_CHAIN_ID: u64 = 31337;

/// How a local L1 behaves.
#[derive(Clone, Debug, Default)]
pub struct AnvilConfig {
    /// The program; `None`: what [`find`] finds.
    pub program: Option<PathBuf>,
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
    chain_id: u64,
}

impl AnvilConfig {
    /// The arguments of an anvil that behaves so, under Osaka's rules.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--hardfork".into(), "osaka".into()];
        arguments.push("--no-request-size-limit".into());
        let mut option = |name: &str, value: Option<String>| {
            arguments.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
        };
        option("--port", Some(self.port.to_string()));
        option("--block-time", self.block_time.filter(|_| !self.manual).map(|s| s.to_string()));
        option("--slots-in-an-epoch", self.slots_in_epoch.map(|slots| slots.to_string()));
        option("--timestamp", self.timestamp.map(|seconds| seconds.to_string()));
        option("--chain-id", self.chain_id.map(|id| id.to_string()));
        option("--state", self.state.as_ref().map(|path| path.display().to_string()));
        arguments.extend(self.manual.then(|| "--no-mining".into()));
        arguments
    }
}

impl Anvil {
    /// Finds anvil, starts it and waits until it listens.
    ///
    /// # Errors
    ///
    /// There is no anvil (see [`find`]), or it ends before it listens.
    pub fn start(config: &AnvilConfig) -> Result<Self, Error> {
        let fail = |message: String| Error::Local { what: "anvil".into(), message };
        let mut command = Command::new(find(config.program.as_deref())?);
        command.args(config.arguments());
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
        Ok(Self { child, url, chain_id: config.chain_id.unwrap_or(DEFAULT_CHAIN_ID) })
    }

    /// Its endpoint.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// A client configuration for it.
    pub fn config(&self) -> L1Config {
        L1Config::new(self.url.clone(), self.chain_id)
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(folder: &Path) -> PathBuf {
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.join("anvil");
        std::fs::write(&path, "").unwrap();
        path
    }

    #[test]
    fn a_missing_anvil_is_an_error_that_names_the_command_to_install_it() {
        let empty = tempfile::tempdir().unwrap();
        let error = find_in(None, empty.path(), OsStr::new("")).unwrap_err().to_string();
        assert!(error.contains("cargo xtask setup"), "{error}");
        let absent = empty.path().join("anvil");
        let error = find_in(Some(&absent), empty.path(), OsStr::new("")).unwrap_err().to_string();
        assert!(error.contains("is no file"), "{error}");
    }

    #[test]
    fn the_named_program_goes_before_the_installed_one_and_that_before_the_one_in_path() {
        let dir = tempfile::tempdir().unwrap();
        let repository = dir.path().join("repository/crates/l1");
        let in_path = program(&dir.path().join("bin"));
        let path = dir.path().join("bin");
        let found = |named: Option<&Path>| find_in(named, &repository, path.as_os_str()).unwrap();
        assert_eq!(found(None), in_path);
        let installed = dir.path().join("repository").join(BINARY);
        program(installed.parent().unwrap());
        assert_eq!(found(None), installed);
        let named = program(&dir.path().join("named"));
        assert_eq!(found(Some(&named)), named);
    }

    #[test]
    fn a_configuration_becomes_arguments() {
        let manual = AnvilConfig { manual: true, block_time: Some(2), ..AnvilConfig::default() };
        let expected = "--hardfork osaka --no-request-size-limit --port 0 --no-mining";
        assert_eq!(manual.arguments().join(" "), expected);
        let timed = AnvilConfig { block_time: Some(2), port: 1, ..AnvilConfig::default() };
        let expected = "--hardfork osaka --no-request-size-limit --port 1 --block-time 2";
        assert_eq!(timed.arguments().join(" "), expected);
    }
}
