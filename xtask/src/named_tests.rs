//! Every test that a page names must exist: a page that argues with a test argues with nothing otherwise.

use crate::{links, sh};
use eyre::{Result, WrapErr, ensure};
use std::{collections::BTreeSet, fs};

/// How the names of tests begin in Solidity.
const SOLIDITY: [&str; 4] = ["test_", "testFuzz_", "invariant_", "check_"];

/// Fails with every name of a test in a page that no source has.
pub(crate) fn check() -> Result<()> {
    sh::step("lint: named tests");
    let root = fs::canonicalize(sh::root())?;
    let mut pages = Vec::new();
    let mut words = BTreeSet::new();
    for file in links::texts()? {
        let text = fs::read_to_string(&file).wrap_err_with(|| file.display().to_string())?;
        if file.extension().is_some_and(|extension| extension == "md") {
            let name = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
            pages.push((name, text));
        } else {
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            words.extend(text.split(|c| !is_part(c)).filter(|w| is_test(w)).map(str::to_owned));
        }
    }
    let missing = pages.iter().flat_map(|(page, text)| {
        let named = named(text).filter(|name| !words.contains(*name));
        named.map(move |name| format!("{page}: {name}"))
    });
    let missing: Vec<_> = missing.collect();
    ensure!(missing.is_empty(), "no source has these names:\n{}", missing.join("\n"));
    Ok(())
}

/// The names of tests that stand between backticks.
fn named(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2).filter(|word| is_test(word))
}

/// Whether a word is named as tests are: with Solidity's prefixes, or in Rust a sentence of four
/// words or more. Some names of metrics and settings are, too, and sources must have those as well.
fn is_test(word: &str) -> bool {
    let is_name = word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_sentence = word.split('_').filter(|part| !part.is_empty()).count() > 3
        && !word.contains(|c: char| c.is_ascii_uppercase());
    is_name && (is_sentence || SOLIDITY.iter().any(|prefix| word.starts_with(prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tests_are_found_between_backticks() {
        let page =
            "It is shown by `test_PaysOnce` and `a_user_is_paid_once`, not `a_user` or x_y_z_w.";
        assert_eq!(named(page).collect::<Vec<_>>(), ["test_PaysOnce", "a_user_is_paid_once"]);
    }
}
