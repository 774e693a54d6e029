//! `oneslot config check`: reads every section of a configuration file as its command would.

use super::{WalletSection, deploy, print};
use crate::config::Source;
use eyre::{Result, bail, ensure};
use oneslot_l2::NodeConfig;
use oneslot_services::{
    AttesterConfig, EnclaveConfig, PosterConfig, ProposerConfig, SettlerConfig,
};
use serde_json::json;

/// Check a configuration file.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Read every section as its command would, and name each key that is wrong.
    Check,
}

pub(crate) fn run(source: &Source, command: Command, json: bool) -> Result<()> {
    let Command::Check = command;
    let names = source.sections()?;
    ensure!(!names.is_empty(), "the configuration has no section");
    let mut errors = Vec::new();
    for name in &names {
        if let Err(error) = section(source, name) {
            errors.push(format!("{error:#}"));
        }
    }
    print(json, &json!({"ok": errors.is_empty(), "sections": names, "errors": errors}), || {
        errors.iter().for_each(|error| println!("{error}"));
        if errors.is_empty() {
            println!("right: {}", names.join(", "));
        }
    })?;
    if !errors.is_empty() {
        bail!("{} of {} sections are wrong", errors.len(), names.len());
    }
    Ok(())
}

/// Reads one section as its command would.
fn section(source: &Source, name: &str) -> Result<()> {
    match name {
        "node" => source.section::<NodeConfig>(name).map(drop),
        "post" => source.section::<PosterConfig>(name).map(drop),
        "enclave" => source.section::<EnclaveConfig>(name).map(drop),
        "attest" => source.section::<AttesterConfig>(name).map(drop),
        "propose" => source.section::<ProposerConfig>(name).map(drop),
        "settle" => source.section::<SettlerConfig>(name).map(drop),
        "wallet" => source.section::<WalletSection>(name).map(drop),
        "deploy" | "system" | "rollup" => deploy::check_section(source, name),
        _ => bail!("configuration: section [{name}] is none that a command reads"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Serialize, de::DeserializeOwned};
    use serde_json::Value;
    use std::path::{Path, PathBuf};

    fn example(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ops").join(name)
    }

    #[test]
    fn the_examples_are_right() {
        for name in ["oneslot.example.toml", "deploy.example.toml"] {
            run(&Source::new(example(name)), Command::Check, false).expect(name);
        }
    }

    /// Rules that the program refuses would make a rollup that can never pay.
    #[test]
    fn rules_that_the_program_refuses_are_not_deployed() {
        let dir = tempfile::tempdir().expect("folder");
        let right = std::fs::read_to_string(example("deploy.example.toml")).expect("example");
        for (from, to) in [
            ("gas_limit = 5700000", "gas_limit = 5700001"),
            ("max_blocks_per_batch = 384", "max_blocks_per_batch = 385"),
            ("max_batch_bytes = 1048576", "max_batch_bytes = 1048577"),
        ] {
            assert!(right.contains(from), "{from}");
            let file = dir.path().join("deploy.toml");
            std::fs::write(&file, right.replace(from, to)).expect("write");
            let source = Source::new(file);
            let error = section(&source, "rollup").expect_err(to);
            assert!(format!("{error:#}").contains(to.split_once(" = ").expect("a number").1));
        }
    }

    #[test]
    fn a_wrong_key_a_wrong_value_and_an_unknown_section_are_named() {
        let dir = tempfile::tempdir().expect("folder");
        let right = std::fs::read_to_string(example("oneslot.example.toml")).expect("example");
        for (from, to, key) in [
            ("\nsequencer = ", "\nsequenzer = ", "sequenzer"),
            ("\ninterval_s = 12", "\ninterval_s = \"soon\"", "interval_s"),
            ("\n[settle]", "\n[settler]", "settler"),
        ] {
            assert!(right.contains(from), "the example has no {from:?}");
            let path = dir.path().join("oneslot.toml");
            std::fs::write(&path, right.replacen(from, to, 1)).expect("written");
            let source = Source::new(path);
            assert!(run(&source, Command::Check, true).is_err(), "{key}");
            let errors = source.sections().expect("sections").into_iter();
            let errors = errors.filter_map(|name| section(&source, &name).err());
            let text: String = errors.map(|error| format!("{error:#}\n")).collect();
            assert!(text.contains(key), "{text}");
        }
    }

    /// Every key of a section's type, as `key =` or `[section.key]`, also behind `#`.
    fn keys_occur<T: DeserializeOwned + Serialize>(name: &str) {
        fn collect(value: &Value, keys: &mut Vec<String>) {
            for (key, value) in value.as_object().into_iter().flatten() {
                keys.push(key.clone());
                collect(value, keys);
            }
        }
        let path = example("oneslot.example.toml");
        let text = std::fs::read_to_string(&path).expect("example");
        let start = text.find(&format!("\n[{name}]\n")).expect("section");
        let rest = &text[start + 1..];
        // A section ends where one begins whose name is not below it.
        let own = |line: &&str| {
            !line.starts_with('[')
                || line.starts_with(&format!("[{name}]"))
                || line.starts_with(&format!("[{name}."))
        };
        let lines: Vec<&str> = rest.lines().take_while(own).collect();
        let value: T = Source::new(path).section(name).expect("right");
        let mut keys = Vec::new();
        collect(&serde_json::to_value(value).expect("JSON"), &mut keys);
        assert!(keys.len() > 2, "{keys:?}");
        for key in keys {
            let found = lines.iter().any(|line| {
                let line = line.trim_start_matches("# ");
                line.starts_with(&format!("{key} = ")) || line.ends_with(&format!(".{key}]"))
            });
            assert!(found, "the example's [{name}] lacks {key}");
        }
    }

    #[test]
    fn every_key_occurs_in_the_example() {
        keys_occur::<NodeConfig>("node");
        keys_occur::<PosterConfig>("post");
        keys_occur::<EnclaveConfig>("enclave");
        keys_occur::<AttesterConfig>("attest");
        keys_occur::<ProposerConfig>("propose");
        keys_occur::<SettlerConfig>("settle");
        keys_occur::<WalletSection>("wallet");
    }
}
