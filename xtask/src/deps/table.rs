//! The table of crates in ARCHITECTURE.md: the only place that says who may import whom.

use eyre::{Result, WrapErr, bail, ensure, eyre};
use std::{collections::BTreeSet, fs};

use crate::sh;

/// The heading of the table.
const HEADING: &str = "| crate | kind | what it holds | may import (of ours) |";

/// What a crate is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Plain synchronous code.
    Library,
    /// May use async runtimes, RPC clients and keys.
    Service,
}

/// One crate of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The crate's name without `oneslot-`.
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Names of the crates that it may import.
    pub(super) imports: BTreeSet<String>,
}

/// Reads the table of ARCHITECTURE.md.
pub(super) fn read() -> Result<Vec<Row>> {
    let path = sh::root().join("ARCHITECTURE.md");
    let text = fs::read_to_string(path).wrap_err("cannot read ARCHITECTURE.md")?;
    parse(&text).wrap_err("the table of crates in ARCHITECTURE.md")
}

/// The rows under [`HEADING`]. A row may name only crates of the rows above it, so that imports
/// have no circles.
fn parse(text: &str) -> Result<Vec<Row>> {
    let mut lines = text.lines().skip_while(|line| line.trim() != HEADING);
    ensure!(lines.next().is_some(), "no line reads {HEADING:?}");
    let mut rows: Vec<Row> = Vec::new();
    for line in lines.skip(1).take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, _, imports] = cells[..] else {
            bail!("a row has {} cells, expected 4: {line}", cells.len());
        };
        let kind = match kind {
            "library" => Kind::Library,
            "service" => Kind::Service,
            other => bail!("{name} is of kind {other}, expected library or service"),
        };
        let above = || rows.iter().map(|row| row.name.clone()).collect::<BTreeSet<_>>();
        let imports = match imports {
            "none" => BTreeSet::new(),
            "all above" => above(),
            list => list.split(',').map(|import| import.trim().to_owned()).collect(),
        };
        if let Some(unknown) = imports.difference(&above()).next() {
            bail!("{name} may import {unknown}, which no row above it names");
        }
        rows.push(Row { name: name.trim_matches('`').to_owned(), kind, imports });
    }
    ensure!(!rows.is_empty(), "the table has no rows");
    Ok(rows)
}

/// The row of a crate.
pub(super) fn row<'a>(rows: &'a [Row], name: &str) -> Result<&'a Row> {
    let row = rows.iter().find(|row| row.name == name);
    row.ok_or_else(|| eyre!("crate {name} has no row in the table of ARCHITECTURE.md"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A table of four crates.
    pub(in crate::deps) const TABLE: &str = "\
        | crate | kind | what it holds | may import (of ours) |\n\
        |---|---|---|---|\n\
        | `a` | library | words | none |\n\
        | `b` | library | words, more | a |\n\
        | `c` | service | words | a, b |\n\
        | `d` | service | words | all above |\n\
        \n\
        | `e` | service | another table | none |\n";

    fn names(imports: &BTreeSet<String>) -> Vec<&str> {
        imports.iter().map(String::as_str).collect()
    }

    #[test]
    fn rows_are_read() {
        let rows = parse(TABLE).expect("a table");
        assert_eq!(rows.len(), 4);
        assert_eq!((rows[1].name.as_str(), rows[1].kind), ("b", Kind::Library));
        assert_eq!(names(&rows[0].imports), [""; 0]);
        assert_eq!(names(&rows[2].imports), ["a", "b"]);
        assert_eq!(names(&rows[3].imports), ["a", "b", "c"]);
        assert!(row(&rows, "e").is_err());
    }

    #[test]
    fn a_table_that_cannot_be_read_is_an_error() {
        for (from, to) in [
            ("may import", "imports"),
            ("| a, b |", "| d |"),
            ("| a, b |", "| a | b |"),
            ("| service |", "| servant |"),
        ] {
            assert!(parse(&TABLE.replace(from, to)).is_err(), "{to}");
        }
    }

    pub(in crate::deps) fn rows() -> Vec<Row> {
        parse(TABLE).expect("a table")
    }
}
