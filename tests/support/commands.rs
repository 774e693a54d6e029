//! The commands of `oneslot`, and that all of them print JSON in one style.
//!
//! A unit test of the program compares these lists with its commands, so that a new one is not
//! forgotten; each test program named here runs the commands of its list and checks what they print.

#![allow(dead_code, reason = "each test program uses a part")]

use serde_json::Value;
use std::{collections::BTreeSet, sync::Mutex};

/// What `crates/cli/tests/offline.rs` runs.
pub(crate) const OFFLINE: &[&str] = &["config check", "prove", "replay", "run", "verify"];
/// What `crates/cli/tests/deploy.rs` runs.
pub(crate) const DEPLOY: &[&str] = &["deploy check", "deploy rollup", "deploy system"];
/// What `tests/whole.rs` runs against a devnet.
pub(crate) const DEVNET: &[&str] = &[
    "deposit",
    "inspect batch",
    "inspect claim",
    "inspect rollup",
    "inspect statement",
    "status",
    "withdraw pay",
    "withdraw start",
    "withdraw status",
];
/// What prints no JSON: services, and what only a person or a shell reads.
pub(crate) const WITHOUT_JSON: &[&str] =
    &["attest", "completions", "devnet", "enclave", "node", "post", "propose", "settle"];

/// The commands whose output was checked in this process.
static CHECKED: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

/// Reads what `oneslot --json` printed with these arguments, and checks its keys.
pub(crate) fn parse(args: &[&str], output: &[u8]) -> Value {
    let text = String::from_utf8_lossy(output);
    let value = serde_json::from_str(&text);
    let value: Value = value.unwrap_or_else(|e| panic!("oneslot {args:?}: {e}: {text}"));
    let mut wrong = Vec::new();
    collect_wrong_keys(&value, &mut wrong);
    assert!(wrong.is_empty(), "oneslot {args:?}: {wrong:?} are not in camelCase");
    let words: Vec<_> = args.iter().filter(|word| !word.starts_with("--")).copied().collect();
    let is_run = |name: &&str| words.starts_with(&name.split(' ').collect::<Vec<_>>());
    let known = [OFFLINE, DEPLOY, DEVNET].concat().into_iter().find(is_run);
    let known = known.unwrap_or_else(|| panic!("{words:?} is in no list of commands"));
    CHECKED.lock().expect("invariant: no check panics inside").insert(known);
    value
}

/// That every command of a list was checked in this process.
pub(crate) fn assert_all_checked(list: &[&str]) {
    let checked = CHECKED.lock().expect("invariant: no check panics inside");
    let missing: Vec<_> = list.iter().filter(|name| !checked.contains(*name)).collect();
    assert!(missing.is_empty(), "nothing checked the JSON of {missing:?}");
}

/// Keys that are no names in camelCase. A key that is an address or a hash is no name.
fn collect_wrong_keys(value: &Value, wrong: &mut Vec<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect_wrong_keys(value, wrong)),
        Value::Object(fields) => {
            for (key, value) in fields {
                let starts_small = key.starts_with(|c: char| c.is_ascii_lowercase());
                let is_name = starts_small && key.chars().all(|c| c.is_ascii_alphanumeric());
                if !is_name && !key.starts_with("0x") {
                    wrong.push(key.clone());
                }
                collect_wrong_keys(value, wrong);
            }
        }
        _ => {}
    }
}
