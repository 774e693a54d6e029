//! The timeline of a run: printed for people, written as JSON for programs.

use crate::process::Supervised;
use alloy_primitives::{TxHash, U256};
use oneslot_types::{BatchIndex, OutputRoot, StatementId};
use serde::Serialize;
use std::time::{SystemTime, UNIX_EPOCH};

/// Unix time, milliseconds.
pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |d| d.as_millis().try_into().unwrap_or(u64::MAX))
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stage {
    /// Short name, stable for programs: `deposit.eth`, `batch.posted`, `tee.attested`, ...
    pub(crate) name: String,
    /// Unix time, ms.
    pub(crate) at_ms: u64,
    /// The transaction, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tx: Option<TxHash>,
    /// Gas used on L1, if it was an L1 transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) l1_gas: Option<u64>,
    /// Who did it and what came of it, for people.
    pub(crate) detail: String,
}

/// A condition that the run has to meet.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    /// What must hold.
    pub(crate) name: String,
    /// Whether it held.
    pub(crate) ok: bool,
    /// The values compared.
    pub(crate) detail: String,
}

/// A balance before and after.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Balance {
    /// Whose, of what, where.
    pub(crate) name: String,
    /// Base units.
    pub(crate) before: U256,
    /// Base units.
    pub(crate) after: U256,
}

/// Which lanes attested a batch, and the statement.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Finality {
    /// Batch index.
    pub(crate) batch: BatchIndex,
    /// What was attested.
    pub(crate) statement_id: StatementId,
    /// Its output root.
    pub(crate) output: OutputRoot,
    /// Names of the lanes that agree.
    pub(crate) lanes: Vec<String>,
    /// Last L2 block of the batch.
    pub(crate) l2_block: u64,
}

/// Memory of a process.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Memory {
    /// Which.
    pub(crate) name: String,
    /// Peak resident set, KiB.
    pub(crate) peak_kib: u64,
    /// Times it was started again.
    pub(crate) restarts: u32,
}

impl Memory {
    /// What a process came to so far.
    pub(crate) fn of(process: &Supervised) -> Self {
        let usage = process.usage();
        Self { name: process.name.into(), peak_kib: usage.peak_kib, restarts: usage.restarts }
    }
}

/// Everything a run has to tell.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// Format of this report.
    pub(crate) version: u32,
    /// How batches of this run become final, in plain words.
    pub(crate) trust: String,
    /// EIP-155 id of the rollup.
    pub(crate) l2_chain_id: u64,
    /// Whether every check held, those of the other rollups included.
    pub(crate) ok: bool,
    /// In order of time.
    pub(crate) stages: Vec<Stage>,
    /// The batches that hold the withdrawals.
    pub(crate) finality: Vec<Finality>,
    /// The newest final output at the end.
    pub(crate) final_output: OutputRoot,
    /// Of the user and the Portal.
    pub(crate) balances: Vec<Balance>,
    /// What had to hold.
    pub(crate) checks: Vec<Check>,
    /// Per process.
    pub(crate) memory: Vec<Memory>,
    /// From the L2 withdrawal transaction to the ETH on L1, ms.
    pub(crate) withdrawal_ms: u64,
    /// The reports of the other rollups on the same L1, in order of their chain ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) others: Vec<Report>,
    /// Whether lines name the rollup, because there are several.
    #[serde(skip)]
    pub(crate) shows_rollup: bool,
}

impl Report {
    /// Records something that happens now, and prints it.
    pub(crate) fn stage(
        &mut self,
        name: &str,
        tx: Option<TxHash>,
        l1_gas: Option<u64>,
        detail: impl Into<String>,
    ) {
        let (now, detail) = (now_ms(), detail.into());
        let start = self.stages.first().map_or(now, |stage| stage.at_ms);
        let seconds = now.saturating_sub(start) as f64 / 1000.0;
        let rollup =
            if self.shows_rollup { format!("[{}] ", self.l2_chain_id) } else { String::new() };
        println!("{seconds:>7.1}s  {rollup}{name:<22} {detail}");
        self.stage_at(now, name, tx, l1_gas, detail);
    }

    /// Records something that happened at `at_ms`.
    pub(crate) fn stage_at(
        &mut self,
        at_ms: u64,
        name: &str,
        tx: Option<TxHash>,
        l1_gas: Option<u64>,
        detail: impl Into<String>,
    ) {
        let detail = detail.into();
        self.stages.push(Stage { name: name.into(), at_ms, tx, l1_gas, detail });
        self.stages.sort_by_key(|stage| stage.at_ms);
    }

    /// Records whether a condition holds.
    pub(crate) fn check(&mut self, name: &str, ok: bool, detail: impl Into<String>) {
        self.checks.push(Check { name: name.into(), ok, detail: detail.into() });
    }

    /// Records a condition that two values are equal.
    pub(crate) fn check_eq<T: PartialEq + std::fmt::Display>(
        &mut self,
        name: &str,
        got: T,
        expected: T,
    ) {
        self.check(name, got == expected, format!("expected {expected}, got {got}"));
    }

    /// Time of the first stage of that name.
    pub(crate) fn time_of(&self, name: &str) -> Option<u64> {
        self.stages.iter().find(|stage| stage.name == name).map(|stage| stage.at_ms)
    }

    /// Whether there were checks and all held.
    pub(crate) fn conclude(&mut self) -> bool {
        self.version = 1;
        self.ok = !self.checks.is_empty() && self.checks.iter().all(|check| check.ok);
        for other in &mut self.others {
            self.ok &= other.conclude();
        }
        self.ok
    }

    /// The timeline and the checks, for people.
    pub(crate) fn print(&self) {
        let start = self.stages.first().map_or(0, |stage| stage.at_ms);
        if self.shows_rollup {
            println!("\n═══ Rollup {}", self.l2_chain_id);
        }
        println!("\nTimeline");
        println!("  {:>8}  {:<22} {:>9}  what", "time", "stage", "L1 gas");
        for stage in &self.stages {
            let gas = stage.l1_gas.map_or(String::from("-"), |gas| gas.to_string());
            let time = stage.at_ms.saturating_sub(start) as f64 / 1000.0;
            println!("  {time:>7.1}s  {:<22} {gas:>9}  {}", stage.name, stage.detail);
        }
        println!("\nFinality");
        for f in &self.finality {
            println!(
                "  batch {} (to L2 block {}): output {} by {}",
                f.batch,
                f.l2_block,
                f.output,
                f.lanes.join(" + ")
            );
            println!("           statement {}", f.statement_id);
        }
        println!("\nBalances");
        for b in &self.balances {
            println!("  {:<34} {:>26} -> {}", b.name, b.before, b.after);
        }
        println!("\nChecks");
        for check in &self.checks {
            let mark = if check.ok { "ok  " } else { "FAIL" };
            println!("  {mark} {} ({})", check.name, check.detail);
        }
        for other in &self.others {
            other.print();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_without_checks_or_with_a_failed_one_is_not_ok() {
        let mut report = Report::default();
        assert!(!report.conclude());
        report.check_eq("equal", 1, 1);
        assert!(report.conclude());
        report.check_eq("different", 1, 2);
        assert!(!report.conclude());
    }

    #[test]
    fn stages_are_ordered_by_time() {
        let mut report = Report::default();
        report.stage_at(5, "b", None, None, "");
        report.stage_at(3, "a", None, Some(21_000), "");
        assert_eq!(report.stages[0].name, "a");
        assert_eq!(report.time_of("b"), Some(5));
        let json = serde_json::to_value(&report).expect("json");
        assert_eq!(json["stages"][0]["l1Gas"], 21_000);
        assert!(json["stages"][1].get("l1Gas").is_none());
    }
}
