//! A suite: figures that one command measured, as they are committed in `docs/benchmarks`.

use super::{
    figure::{Machine, Row},
    measure,
};
use crate::sh;
use eyre::{Result, WrapErr};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The file `docs/benchmarks/NAME.json`. What nobody knows any more is absent.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Suite {
    /// The command that measured the figures and measures them again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
    /// How the measured programs were compiled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) machine: Option<Machine>,
    /// What was measured, or where these figures first stood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<String>,
    /// Year, month and day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) date: Option<String>,
    /// What a reader must know of the whole run, in full sentences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    pub(crate) rows: Vec<Row>,
}

impl Suite {
    /// What was just measured here, with the goals of the figures that it replaces.
    pub(crate) fn measured(
        name: &str,
        profile: &str,
        commit: &str,
        mut rows: Vec<Row>,
        before: Option<&Self>,
    ) -> Result<Self> {
        let old = before.map_or(&[][..], |suite| &suite.rows);
        for row in &mut rows {
            row.goal = old.iter().find(|old| old.is_same_figure(row)).and_then(|o| o.goal.clone());
        }
        Ok(Self {
            command: Some(format!("cargo xtask bench {name}")),
            profile: Some(profile.into()),
            machine: Some(measure::machine()?),
            commit: Some(commit.into()),
            date: Some(measure::today()?),
            note: None,
            rows,
        })
    }

    /// Reads a suite by name; none if nobody saved it yet.
    pub(crate) fn load(name: &str) -> Result<Option<Self>> {
        let path = path(name);
        if !path.exists() {
            return Ok(None);
        }
        read(&path).map(Some)
    }

    /// Writes `docs/benchmarks/NAME.json`.
    pub(crate) fn save(&self, name: &str) -> Result<()> {
        let path = path(name);
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(&path, text).wrap_err_with(|| format!("cannot write {}", path.display()))
    }
}

/// All committed suites by name.
pub(crate) fn all() -> Result<Vec<(String, Suite)>> {
    let folder = folder();
    let mut suites = Vec::new();
    for entry in fs::read_dir(&folder).wrap_err_with(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        suites.push((name, read(&path)?));
    }
    suites.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(suites)
}

fn folder() -> PathBuf {
    sh::root().join("docs/benchmarks")
}

fn path(name: &str) -> PathBuf {
    folder().join(format!("{name}.json"))
}

fn read(path: &Path) -> Result<Suite> {
    let text =
        fs::read_to_string(path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).wrap_err_with(|| format!("{} is not a suite", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figure::Goal;

    #[test]
    fn a_new_measurement_keeps_the_goals_and_nothing_else() {
        let mut old = Row::new("transfer", 9, "gas").in_table("a");
        old.goal = Some(Goal::AtMost(5.into()));
        old.note = Some("measured beside a compiler".into());
        let elsewhere = Row::new("transfer", 8, "gas").in_table("b");
        let before = Suite {
            command: None,
            profile: None,
            machine: None,
            commit: None,
            date: None,
            note: Some("old".into()),
            rows: vec![old.clone(), elsewhere.clone()],
        };
        let rows = vec![Row { value: 4.into(), goal: None, note: None, ..old }, elsewhere.clone()];
        let suite =
            Suite::measured("gas", "release", "89fa43d", rows, Some(&before)).expect("measured");
        assert_eq!(suite.rows[0].goal, Some(Goal::AtMost(5.into())));
        assert_eq!((&suite.rows[0].note, &suite.note), (&None, &None));
        assert_eq!(suite.rows[1], elsewhere);
        assert!(suite.machine.is_some_and(|machine| machine.cores > 0 && machine.memory_gib > 0));
    }

    #[test]
    fn a_suite_is_read_as_it_was_written() {
        let text = r#"{
  "command": "cargo xtask bench gas",
  "rows": [
    {
      "of": "post",
      "name": "gas",
      "value": 20.0,
      "goal": {
        "atMost": 30
      }
    }
  ]
}"#;
        let suite: Suite = serde_json::from_str(text).expect("a suite");
        assert_eq!(serde_json::to_string_pretty(&suite).expect("JSON"), text);
        assert!(serde_json::from_str::<Suite>(&text.replace("goal", "goals")).is_err());
    }
}
