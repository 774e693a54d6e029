//! `cargo xtask doc`: the documentation of our crates, in which a broken link is an error.

use crate::sh;
use eyre::Result;

/// Builds `target/doc`.
pub(crate) fn run() -> Result<()> {
    sh::step("doc");
    sh::run(
        sh::cargo()
            .args(["doc", "--locked", "--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}
