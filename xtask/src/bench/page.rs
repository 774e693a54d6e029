//! The tables of docs/reference/benchmarks.md, which are made from the suites in `docs/benchmarks`.
//!
//! A table stands between two comments: `<!-- table: SUITE -->` or `<!-- table: SUITE TABLE -->`,
//! and `<!-- end -->`.

use super::{
    figure::{Goal, Row},
    suite::{self, Suite},
};
use crate::sh;
use eyre::{OptionExt, Result, WrapErr, bail, ensure};
use std::{collections::BTreeSet, fs, path::PathBuf};

const PAGE: &str = "docs/reference/benchmarks.md";
const START: &str = "<!-- table: ";
const END: &str = "<!-- end -->";
/// Characters in a line of prose.
const WIDTH: usize = 100;

/// Writes the tables into the page.
pub(crate) fn write() -> Result<()> {
    let path = path();
    let page = fs::read_to_string(&path).wrap_err(PAGE)?;
    fs::write(&path, with_tables(&page, &suite::all()?)?).wrap_err(PAGE)
}

/// Fails where a table of the page is not what its suite gives.
pub(crate) fn check() -> Result<()> {
    sh::step("lint: tables of the benchmarks");
    let page = fs::read_to_string(path()).wrap_err(PAGE)?;
    ensure!(
        with_tables(&page, &suite::all()?)? == page,
        "the tables of {PAGE} are not those of docs/benchmarks: run `cargo xtask bench tables`"
    );
    Ok(())
}

fn path() -> PathBuf {
    sh::root().join(PAGE)
}

/// The page with each table made anew. Every suite must have a place on it.
fn with_tables(page: &str, suites: &[(String, Suite)]) -> Result<String> {
    let mut out = String::new();
    let mut shown = BTreeSet::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        out += &format!("{line}\n");
        let Some(name) = line.strip_prefix(START) else { continue };
        let name = name.strip_suffix(" -->").ok_or_else(|| eyre::eyre!("not closed: {line}"))?;
        let (name, table) = name.split_once(' ').map_or((name, None), |(n, t)| (n, Some(t)));
        let (_, suite) = suites
            .iter()
            .find(|(suite, _)| suite == name)
            .ok_or_else(|| eyre::eyre!("{line}: there is no docs/benchmarks/{name}.json"))?;
        shown.insert(name);
        let rows: Vec<_> = suite.rows.iter().filter(|r| r.table.as_deref() == table).collect();
        let made = render(&rows).wrap_err_with(|| line.to_owned())?;
        out += &format!("\n{made}\n{}\n{END}\n", source(suite));
        let end = lines.find(|line| *line == END || line.starts_with(START));
        ensure!(end == Some(END), "{line} has no {END}");
    }
    for (name, _) in suites {
        ensure!(
            shown.contains(name.as_str()),
            "{PAGE} has no table of docs/benchmarks/{name}.json"
        );
    }
    Ok(out)
}

/// All tables of the rows, each under its name.
pub(super) fn print(rows: &[Row]) -> Result<()> {
    let mut names: Vec<_> = rows.iter().map(|row| &row.table).collect();
    names.dedup();
    for name in names {
        let rows: Vec<_> = rows.iter().filter(|row| row.table == *name).collect();
        println!("\n{}\n{}", name.as_deref().unwrap_or_default(), render(&rows)?);
    }
    Ok(())
}

/// One table: a figure a line, or a line for whatever the figures are of.
fn render(rows: &[&Row]) -> Result<String> {
    let first = rows.first().ok_or_eyre("the table has no row")?;
    let mut seen = BTreeSet::new();
    for row in rows {
        ensure!(row.of.is_some() == first.of.is_some(), "some rows lack `of`: {}", row.name);
        ensure!(seen.insert((&row.of, &row.name)), "{:?} of {:?} stands twice", row.name, row.of);
    }
    if first.of.is_some() { wide(rows) } else { Ok(long(rows)) }
}

/// A figure a line.
fn long(rows: &[&Row]) -> String {
    let unit = &rows[0].unit;
    let one_unit = rows.iter().all(|row| row.unit == *unit);
    let head = if one_unit && !unit.is_empty() { unit.as_str() } else { "measured" };
    let value = |row: &Row| match one_unit || row.unit.is_empty() {
        true => number(&row.value.to_string()),
        false => format!("{} {}", number(&row.value.to_string()), row.unit),
    };
    let goal = |row: &Row| row.goal.as_ref().map(goal).unwrap_or_default();
    let note = |row: &Row| row.note.clone().unwrap_or_default();
    let lines = rows.iter().map(|row| vec![row.name.clone(), value(row), goal(row), note(row)]);
    table(["", head, "goal", "note"].map(String::from).into(), lines.collect())
}

/// A line for whatever several figures are of, and a column for each name.
fn wide(rows: &[&Row]) -> Result<String> {
    let (mut columns, mut lines): (Vec<(&str, &str)>, Vec<&str>) = Default::default();
    for row in rows {
        let of = row.of.as_deref().unwrap_or_default();
        if !lines.contains(&of) {
            lines.push(of);
        }
        match columns.iter().find(|(name, _)| *name == row.name) {
            None => columns.push((&row.name, &row.unit)),
            Some((_, unit)) if *unit != row.unit => bail!("{:?} has two units", row.name),
            Some(_) => {}
        }
    }
    let title = |(name, unit): &(&str, &str)| match unit.is_empty() {
        true => (*name).to_owned(),
        false => format!("{name}, {unit}"),
    };
    let heads = [String::new()].into_iter().chain(columns.iter().map(title));
    let line = |of: &&str| {
        let here: Vec<_> = rows.iter().filter(|row| row.of.as_deref() == Some(of)).collect();
        let cell = |(name, _): &(&str, &str)| {
            let Some(row) = here.iter().find(|row| row.name == *name) else { return String::new() };
            let value = number(&row.value.to_string());
            row.goal.as_ref().map_or(value.clone(), |g| format!("{value} (goal: {})", goal(g)))
        };
        let notes: Vec<_> = here.iter().filter_map(|row| row.note.as_deref()).collect();
        let cells = [(*of).to_owned()].into_iter().chain(columns.iter().map(cell));
        cells.chain([notes.join("; ")]).collect()
    };
    let heads = heads.chain(["note".to_owned()]).collect();
    Ok(table(heads, lines.iter().map(line).collect()))
}

/// A Markdown table, without the columns in which no line says anything.
fn table(heads: Vec<String>, lines: Vec<Vec<String>>) -> String {
    let used: Vec<_> = (0..heads.len())
        .filter(|column| *column == 0 || lines.iter().any(|line| !line[*column].is_empty()))
        .collect();
    let line = |cells: &[String]| {
        let cells: Vec<_> = used.iter().map(|column| cells[*column].as_str()).collect();
        format!("| {} |\n", cells.join(" | ")).replace("|  |", "| |")
    };
    let rule = format!("|{}\n", "---|".repeat(used.len()));
    line(&heads) + &rule + &lines.iter().map(|cells| line(cells)).collect::<String>()
}

/// What measured the table, when and where.
fn source(suite: &Suite) -> String {
    let mut text = String::from("Measured");
    if let Some(command) = &suite.command {
        text += &format!(" by `{command}`");
    }
    if let Some(date) = &suite.date {
        text += &format!(" on {date}");
    }
    if let Some(commit) = &suite.commit {
        text += &format!(" at commit {commit}");
    }
    if let Some(machine) = &suite.machine {
        let (cores, cpu, memory) = (machine.cores, &machine.cpu, machine.memory_gib);
        text += &format!(", on {cores} cores of {cpu} with {memory} GiB");
    }
    if let Some(profile) = &suite.profile {
        text += &format!(", in the {profile}");
    }
    text += ".";
    if let Some(note) = &suite.note {
        text += &format!(" {note}");
    }
    wrap(&text)
}

/// Breaks lines at spaces.
fn wrap(text: &str) -> String {
    let (mut out, mut width) = (String::new(), 0);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            out += "\n";
            width = 0;
        } else if width > 0 {
            out += " ";
            width += 1;
        }
        out += word;
        width += length;
    }
    out + "\n"
}

fn goal(goal: &Goal) -> String {
    match goal {
        Goal::AtMost(value) => format!("at most {}", number(&value.to_string())),
        Goal::AtLeast(value) => format!("at least {}", number(&value.to_string())),
    }
}

/// A number with a comma before each three digits of its whole part.
fn number(text: &str) -> String {
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if index > 0 && left % 3 == 0 && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_committed_tables() {
        check().expect("tables");
    }

    #[test]
    fn a_changed_figure_changes_the_page() {
        let json = r#"{
            "command": "cargo xtask bench gas", "date": "2026-11-28",
            "rows": [
                { "name": "post", "value": 1234567, "unit": "gas", "goal": { "atMost": 1000 } },
                { "name": "claim", "value": 999, "unit": "gas" }
            ]
        }"#;
        let suite = |json: &str| serde_json::from_str::<Suite>(json).expect("a suite");
        let suites = [("gas".to_owned(), suite(json))];
        let page = "before\n<!-- table: gas -->\nanything\n<!-- end -->\nafter\n";
        let made = with_tables(page, &suites).expect("a page");
        let expected = "before\n\
            <!-- table: gas -->\n\
            \n\
            | | gas | goal |\n\
            |---|---|---|\n\
            | post | 1,234,567 | at most 1,000 |\n\
            | claim | 999 | |\n\
            \n\
            Measured by `cargo xtask bench gas` on 2026-11-28.\n\
            \n\
            <!-- end -->\n\
            after\n";
        assert_eq!(made, expected);
        assert_eq!(with_tables(&made, &suites).expect("a page"), made);
        let other = [("gas".to_owned(), suite(&json.replace("999", "998")))];
        assert_ne!(with_tables(&made, &other).expect("a page"), made);
    }

    #[test]
    fn figures_of_one_thing_stand_in_one_line() {
        let mut rows = [
            Row::new("memory", 20, "MiB").of("loop"),
            Row::new("segments", 5, "").of("loop"),
            Row::new("memory", 30, "MiB").of("hash"),
        ];
        rows[2].note = Some("beside a compiler".into());
        let [a, b, c] = &rows;
        let expected = "| | memory, MiB | segments | note |\n\
            |---|---|---|---|\n\
            | loop | 20 | 5 | |\n\
            | hash | 30 | | beside a compiler |\n";
        assert_eq!(render(&[a, b, c]).expect("a table"), expected);
        assert!(render(&[a, a]).is_err(), "a figure twice");
        let other_unit = Row::new("memory", 1, "GiB").of("other");
        assert!(render(&[a, &other_unit]).is_err(), "two units in a column");
        assert!(render(&[a, &Row::new("memory", 1, "MiB")]).is_err(), "a row of nothing");
        assert!(render(&[]).is_err(), "no rows");
    }

    #[test]
    fn suites_and_their_places_need_each_other() {
        let suite: Suite = serde_json::from_str(
            r#"{ "command": "c", "rows": [{ "name": "a", "value": 1, "unit": "s" }] }"#,
        )
        .expect("a suite");
        let suites = [("a".to_owned(), suite)];
        assert!(with_tables("no table\n", &suites).is_err(), "a suite without a place");
        let page = "<!-- table: a -->\n<!-- end -->\n<!-- table: b -->\n<!-- end -->\n";
        assert!(with_tables(page, &suites).is_err(), "a place without a suite");
        assert!(with_tables("<!-- table: a -->\n", &suites).is_err(), "a place without an end");
        let page = "<!-- table: a -->\n<!-- table: a -->\n<!-- end -->\n";
        assert!(with_tables(page, &suites).is_err(), "a place inside another");
        assert!(with_tables("<!-- table: a t -->\n<!-- end -->\n", &suites).is_err(), "no table t");
    }

    #[test]
    fn numbers_are_grouped_and_keep_their_digits() {
        let cases = ["0", "999", "1000", "1234567", "-123", "-1234", "1234.50"].map(number);
        assert_eq!(cases, ["0", "999", "1,000", "1,234,567", "-123", "-1,234", "1,234.50"]);
    }
}
