//! `oneslot`: every part of the system as a command, and all of them together as `oneslot devnet`.

mod command;
mod config;
mod key;
mod program;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use eyre::{Result, WrapErr};
use std::{io::IsTerminal, path::PathBuf};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{EnvFilter, fmt};

const ABOUT: &str = "Settles a rollup by two of three proofs and pays withdrawals at once";
const HELP: &str = "\
Start here:
  oneslot devnet             L1, contracts, rollup and all services on this machine, and one
                             deposit and two withdrawals as a user makes them
  oneslot status             what is final, by which lanes, and how old it is

Configuration: a TOML file (--config, default oneslot.toml) with one section for each command.
A variable ONESLOT_<SECTION>__<KEY> overrides a key: ONESLOT_NODE__RPC_ADDR=127.0.0.1:9545.
Private keys are read from the variable ONESLOT_KEY or from the file it names in ONESLOT_KEY_FILE;
they are never arguments. RUST_LOG sets what is logged (to standard error).";

#[derive(Parser)]
#[command(name = "oneslot", version, about = ABOUT, after_help = HELP)]
struct Args {
    /// Configuration file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "ONESLOT_CONFIG",
        default_value = "oneslot.toml"
    )]
    config: PathBuf,
    /// Print results as JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a whole system on this machine: L1 (anvil), contracts, node, services, and a user's way through it.
    Devnet(oneslot_devnet::Args),
    /// Deploy Settlement, lanes and rollups on L1, and compare L1 with the files.
    #[command(subcommand)]
    Deploy(command::deploy::Command),
    /// Check the configuration file of the services.
    #[command(subcommand)]
    Config(command::config::Command),
    /// Run the rollup node: sequencer or follower, with JSON-RPC. Section `[node]`.
    Node,
    /// Post the rollup's blocks to the Inbox on L1. Section `[post]`.
    Post,
    /// Run the enclave: execute batches in it and sign what they do. Section `[enclave]`.
    Enclave,
    /// Have the enclave sign each batch, and submit what it signs. Section `[attest]`.
    Attest,
    /// Claim the output of each batch on the optimistic lane, with a bond. Section `[propose]`.
    Propose,
    /// Make batches final as soon as two lanes agree; pay withdrawals if told to. Section `[settle]`.
    Settle,
    /// Move ETH or an ERC-20 from L1 to L2. Section `[wallet]`.
    Deposit(command::deposit::Args),
    /// Move ETH or an ERC-20 from L2 to L1. Section `[wallet]`.
    #[command(subcommand)]
    Withdraw(command::withdraw::Command),
    /// Show what is final, by which lanes, and how old it is. Section `[wallet]`.
    Status,
    /// Show one batch, statement or claim as the chain has it. Section `[wallet]`.
    #[command(subcommand)]
    Inspect(command::inspect::Command),
    /// Execute recorded blocks of live OP Stack chains and compare the block hashes.
    Replay(command::replay::Args),
    /// Execute a RISC-V program and show what it did, by function.
    Run(command::run::Args),
    /// Prove the run of a RISC-V program: segments in parallel, proofs in a folder, resumed if interrupted.
    Prove(command::prove::ProveArgs),
    /// Verify a folder of proofs: every segment, and that they chain from the program's start to its halt.
    Verify(command::prove::VerifyArgs),
    /// Write completions for a shell to standard output.
    Completions {
        /// Which shell: bash, zsh, fish, ...
        shell: Shell,
    },
}

impl Command {
    /// Whether it runs until it is stopped, as a process of an operator.
    fn is_service(&self) -> bool {
        use Command::{Attest, Enclave, Node, Post, Propose, Settle};
        matches!(self, Node | Post | Enclave | Attest | Propose | Settle)
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    // Services tell what they do; a person at a terminal reads the result instead.
    let quiet = !args.command.is_service();
    let level = if quiet { "warn" } else { "info" };
    fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| level.into()))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(args))
}

async fn run(args: Args) -> Result<()> {
    let config = config::Source::new(args.config);
    let json = args.json;
    match args.command {
        Command::Devnet(args) => {
            let program = std::env::current_exe().wrap_err("cannot find the oneslot program")?;
            oneslot_devnet::run(args, &program).await
        }
        Command::Deploy(command) => command::deploy::run(&config, command, json).await,
        Command::Config(command) => command::config::run(&config, command, json),
        Command::Node => command::service::node(&config, on_signal()).await,
        Command::Post => command::service::post(&config, on_signal()).await,
        Command::Enclave => command::service::enclave(&config, on_signal()).await,
        Command::Attest => command::service::attest(&config, on_signal()).await,
        Command::Propose => command::service::propose(&config, on_signal()).await,
        Command::Settle => command::service::settle(&config, on_signal()).await,
        Command::Deposit(args) => command::deposit::run(&config, args, json).await,
        Command::Withdraw(command) => command::withdraw::run(&config, command, json).await,
        Command::Status => command::status::run(&config, json).await,
        Command::Inspect(command) => command::inspect::run(&config, command, json).await,
        Command::Replay(args) => command::replay::run(args, json),
        Command::Run(args) => command::run::run(args, json),
        Command::Prove(args) => command::prove::prove(args, json),
        Command::Verify(args) => command::prove::verify(args, json),
        Command::Completions { shell } => {
            completions(shell);
            Ok(())
        }
    }
}

/// Writes the completions of a shell to standard output.
fn completions(shell: Shell) {
    clap_complete::generate(shell, &mut Args::command(), "oneslot", &mut std::io::stdout());
}

/// Cancelled by SIGINT and SIGTERM, so that services end between two steps.
fn on_signal() -> CancellationToken {
    let cancel = CancellationToken::new();
    let token = cancel.clone();
    tokio::spawn(async move {
        use tokio::signal::unix::{SignalKind, signal};
        let mut term = signal(SignalKind::terminate()).expect("invariant: SIGTERM can be handled");
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = term.recv() => {}
        }
        tracing::info!("stopping");
        token.cancel();
    });
    cancel
}

#[cfg(test)]
#[path = "../../../tests/support/commands.rs"]
mod commands;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{DEPLOY, DEVNET, OFFLINE, WITHOUT_JSON};

    /// Every command without commands below it, as one types it.
    fn leaves(command: &clap::Command, before: &str, found: &mut Vec<String>) {
        for command in command.get_subcommands() {
            let name = format!("{before} {}", command.get_name());
            if command.has_subcommands() {
                leaves(command, &name, found);
            } else {
                found.push(name.trim_start().to_owned());
            }
        }
    }

    #[test]
    fn the_json_of_every_command_is_checked_by_a_test() {
        let mut found = Vec::new();
        leaves(&Args::command(), "", &mut found);
        found.sort();
        let mut listed = [OFFLINE, DEPLOY, DEVNET, WITHOUT_JSON].concat();
        listed.sort_unstable();
        assert_eq!(found, listed, "tests/support/commands.rs lists the commands");
    }
}
