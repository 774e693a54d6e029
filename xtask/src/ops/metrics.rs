//! Dashboard, alert rules and the guide may only name metrics that the code registers.

use crate::sh;
use eyre::{Result, WrapErr, ensure, eyre};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Where metrics are named for operators.
const NAMED_IN: &[&str] =
    &["ops/grafana/oneslot.json", "ops/prometheus/alerts.yml", "docs/guide/watch.md"];

/// The macros that register a metric; a histogram comes with two more series.
const MACROS: &[(&str, &[&str])] =
    &[("counter!(", &[""]), ("gauge!(", &[""]), ("histogram!(", &["", "_sum", "_count"])];

/// Fails on the first name that no code registers.
pub(super) fn check() -> Result<()> {
    let mut registered = BTreeSet::new();
    for entry in fs::read_dir(sh::root().join("crates")).wrap_err("crates")? {
        collect(&entry?.path().join("src"), &mut registered)?;
    }
    ensure!(!registered.is_empty(), "no metric found in crates/*/src");
    for &file in NAMED_IN {
        let text = fs::read_to_string(sh::root().join(file)).wrap_err(file)?;
        compare(&text, &registered).wrap_err(file)?;
    }
    let dashboard = fs::read_to_string(sh::root().join(NAMED_IN[0]))?;
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).wrap_err(NAMED_IN[0])?;
    panels(&dashboard).wrap_err(NAMED_IN[0])
}

/// Every metric registered by the sources below `folder`.
fn collect(folder: &Path, registered: &mut BTreeSet<String>) -> Result<()> {
    let entries = fs::read_dir(folder).wrap_err_with(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, registered)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).wrap_err_with(|| path.display().to_string())?;
            registered.extend(names(&text).wrap_err_with(|| path.display().to_string())?);
        }
    }
    Ok(())
}

/// The series that one source file registers.
fn names(source: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (name, series) in MACROS {
        let name = format!("metrics::{name}");
        for (at, _) in source.match_indices(&name) {
            let rest = source[at + name.len()..].trim_start();
            let literal = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
            let (metric, _) = literal
                .ok_or_else(|| eyre!("{name}..) without a literal name cannot be compared"))?;
            found.extend(series.iter().map(|suffix| format!("{metric}{suffix}")));
        }
    }
    Ok(found)
}

/// Every word `oneslot_…` of `text` must be a registered series.
fn compare(text: &str, registered: &BTreeSet<String>) -> Result<()> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    for word in words.filter(|word| word.starts_with("oneslot_")) {
        ensure!(registered.contains(word), "no code registers a metric {word}");
    }
    Ok(())
}

/// Every panel has a title of its own and asks for something; Grafana shows the rest as empty.
fn panels(dashboard: &serde_json::Value) -> Result<()> {
    let panels = dashboard["panels"].as_array().ok_or_else(|| eyre!("no list of panels"))?;
    let mut ids = BTreeMap::new();
    for panel in panels {
        let title = panel["title"].as_str().ok_or_else(|| eyre!("a panel without a title"))?;
        let id = panel["id"].as_u64().ok_or_else(|| eyre!("{title} has no id"))?;
        if let Some(other) = ids.insert(id, title) {
            return Err(eyre!("{title} and {other} have the same id"));
        }
        if panel["type"] != "row" {
            let targets = panel["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
            ensure!(!targets.is_empty(), "{title} asks for nothing");
            let asks = |target: &serde_json::Value| target["expr"].as_str().is_some();
            ensure!(targets.iter().all(asks), "{title} has a target without an expression");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_read_of_no_metric_that_does_not_exist() {
        check().expect("ops and the guide");
    }

    #[test]
    fn names_are_found_across_lines_and_histograms_have_three_series() {
        let source = "metrics::gauge!(\n    \"oneslot_a\", \"service\" => S).set(1);\n\
            metrics::histogram!(\"oneslot_b\").record(1);";
        let found = names(source).expect("literals");
        assert_eq!(found, ["oneslot_a", "oneslot_b", "oneslot_b_sum", "oneslot_b_count"]);
        assert!(names("metrics::counter!(name)").is_err());
    }

    #[test]
    fn a_name_that_nobody_registers_is_refused() {
        let registered = BTreeSet::from(["oneslot_a".to_owned()]);
        compare("max(oneslot_a{job=\"oneslot\"}) > 1", &registered).expect("registered");
        assert!(compare("rate(oneslot_ab[5m])", &registered).is_err());
    }
}
