//! Running other programs from the repository root.

use eyre::{Result, WrapErr, ensure};
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
    time::Instant,
};

/// When the first step began.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Announces a step, with the seconds since the first one.
pub(crate) fn step(name: &str) {
    println!("\n==> {name} ({} s)", START.elapsed().as_secs());
}

/// `program`, to be run in the repository root.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs to the end; an error names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = format!("{command:?}");
    let status = command.status().wrap_err_with(|| format!("cannot start {name}"))?;
    ensure!(status.success(), "{name} ended with {status}");
    Ok(())
}

/// Runs to the end and returns what the command prints on standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = format!("{command:?}");
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .wrap_err_with(|| format!("cannot start {name}"))?;
    ensure!(output.status.success(), "{name} ended with {}", output.status);
    String::from_utf8(output.stdout).wrap_err_with(|| format!("{name} prints no text"))
}

/// Whether `program` can be started, by its path or from `PATH`.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
