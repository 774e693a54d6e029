//! Lines of prose in Markdown files have at most a hundred characters.

use crate::{links, sh};
use eyre::{Result, WrapErr, ensure};
use std::fs;

const WIDTH: usize = 100;

/// Fails with every line that is longer.
pub(crate) fn check() -> Result<()> {
    sh::step("lint: width of prose");
    let root = fs::canonicalize(sh::root())?;
    let mut long = Vec::new();
    for file in links::texts()? {
        if file.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&file).wrap_err_with(|| file.display().to_string())?;
        let name = file.strip_prefix(&root).unwrap_or(&file).display();
        long.extend(long_lines(&text).into_iter().map(|line| format!("{name}:{line}")));
    }
    ensure!(long.is_empty(), "these lines have more than {WIDTH} columns:\n{}", long.join("\n"));
    Ok(())
}

/// Numbers of the lines that are too long. Tables and code may be, and so may a line with a link,
/// whose target nobody can break.
fn long_lines(text: &str) -> Vec<usize> {
    let mut long = Vec::new();
    let mut code = false;
    for (index, line) in text.lines().enumerate() {
        let start = line.trim_start();
        if start.starts_with("```") {
            code = !code;
        } else if !code && !start.starts_with('|') && width(line) > WIDTH {
            long.push(index + 1);
        }
    }
    long
}

/// Characters of a line, those of link targets and bare addresses left out.
fn width(line: &str) -> usize {
    let mut parts = line.split("](");
    let mut width = parts.next().map_or(0, words);
    for part in parts {
        let text = part.split_once(')').map_or(part, |(_, text)| text);
        width += "]()".len() + words(text);
    }
    width
}

fn words(text: &str) -> usize {
    let address = |word: &&str| word.trim_start_matches(['<', '(']).starts_with("https://");
    let addresses: usize = text.split(' ').filter(address).map(|word| word.chars().count()).sum();
    text.chars().count() - addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_narrow() {
        check().expect("width");
    }

    #[test]
    fn long_prose_is_found_and_only_that() {
        let long = "word ".repeat(20) + "more";
        assert_eq!(long_lines(&format!("short\n{long}\n- {long}")), [2, 3]);
        assert_eq!(long_lines(&"ü".repeat(100)), [0; 0], "columns, not bytes");
        assert_eq!(long_lines(&format!("| {long} |\n  ```sh\n{long}\n  ```\n")), [0; 0]);
        let link = format!("see [the page](https://example.org/{})", "a".repeat(100));
        assert_eq!(long_lines(&link), [0; 0]);
        assert_eq!(long_lines(&format!("<https://example.org/{}>", "a".repeat(100))), [0; 0]);
        assert_eq!(long_lines(&format!("{long} [page](a.md)")), [1]);
    }
}
