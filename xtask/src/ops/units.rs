//! The systemd units: one for each service, which runs that service under its own account.

use crate::sh;
use eyre::{Result, WrapErr, ensure};
use std::{collections::BTreeSet, fs};

/// The services, by the command that runs them.
const SERVICES: &[&str] = &["node", "post", "enclave", "attest", "propose", "settle"];

/// Fails if a unit is missing, is one too many, or runs something else than its name says.
pub(super) fn check() -> Result<()> {
    let folder = sh::root().join("ops/systemd");
    let accounts =
        fs::read_to_string(folder.join("oneslot.sysusers")).wrap_err("oneslot.sysusers")?;
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(&folder).wrap_err("ops/systemd")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let service = name.strip_prefix("oneslot-").and_then(|n| n.strip_suffix("@.service"));
        let Some(service) = service else { continue };
        let text = fs::read_to_string(folder.join(&name)).wrap_err_with(|| name.clone())?;
        unit(service, &text, &accounts).wrap_err_with(|| name.clone())?;
        found.insert(service.to_owned());
    }
    let expected: BTreeSet<_> = SERVICES.iter().map(|&name| name.to_owned()).collect();
    ensure!(found == expected, "ops/systemd has units for {found:?}, expected {expected:?}");
    let hardening = folder.join("oneslot-.service.d/hardening.conf");
    ensure!(hardening.is_file(), "ops/systemd has no {}", hardening.display());
    Ok(())
}

/// One unit.
fn unit(service: &str, text: &str, accounts: &str) -> Result<()> {
    let account = format!("oneslot-{service}");
    for line in [
        format!("ExecStart=/usr/local/bin/oneslot {service}"),
        format!("User={account}"),
        format!("# Section [{}]", service.replace('-', "_")),
    ] {
        ensure!(text.lines().any(|found| found.starts_with(&line)), "no line {line:?}");
    }
    let known = accounts.lines().any(|line| line.starts_with(&format!("u {account} ")));
    ensure!(known, "oneslot.sysusers makes no account {account}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_units_pass() {
        check().expect("ops/systemd");
    }

    #[test]
    fn a_unit_of_another_service_is_refused() {
        let post = "# Section [post]\nUser=oneslot-post\nExecStart=/usr/local/bin/oneslot post\n";
        let accounts = "u oneslot-post - -\n";
        unit("post", post, accounts).expect("right");
        assert!(unit("settle", post, accounts).is_err());
        assert!(unit("post", &post.replace("oneslot post", "oneslot node"), accounts).is_err());
        assert!(unit("post", post, "u oneslot-node - -\n").is_err());
    }
}
