//! `cargo xtask setup`: what the other commands need, from lock files and package managers.

use crate::{guests, npm, sh};
use eyre::{Result, WrapErr, bail};

/// Tools that only some commands need, from Debian's packages.
struct Optional {
    /// The file in `PATH` that tells whether it is there.
    program: &'static str,
    packages: &'static [&'static str],
    /// What cannot be run without it.
    used_by: &'static str,
}

impl Optional {
    fn advice(&self) -> String {
        format!(
            "{} is missing, which only {} needs; as root on Debian:\n    apt-get install {}",
            self.program,
            self.used_by,
            self.packages.join(" ")
        )
    }
}

/// The tools that no lock file can bring.
const OPTIONAL: [Optional; 2] = [
    Optional {
        program: "ld.lld-22",
        packages: &["rustc-web", "cargo-web", "rust-web-src", "lld-22"],
        used_by: "cargo xtask guests (rebuilds the RISC-V programs)",
    },
    Optional {
        program: "qemu-riscv64",
        packages: &["qemu-user"],
        used_by: "the comparison of the RISC-V machine with qemu (ci, test --full)",
    },
];

/// Installs the npm packages; installs the optional tools as root on Debian, elsewhere says which
/// are missing and who needs them.
pub(crate) fn run() -> Result<()> {
    sh::step("setup: npm packages");
    npm::install()?;
    npm::install_state_tests()?;

    let packages: Vec<_> = missing().flat_map(|tool| tool.packages).copied().collect();
    if !packages.is_empty() && sh::is_installed("apt-get") && is_root() {
        sh::step("setup: Debian packages");
        if let Err(error) = apt(&packages) {
            println!("not installed: {error:#}");
        }
    }
    for tool in missing() {
        println!("{}", tool.advice());
    }
    Ok(())
}

/// Fails where an optional tool is missing, and names the command that installs it.
pub(crate) fn require() -> Result<()> {
    if let Some(tool) = missing().next() {
        bail!("{}", tool.advice());
    }
    guests::check_toolchain()
}

fn missing() -> impl Iterator<Item = &'static Optional> {
    OPTIONAL.iter().filter(|tool| !sh::is_installed(tool.program))
}

fn apt(packages: &[&str]) -> Result<()> {
    // Old lists may still do.
    let _ = sh::run(sh::command("apt-get").args(["update", "-qq"]));
    let mut install = sh::command("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    sh::run(install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages))
        .wrap_err_with(|| format!("apt-get install {}", packages.join(" ")))
}

fn is_root() -> bool {
    sh::output(sh::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
