//! Every link between pages, and every page that a comment names, must exist.

use crate::sh;
use eyre::{Result, WrapErr, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders that hold nothing of ours.
const FOREIGN: &[&str] = &["target", "node_modules", "out", "cache", "artifacts", "corpus"];

/// Files in which a page may be named.
const TEXTS: &[&str] = &["md", "rs", "sol", "toml", "yml", "conf", "service"];

/// Fails with everything that leads nowhere.
pub(crate) fn check() -> Result<()> {
    sh::step("lint: links");
    let root = fs::canonicalize(sh::root())?;
    let mut broken = Vec::new();
    for file in &texts()? {
        let text = fs::read_to_string(file).wrap_err_with(|| file.display().to_string())?;
        let mut found: Vec<_> =
            named(&text).into_iter().filter(|page| !root.join(page).is_file()).collect();
        if file.extension().is_some_and(|extension| extension == "md") {
            let leads = |link: &String| !leads_somewhere(file, &text, link);
            found.extend(links(&text).into_iter().filter(leads));
        }
        let name = file.strip_prefix(&root).unwrap_or(file).display();
        broken.extend(found.into_iter().map(|link| format!("{name}: {link}")));
    }
    ensure!(broken.is_empty(), "these lead nowhere:\n{}", broken.join("\n"));
    Ok(())
}

/// All texts of ours in the repository.
pub(crate) fn texts() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    collect(&fs::canonicalize(sh::root())?, &mut files)?;
    Ok(files)
}

/// All texts of ours below `folder`.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).wrap_err_with(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && !FOREIGN.contains(&name.as_str()) {
            collect(&path, files)?;
        } else if path.is_file() && path.extension().is_some_and(|e| TEXTS.iter().any(|t| e == *t))
        {
            files.push(path);
        }
    }
    Ok(())
}

/// Pages that a text names from the root of the repository, such as those in a comment.
fn named(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"/.-_".contains(c));
    let words = words.map(|word| word.trim_end_matches('.'));
    words
        .filter(|word| word.starts_with("docs/") && word.ends_with(".md"))
        .map(ToOwned::to_owned)
        .collect()
}

/// Targets of the links of a page that lead into the repository.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        if code {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let Some((target, _)) = line[at + 2..].split_once(')') else { continue };
            if !target.contains(':') {
                found.push(target.to_owned());
            }
        }
    }
    found
}

/// Whether `link` of the page `file`, whose text is `text`, leads to a file and to a heading in it.
fn leads_somewhere(file: &Path, text: &str, link: &str) -> bool {
    let (path, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = file.with_file_name(path);
    if !path.is_empty() && !target.exists() {
        return false;
    }
    if heading.is_empty() {
        return true;
    }
    let page = if path.is_empty() { Ok(text.to_owned()) } else { fs::read_to_string(target) };
    page.is_ok_and(|page| {
        page.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line) == heading)
    })
}

/// The anchor that a renderer makes of a heading.
fn anchor(heading: &str) -> String {
    let title = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_leads_somewhere() {
        check().expect("links");
    }

    #[test]
    fn links_are_found_outside_of_code() {
        let page = "[a](b.md#c), [d](https://e) \n```\n[f](g.md)\n```\n[h](i.md)";
        assert_eq!(links(page), ["b.md#c", "i.md"]);
    }

    #[test]
    fn pages_are_found_in_comments() {
        // The name is put together here: written out it would have to exist.
        let page = format!("docs/{}.md", "a-b/c");
        assert_eq!(named(&format!("/// See `{page}`, and {page}.")), [page.clone(), page]);
        assert!(named("docs/README and ocs/a.md").is_empty());
    }

    #[test]
    fn headings_become_anchors() {
        assert_eq!(anchor("## What is final by what, today"), "what-is-final-by-what-today");
        assert_eq!(anchor("### `a_b`: c"), "a_b-c");
    }
}
