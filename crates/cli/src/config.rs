//! Configuration: a TOML file with a section for each command, overridden by the environment.

use eyre::{Result, WrapErr, eyre};
use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::{collections::BTreeMap, path::PathBuf};

/// Where configuration comes from.
pub(crate) struct Source {
    file: PathBuf,
}

impl Source {
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file }
    }

    /// The names of all sections, of the file and of the environment.
    pub(crate) fn sections(&self) -> Result<Vec<String>> {
        let all = self.figment().extract::<BTreeMap<String, IgnoredAny>>();
        let all = all.map_err(|error| eyre!("{}: {error}", self.file.display()))?;
        Ok(all.into_keys().collect())
    }

    fn figment(&self) -> Figment {
        Figment::new()
            .merge(Toml::file_exact(&self.file))
            // ONESLOT_KEY, ONESLOT_CONFIG and the like have no section and are no configuration.
            .merge(Env::prefixed("ONESLOT_").filter(|key| key.as_str().contains("__")).split("__"))
    }

    /// Reads and validates one section. An error names the key and where its value came from.
    pub(crate) fn section<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let figment = self.figment();
        if figment.find_value(name).is_err() {
            return Err(eyre!("no section [{name}] in {}", self.file.display()))
                .wrap_err("configuration (oneslot --help tells where it is read from)");
        }
        figment.extract_inner(name).map_err(|error| {
            let all = error.into_iter().map(|e| e.to_string()).collect::<Vec<_>>().join("; ");
            eyre!("configuration: section [{name}]: {all}")
        })
    }
}

#[cfg(test)]
#[expect(clippy::result_large_err, reason = "the error type is figment's")]
mod tests {
    use super::*;
    use figment::Jail;
    use std::net::SocketAddr;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Node {
        rpc_addr: SocketAddr,
        sequencer: bool,
    }

    fn load() -> Result<Node> {
        Source::new("oneslot.toml".into()).section("node")
    }

    #[test]
    fn the_environment_overrides_the_file() {
        Jail::expect_with(|jail| {
            jail.create_file("oneslot.toml", "[node]\nrpc_addr='127.0.0.1:1'\nsequencer=true")?;
            assert!(load().expect("valid").sequencer);
            jail.set_env("ONESLOT_NODE__RPC_ADDR", "127.0.0.1:2");
            jail.set_env("ONESLOT_KEY", "not configuration");
            assert_eq!(load().expect("valid").rpc_addr.port(), 2);
            Ok(())
        });
    }

    #[test]
    fn errors_name_the_key() {
        Jail::expect_with(|jail| {
            assert!(load().unwrap_err().to_string().contains("configuration"));
            for (file, key) in [
                ("[node]\nrpc_addr='nowhere'\nsequencer=true", "rpc_addr"),
                ("[node]\nrpc_addr='127.0.0.1:1'", "sequencer"),
                ("[node]\nrpc_addr='127.0.0.1:1'\nsequencer=true\nsequenzer=1", "sequenzer"),
            ] {
                jail.create_file("oneslot.toml", file)?;
                let error = load().unwrap_err().to_string();
                assert!(error.contains(key), "{error}");
            }
            Ok(())
        });
    }
}
