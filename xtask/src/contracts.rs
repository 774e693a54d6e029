//! Compiles the contracts.
use eyre::Result;
pub(crate) fn run(_check: bool) -> Result<()> {
    eyre::bail!("not written yet")
}
