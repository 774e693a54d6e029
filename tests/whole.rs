//! The whole system, run as a person runs it: `oneslot devnet` and its commands.
//!
//! Needs anvil, which `cargo xtask setup` installs.

mod support;

use serde_json::{Value, json};
use support::{Devnet, NodeProcess, get, rpc};

/// The demo, then everything a newcomer would try on the running system.
#[test]
fn demo_pays_two_withdrawals_and_a_second_node_derives_the_same_chain() {
    let _turn = support::turn();
    let mut devnet = Devnet::start(&[]);
    let report = devnet.report();
    assert_report(&report);

    every_process_is_healthy(&devnet);
    second_node_derives_the_same_chain(&devnet);
    commands_work(&devnet);
    devnet.interrupt();
}

/// Every service is killed once, at a different point of the demo; nothing is lost or done twice.
#[test]
fn demo_survives_the_sudden_death_of_each_service() {
    let _turn = support::turn();
    let mut devnet = Devnet::start(&[]);
    for (service, stage) in [
        ("node", "rollup.ready"),
        ("post", "deposit.eth"),
        ("enclave", "deposit.erc20"),
        ("attest", "deposit.erc20"),
        ("propose", "withdraw.erc20"),
        ("settle", "withdraw.erc20"),
        ("node", "withdraw.erc20"),
    ] {
        devnet.until_stage(stage);
        devnet.kill(service);
    }
    let report = devnet.report();
    assert_report(&report);
    let restarts = |name: &str| {
        let memory = report["memory"].as_array().expect("memory");
        let row = memory.iter().find(|row| row["name"] == name).expect("a row for each process");
        row["restarts"].as_u64().expect("number")
    };
    for service in ["node", "post", "enclave", "attest", "propose", "settle"] {
        assert!(restarts(service) >= 1, "{service} was not killed");
    }
    devnet.interrupt();
}

/// Two rollups share L1, Settlement and lanes, and both pay their withdrawals.
#[test]
fn two_rollups_on_one_settlement_pay_their_withdrawals() {
    let _turn = support::turn();
    let mut devnet = Devnet::start(&["--rollups", "2"]);
    let report = devnet.report();
    assert_report(&report);
    let others = report["others"].as_array().expect("reports of the other rollups");
    assert_eq!(others.len(), 1);
    assert_report(&others[0]);
    assert_eq!((&report["l2ChainId"], &others[0]["l2ChainId"]), (&json!(901), &json!(902)));
    assert_ne!(report["finalOutput"], others[0]["finalOutput"]);
    let check = devnet.oneslot(&["--json", "deploy", "check"]);
    assert_eq!(check, json!({"ok": true, "differences": []}));
    devnet.interrupt();
}

/// The same with deaths at random moments, dozens of them.
#[test]
#[ignore = "another minute and a half; run it after changes to the services or the wallet"]
fn demo_survives_deaths_at_any_moment() {
    let _turn = support::turn();
    let mut devnet = Devnet::start(&[]);
    devnet.until_stage("contracts.deployed");
    let services = ["node", "post", "enclave", "attest", "propose", "settle"];
    let (report, killed) = devnet.report_under_kills(&services);
    assert_report(&report);
    assert!(killed > 5, "only {killed} processes died");
    devnet.interrupt();
}

/// What a run must have shown, judged by the report alone.
fn assert_report(report: &Value) {
    for check in report["checks"].as_array().expect("checks") {
        assert_eq!(check["ok"], json!(true), "{check}");
    }
    assert_eq!(report["ok"], json!(true));
    let stages = report["stages"].as_array().expect("stages");
    for name in [
        "contracts.deployed",
        "rollup.ready",
        "deposit.eth",
        "deposit.erc20",
        "l2.transfer",
        "l2.deploy",
        "l2.call",
        "withdraw.eth",
        "withdraw.erc20",
        "batch.posted",
        "tee.attested",
        "op.claimed",
        "batch.final",
        "paid.eth",
        "paid.erc20",
    ] {
        assert!(stages.iter().any(|stage| stage["name"] == name), "no stage {name}");
    }
    let times: Vec<_> = stages.iter().map(|stage| stage["atMs"].as_u64().expect("ms")).collect();
    assert!(times.is_sorted());
    let finality = report["finality"].as_array().expect("finality");
    assert!(!finality.is_empty());
    for batch in finality {
        assert_eq!(batch["lanes"], json!(["TEE", "OP"]));
    }
}

/// `/health` and `/metrics` of every process, where `endpoints.json` says.
fn every_process_is_healthy(devnet: &Devnet) {
    for (name, metric) in [
        ("node", "oneslot_l2_safe_block"),
        ("enclave", "oneslot_tee_statements_signed_total"),
        ("post", "oneslot_posted_batch"),
        ("attest", "oneslot_attested_batch"),
        ("propose", "oneslot_claimed_batch"),
        ("settle", "oneslot_final_batch_age_seconds"),
    ] {
        let address = devnet.http_address(name);
        let (head, body) = get(&address, "/health");
        assert!(head.starts_with("HTTP/1.1 200"), "{name}: {head}\n{body}");
        let (_, body) = get(&address, "/metrics");
        assert!(body.contains(metric), "{name} has no {metric}:\n{body}");
    }
}

fn second_node_derives_the_same_chain(devnet: &Devnet) {
    let node = NodeProcess::follower(devnet);
    let safe = |url: &str| rpc(url, "oneslot_syncStatus", json!([]))["safeL2"]["number"].as_u64();
    let goal = safe(&devnet.l2_rpc()).expect("the sequencer's node has a safe head");
    assert!(goal > 0);
    node.until(|url| safe(url) >= Some(goal));

    for number in 0..=goal {
        let tag = json!([format!("0x{number:x}"), true]);
        let theirs = rpc(&devnet.l2_rpc(), "eth_getBlockByNumber", tag.clone());
        let ours = rpc(&node.url, "eth_getBlockByNumber", tag);
        assert!(theirs.is_object());
        assert_eq!(ours, theirs, "block {number}");
        let tag = json!([format!("0x{number:x}")]);
        let theirs = rpc(&devnet.l2_rpc(), "eth_getBlockReceipts", tag.clone());
        assert_eq!(
            rpc(&node.url, "eth_getBlockReceipts", tag),
            theirs,
            "receipts of block {number}"
        );
    }
    let tag = json!([format!("0x{goal:x}")]);
    let output = |url: &str| rpc(url, "optimism_outputAtBlock", tag.clone())["outputRoot"].clone();
    assert_eq!(output(&node.url), output(&devnet.l2_rpc()));
}

/// The RISC-V program on the preimages of a batch, which the node gives, commits the statement of the lanes.
fn the_program_answers(devnet: &Devnet, batch: &str, statement: &Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().to_str().expect("a path in UTF-8");
    devnet.oneslot(&["--json", "inspect", "batch", batch, "--preimages", folder]);
    let elf = concat!(env!("CARGO_MANIFEST_DIR"), "/../../guests/elf/stf.elf");
    let run = devnet.oneslot(&["--json", "run", "--elf", elf, "--preimages", folder]);
    let id = statement["statementId"].as_str().expect("an id");
    assert_eq!(run["output"].as_str(), id.strip_prefix("0x"), "{run}");
}

/// A deposit and a withdrawal by the commands, as the README shows them.
fn commands_work(devnet: &Devnet) {
    let deposit = devnet.oneslot(&["--json", "deposit", "--eth", "1"]);
    assert!(deposit["l2Tx"].is_string(), "{deposit}");
    let started = devnet.oneslot(&["--json", "withdraw", "start", "--eth", "0.25"]);
    let tx = started["l2Tx"].as_str().expect("a transaction").to_owned();
    let paid = devnet.oneslot(&["--json", "withdraw", "pay", &tx, "--wait"]);
    assert_eq!(paid["state"], "paid", "{paid}");
    let status = devnet.oneslot(&["--json", "withdraw", "status", &tx]);
    assert_eq!(status["state"], "paid", "{status}");
    let overall = devnet.oneslot(&["--json", "status"]);
    let finalized = overall["finalizedBatch"].as_u64().expect("number");
    assert!(finalized >= 1);
    let batch = devnet.oneslot(&["--json", "inspect", "batch", &finalized.to_string()]);
    assert_eq!(batch["index"].as_u64(), Some(finalized), "{batch}");
    let statement = devnet.oneslot(&["--json", "inspect", "statement", &finalized.to_string()]);
    the_program_answers(devnet, &finalized.to_string(), &statement);
    for (place, name) in ["TEE", "OP"].into_iter().enumerate() {
        let lane = &statement["lanes"][place];
        assert_eq!((&lane["name"], &lane["attests"]), (&json!(name), &json!(true)), "{statement}");
    }
    let claim = devnet.oneslot(&["--json", "inspect", "claim", &finalized.to_string()]);
    assert!(claim["proposer"].is_string(), "{claim}");
    let facts = devnet.oneslot(&["--json", "inspect", "rollup"]);
    let lanes = facts["rules"]["lanes"].as_array().expect("lanes");
    let kinds: Vec<_> = lanes.iter().map(|lane| &lane["says"]["kind"]).collect();
    assert_eq!(kinds, [&json!("tee"), &json!("optimistic")], "{facts}");
    assert!(facts["finalBatch"].as_u64().expect("a number") >= finalized, "{facts}");
    support::commands::assert_all_checked(support::commands::DEVNET);
}
