#![doc = include_str!("../README.md")]

mod config;
mod demo;
mod history;
mod l1;
mod network;
mod ports;
mod process;
mod report;

use eyre::{Result, WrapErr, ensure};
use l1::L1;
use network::Network;
use report::Report;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What the demo says about itself, printed and in the report.
const TRUST: &str = "\
How this devnet decides: a batch is final when TWO lanes agree, here TEE and OP (an optimistic claim
whose window has passed unchallenged). The ZK lane does not vote yet. The TEE is `dev`: a plain process
with a published signing root; its attestation PROVES NOTHING and its verifier refuses to be deployed
on a chain that is not a test chain. The OP window is seconds here and days on a real chain, and its
fault-proof game is not built yet: a challenged claim simply never counts.";

/// Run a whole system on this machine.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// End after the withdrawals; exit code 0 only if every check held.
    #[arg(long)]
    once: bool,
    /// Write the timeline to this file as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Where chain data, logs and configuration go; emptied at the start if a devnet made it.
    #[arg(long, value_name = "DIR", default_value = ".oneslot/devnet")]
    dir: PathBuf,
    /// The anvil program; absent: the one that `cargo xtask setup` installs, else the one in PATH.
    #[arg(long, value_name = "FILE", env = "ONESLOT_ANVIL")]
    anvil: Option<PathBuf>,
    /// How many rollups settle on the one Settlement, each with its own node and services.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=8))]
    rollups: u32,
    /// Port of the L1 RPC; 0 takes a free one.
    #[arg(long, default_value_t = 8545)]
    l1_port: u16,
    /// Port of the L2 RPC; 0 takes a free one. A second rollup has the next one.
    #[arg(long, default_value_t = 9545)]
    l2_port: u16,
    /// Seconds between L1 blocks.
    #[arg(long, default_value_t = 2)]
    l1_block_time: u64,
    /// Window of the optimistic lane, seconds.
    #[arg(long, default_value_t = 10)]
    window: u64,
    /// Seconds between batches.
    #[arg(long, default_value_t = 6)]
    post_interval: u64,
    /// Post batches as calldata instead of blobs.
    #[arg(long)]
    calldata: bool,
}

/// Runs the devnet until its end or Ctrl-C. `program` is the `oneslot` program, which deploys the
/// contracts and is every service.
///
/// # Errors
/// Where a part does not start, where the demo fails, and where one of its checks does not hold.
pub async fn run(args: Args, program: &Path) -> Result<()> {
    println!("{TRUST}\n");
    prepare(&args.dir)?;
    let mut reports = Vec::new();
    for place in 0..args.rollups {
        reports.push(Report {
            trust: TRUST.into(),
            l2_chain_id: config::l2_chain_id(place),
            shows_rollup: args.rollups > 1,
            ..Report::default()
        });
    }
    let mut l1 = L1::start(&args, program).await?;
    let mut networks = Vec::new();
    for (place, report) in (0..).zip(&mut reports) {
        networks.push(Network::start(&args, &mut l1, place, report).await?);
    }
    let outcome = tokio::select! {
        outcome = demos(&l1, &networks, &mut reports) => outcome,
        _ = tokio::signal::ctrl_c() => Err(eyre::eyre!("interrupted")),
    };
    for (network, report) in networks.iter().zip(&mut reports) {
        report.memory = network.memory();
    }
    let mut report = reports.remove(0);
    report.memory.insert(0, l1.memory());
    report.others = reports;
    let ok = report.conclude() && outcome.is_ok();
    report.ok = ok;
    report.print();
    println!("\n{TRUST}");
    if let Some(path) = &args.report {
        let text = serde_json::to_string_pretty(&report)? + "\n";
        fs::write(path, text).wrap_err_with(|| format!("cannot write {}", path.display()))?;
        println!("\nThe timeline as JSON: {}", path.display());
    }
    if !args.once && outcome.is_ok() {
        println!("The devnet stays up until Ctrl-C.");
        networks.iter().for_each(Network::print_how_to_use);
        tokio::signal::ctrl_c().await?;
        println!("\nStopping");
    }
    let logs = l1.logs().to_owned();
    for network in networks {
        network.stop().await;
    }
    l1.stop().await;
    outcome.wrap_err_with(|| format!("the logs are in {}", logs.display()))?;
    ensure!(ok, "a check failed (see above); the logs are in {}", logs.display());
    Ok(())
}

/// A user's way through every rollup, all at the same time, and a look at the deployment.
async fn demos(l1: &L1, networks: &[Network], reports: &mut [Report]) -> Result<()> {
    let differences = l1.differences().await?;
    reports[0].check(
        "L1 has what the deployment's files say",
        differences.is_empty(),
        if differences.is_empty() { "no difference".into() } else { differences.join("; ") },
    );
    let demos = networks.iter().zip(reports).map(|(network, report)| async move {
        let rollup = network.deployment.l2_chain_id;
        demo::run(network, report).await.wrap_err_with(|| format!("rollup {rollup}"))
    });
    futures::future::try_join_all(demos).await.map(|_| ())
}

/// An empty folder at `dir`. A folder that no devnet made is left alone.
fn prepare(dir: &PathBuf) -> Result<()> {
    const MARK: &str = "oneslot-devnet";
    if dir.exists() {
        let ours = dir.join(MARK).exists() || dir.read_dir()?.next().is_none();
        ensure!(ours, "{} exists and is not a devnet's: choose another --dir", dir.display());
        fs::remove_dir_all(dir).wrap_err_with(|| format!("cannot empty {}", dir.display()))?;
    }
    fs::create_dir_all(dir).wrap_err_with(|| format!("cannot make {}", dir.display()))?;
    fs::write(dir.join(MARK), "made and emptied by `oneslot devnet`\n")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_somebody_else_is_not_emptied() {
        let dir = tempfile::tempdir().expect("folder");
        let theirs = dir.path().join("theirs");
        fs::create_dir(&theirs).expect("folder");
        fs::write(theirs.join("thesis.txt"), "years").expect("file");
        assert!(prepare(&theirs).is_err());
        assert!(theirs.join("thesis.txt").exists());

        let ours = dir.path().join("ours");
        prepare(&ours).expect("made");
        fs::write(ours.join("old"), "").expect("file");
        prepare(&ours).expect("made again");
        assert!(!ours.join("old").exists());
    }
}
