//! What `ops/` tells an operator to install must fit the code: image, units, dashboard, alert rules.

mod dockerfile;
mod metrics;
mod units;

use crate::sh;
use eyre::Result;
use std::process::Stdio;

/// Checks what can be checked without installing anything.
pub(crate) fn check() -> Result<()> {
    sh::step("lint: ops");
    dockerfile::check()?;
    units::check()?;
    metrics::check()
}

/// Builds the image where a container engine runs; elsewhere says that it did not.
pub(crate) fn image() -> Result<()> {
    sh::step("ops: build the image");
    if !engine() {
        println!("LEFT OUT: no docker engine runs here, so that the Dockerfile was only parsed");
        return Ok(());
    }
    sh::run(sh::command("docker").args([
        "build",
        "--file",
        dockerfile::PATH,
        "--tag",
        "oneslot",
        ".",
    ]))
}

/// Whether `docker` is there and its engine answers.
fn engine() -> bool {
    let mut docker = sh::command("docker");
    docker.arg("info").stdout(Stdio::null()).stderr(Stdio::null());
    docker.status().is_ok_and(|status| status.success())
}
