//! Re-exports of our crates by our crates.
//!
//! `pub use oneslot_l1 as l1` in crate `node` would let every crate that imports `node` use `l1`,
//! whatever the table says of it. A crate may therefore re-export another one, or a name of it,
//! only if each crate that may import the first may import the second as well.

use super::table::Row;
use eyre::{Result, WrapErr, ensure};
use std::{collections::BTreeSet, fs, path::Path};

/// Fails if a file below `sources` of crate `name` re-exports a crate to one that may not import
/// it.
pub(super) fn check(rows: &[Row], name: &str, sources: &Path) -> Result<()> {
    for path in rust_files(sources)? {
        let text = fs::read_to_string(&path).wrap_err_with(|| path.display().to_string())?;
        for exported in reexported(&text) {
            for importer in rows.iter().filter(|row| row.imports.contains(name)) {
                ensure!(
                    importer.imports.contains(&exported),
                    "{} re-exports {exported} to {}, which may not import it",
                    path.display(),
                    importer.name
                );
            }
        }
    }
    Ok(())
}

/// Every file that ends in `.rs`.
fn rust_files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).wrap_err_with(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

/// The crates of ours that a file re-exports, under their own names or one that the file gives
/// them.
fn reexported(text: &str) -> BTreeSet<String> {
    let code: Vec<&str> =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join(" ");
    let declarations = || {
        code.split_inclusive(';').flat_map(|statement| {
            let words = ["use ", "extern crate "];
            words.into_iter().filter_map(move |word| {
                let at = statement.rfind(word)?;
                let before = statement[..at].trim_end();
                let whole = before.is_empty() || before.ends_with(['{', '}', ';', ']', ')']);
                let public = before.ends_with("pub");
                (whole || public).then(|| (public, &statement[at + word.len()..]))
            })
        })
    };
    let aliases: Vec<(String, String)> =
        declarations().flat_map(|(_, paths)| aliases(paths)).collect();
    let mut exported = BTreeSet::new();
    for (_, paths) in declarations().filter(|(public, _)| *public) {
        for word in words(paths) {
            if let Some(ours) = word.strip_prefix("oneslot_") {
                exported.insert(ours.to_owned());
            }
        }
        for first in paths.split(['{', '}', ',']).filter_map(|path| words(path).next()) {
            let renamed = aliases.iter().filter(|(alias, _)| alias == first);
            exported.extend(renamed.map(|(_, ours)| ours.clone()));
        }
    }
    exported
}

/// `(alias, crate)` of each `oneslot_crate as alias`.
fn aliases(paths: &str) -> Vec<(String, String)> {
    let words: Vec<&str> = words(paths).collect();
    let renamed = words.windows(3).filter_map(|three| {
        let ours = three[0].strip_prefix("oneslot_")?;
        (three[1] == "as").then(|| (three[2].to_owned(), ours.to_owned()))
    });
    renamed.collect()
}

/// Identifiers and keywords.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let separator = |c: char| !(c.is_alphanumeric() || c == '_');
    text.split(separator).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::rows;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        reexported(text).into_iter().collect()
    }

    #[test]
    fn every_way_to_re_export_is_found() {
        for text in [
            "pub use oneslot_a as a;",
            "pub use oneslot_a::Name;",
            "pub use ::oneslot_a::{Name, Other};",
            "pub use oneslot_a::*;",
            "use std::fs;\n\npub mod inner {\n    pub use oneslot_a;\n}",
            "pub use {std::fs, oneslot_a as other};",
            "use oneslot_a as short;\npub use short::Name;",
            "use oneslot_a as short;\npub use {std::fs, short::Name};",
            "pub extern crate oneslot_a;",
            "#[doc(inline)]\npub use oneslot_a::Name;",
            "pub use crate::{\n    // why\n    oneslot_a::Name,\n};",
        ] {
            assert_eq!(found(text), ["a"], "{text}");
        }
    }

    #[test]
    fn what_stays_inside_is_none() {
        for text in [
            "use oneslot_a::Name;",
            "pub(crate) use oneslot_a::Name;",
            "pub fn name() -> oneslot_a::Name {\n    use oneslot_a::Name;\n    Name\n}",
            "pub use std::fs;\nuse oneslot_a as a;",
            "// pub use oneslot_a;",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    /// `d` imports `b`; `c` may import `b` but nothing of what a crate beside it has.
    #[test]
    fn a_re_export_to_a_crate_that_may_not_import_it_is_refused() {
        let dir = std::env::temp_dir().join(format!("oneslot-reexports-{}", std::process::id()));
        fs::create_dir_all(dir.join("inner")).expect("folder");
        let mut rows = rows();
        let file = dir.join("inner/lib.rs");
        fs::write(&file, "pub use oneslot_a::Name;").expect("file");
        // Who may import `b` may import `a`, too.
        check(&rows, "b", &dir).expect("allowed");
        let c = rows.iter_mut().find(|row| row.name == "c").expect("a row");
        c.imports.remove("a");
        let error = check(&rows, "b", &dir).expect_err("refused").to_string();
        assert!(error.contains("re-exports a to c"), "{error}");
        fs::remove_dir_all(dir).expect("removed");
    }
}
