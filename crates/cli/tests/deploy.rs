//! `oneslot deploy system | rollup | check` as a rollup team runs them: the built program, with a
//! configuration made from the example, against anvil, which `cargo xtask setup` installs.

#[path = "../../../tests/support/commands.rs"]
mod commands;
#[path = "deploy/team.rs"]
mod team;

use alloy::providers::Provider;
use alloy_primitives::{Address, U256};
use oneslot_l1::CREATE2_FACTORY;
use serde_json::{Value, json};
use team::{SafeTeam, Workplace};

/// Everything with a key: the files of two rollups, a check that is green, and red after each change.
#[tokio::test(flavor = "multi_thread")]
async fn a_system_and_two_rollups_are_deployed_and_checked() {
    let place = Workplace::new();
    place.write_config(|text| text);

    let system = place.json(&["deploy", "system"]);
    assert_eq!(system, place.read("deployment/deployment.json"));
    let again = place.fails(&["deploy", "system"]);
    assert!(again.contains("there is a system already"), "{again}");

    let rollups = place.json(&["deploy", "rollup"]);
    let rollups = rollups.as_array().expect("a list");
    assert_eq!(rollups.len(), 2);
    for (name, rollup) in ["alpha", "beta"].into_iter().zip(rollups) {
        assert_eq!(rollup, &place.read(&format!("deployment/{name}/deployment.json")));
        for file in ["genesis.json", "rollup.json"] {
            assert!(place.read(&format!("deployment/{name}/{file}")).is_object());
        }
        assert!(!place.exists(&format!("deployment/{name}/plan.json")));
        assert_eq!(rollup["settlement"], system["contracts"]["settlement"]["address"]);
    }
    assert_ne!(rollups[0]["rollupId"], rollups[1]["rollupId"]);
    // Again: nothing is sent.
    let nonce = place.nonce(place.account(0).await).await;
    assert_eq!(place.json(&["deploy", "rollup"]).as_array().expect("a list"), rollups);
    assert_eq!(place.nonce(place.account(0).await).await, nonce);

    assert_eq!(place.json(&["deploy", "check"]), json!({"ok": true, "differences": []}));
    for (file, path, value, difference) in [
        ("deployment.json", "/params/tee/keyLife", json!(2_591_999), "TeeLane.keyLife"),
        ("alpha/deployment.json", "/forceWindow", json!(3599), "alpha: Inbox.forceWindow"),
        ("beta/deployment.json", "/changeDelay", json!(1), "beta: Settlement.council.changeDelay"),
        ("beta/rollup.json", "/block_time", json!(2), "beta: rollup.json"),
        ("alpha/genesis.json", "/gasLimit", json!("0x1"), "alpha: genesis.json"),
    ] {
        let file = format!("deployment/{file}");
        let right = place.read(&file);
        let mut wrong = right.clone();
        *wrong.pointer_mut(path).expect(path) = value;
        place.write(&file, &wrong);
        let (report, error) = place.fails_with_json(&["deploy", "check"]);
        assert_eq!(report["ok"], false, "{report}");
        let differences = report["differences"].as_array().expect("a list");
        let found = differences.iter().any(|found| found["name"] == difference);
        assert!(found, "{difference}: {report}");
        assert!(error.contains("are not what the files say"), "{error}");
        place.write(&file, &right);
    }
    assert_eq!(place.json(&["deploy", "check"])["ok"], true);
    commands::assert_all_checked(commands::DEPLOY);
}

/// A Safe of two owners deploys all of it, from the files that are written for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_safe_executes_the_batches_and_the_check_is_green() {
    let place = Workplace::new();
    let team = SafeTeam::deploy(&place).await;
    place.write_config(|text| team::sends_from(&text, team.safe));
    let before = place.fails(&["deploy", "system"]);
    assert!(before.contains("not executed yet: Settlement, "), "{before}");

    let written = place.json(&["deploy", "system", "--as-safe-batch", "system.json"]);
    // Each batch is one transaction of the Safe, and all of it is too much for one.
    assert_eq!(written["files"], json!(["system.json", "system-2.json"]));
    for file in ["system.json", "system-2.json"] {
        let batch = place.read(file);
        assert_eq!((&batch["version"], &batch["chainId"]), (&json!("1.0"), &json!("31337")));
        assert_eq!(batch["meta"]["createdFromSafeAddress"], team.safe.to_string());
        assert!(batch["meta"]["checksum"].is_string());
        for tx in batch["transactions"].as_array().expect("a list") {
            assert_eq!(tx["to"], CREATE2_FACTORY.to_string());
            assert_eq!((&tx["value"], &tx["contractMethod"]), (&json!("0"), &Value::Null));
        }
        team.execute(&place, &batch).await;
    }
    let system = place.json(&["deploy", "system"]);
    assert_eq!(system["contracts"].as_object().expect("contracts").len(), written_names(&written));

    let unplanned = place.fails(&["deploy", "rollup"]);
    assert!(unplanned.contains("nothing is planned"), "{unplanned}");
    let written = place.json(&["deploy", "rollup", "--as-safe-batch", "rollups.json"]);
    assert!(place.exists("deployment/alpha/plan.json"));
    let waiting = place.fails(&["deploy", "rollup"]);
    assert!(waiting.contains("RollupDeployer") && waiting.contains("Register"), "{waiting}");
    for file in written["files"].as_array().expect("a list") {
        team.execute(&place, &place.read(file.as_str().expect("a name"))).await;
    }
    let again = place.json(&["deploy", "rollup", "--as-safe-batch", "rollups.json"]);
    assert_eq!(again, json!({"files": [], "transactions": []}));
    let rollups = place.json(&["deploy", "rollup"]);
    for rollup in rollups.as_array().expect("a list") {
        assert_eq!(rollup["registrant"], json!(team.safe));
    }
    assert_eq!(place.json(&["deploy", "check"]), json!({"ok": true, "differences": []}));
}

/// Transactions in a broadcast file are those that the program would send itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_file_holds_what_the_program_would_send() {
    let place = Workplace::new();
    place.write_config(|text| text);
    let without_safe = place.fails(&["deploy", "system", "--as-safe-batch", "batch.json"]);
    assert!(without_safe.contains("`account`"), "{without_safe}");

    let account = place.account(0).await;
    for (command, first) in [("system", "Settlement"), ("rollup", "RollupDeployer")] {
        let nonce = place.nonce(account).await;
        place.json(&["deploy", command, "--as-broadcast", "run-latest.json"]);
        assert_eq!(place.nonce(account).await, nonce, "nothing was sent");
        let broadcast = place.read("run-latest.json");
        assert_eq!(broadcast["chain"], 31337);
        let transactions = broadcast["transactions"].as_array().expect("a list");
        assert_eq!(transactions[0]["contractName"], first);
        for (place_in_file, tx) in transactions.iter().enumerate() {
            let expected = U256::from(nonce + place_in_file as u64);
            assert_eq!(tx["transaction"]["nonce"], json!(expected));
            assert_eq!(tx["transaction"]["from"], json!(account));
            place.send(tx["transaction"].clone()).await;
            let created: Address = parse(&tx["contractAddress"]);
            let code = place.provider().get_code_at(created).await.expect("code");
            assert!(!code.is_empty(), "{tx}");
            for other in tx["additionalContracts"].as_array().expect("a list") {
                let code = place.provider().get_code_at(parse(&other["address"])).await;
                assert!(!code.expect("code").is_empty(), "{other}");
            }
        }
        let nonce = place.nonce(account).await;
        place.json(&["deploy", command]);
        assert_eq!(place.nonce(account).await, nonce, "everything was there");
    }
    assert_eq!(place.json(&["deploy", "check"])["ok"], true);
}

/// A chain that lacks the deterministic deployment proxy is refused before anything is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_without_the_deployment_proxy_is_refused() {
    let place = Workplace::new();
    place.write_config(|text| text);
    place.rpc("anvil_setCode", json!([CREATE2_FACTORY, "0x"])).await;
    let error = place.fails(&["deploy", "system"]);
    assert!(error.contains("deterministic deployment proxy"), "{error}");
}

/// How many contracts the transactions create.
fn written_names(written: &Value) -> usize {
    let transactions = written["transactions"].as_array().expect("a list");
    transactions.iter().map(|tx| tx["creates"].as_array().expect("a list").len()).sum()
}

fn parse(address: &Value) -> Address {
    address.as_str().expect("text").parse().expect("an address")
}
