//! A simple parse of the Dockerfile, for machines that cannot build it.

use crate::sh;
use eyre::{Result, WrapErr, ensure, eyre};
use std::{fs, path::Path};

/// From the root of the repository.
pub(crate) const PATH: &str = "ops/docker/Dockerfile";

/// What the file may say. A shell form of `CMD` and `ENTRYPOINT` would put a shell before the
/// program, which then never sees SIGTERM.
const INSTRUCTIONS: &[&str] =
    &["FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "STOPSIGNAL", "ENTRYPOINT", "CMD"];

/// Fails on the first line that is wrong.
pub(super) fn check() -> Result<()> {
    let text = fs::read_to_string(sh::root().join(PATH)).wrap_err(PATH)?;
    parse(&text, &sh::root()).wrap_err(PATH)?;
    let toolchain = fs::read_to_string(sh::root().join("rust-toolchain.toml"))
        .wrap_err("rust-toolchain.toml")?;
    let channel = toolchain
        .lines()
        .find_map(|line| line.strip_prefix("channel = "))
        .ok_or_else(|| eyre!("rust-toolchain.toml names no channel"))?
        .trim_matches('"');
    for name in [format!("FROM rust:{channel}-"), format!("RUSTUP_TOOLCHAIN={channel}\n")] {
        ensure!(text.contains(&name), "{PATH} does not say {name:?}, as rust-toolchain.toml does");
    }
    Ok(())
}

/// One instruction with its arguments, continued lines joined.
fn instructions(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let joined = lines.fold(String::new(), |all, line| all + line + "\n").replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
            (name.to_owned(), arguments.trim().to_owned())
        })
        .collect()
}

/// Checks instructions, stages, what is copied from `root`, and as whom the program runs.
fn parse(text: &str, root: &Path) -> Result<()> {
    let mut stages: Vec<String> = Vec::new();
    let mut user = None;
    let mut entry = false;
    for (name, arguments) in instructions(text) {
        ensure!(INSTRUCTIONS.contains(&name.as_str()), "unknown instruction {name:?}");
        ensure!(!arguments.is_empty(), "{name} without arguments");
        ensure!(name == "FROM" || !stages.is_empty(), "{name} before the first FROM");
        match name.as_str() {
            "FROM" => {
                let stage = arguments.split_once(" AS ").map_or("", |(_, stage)| stage);
                stages.push(stage.to_owned());
                (user, entry) = (None, false);
            }
            "COPY" => copied(&arguments, &stages, root)?,
            "USER" => user = Some(arguments),
            "ENTRYPOINT" | "CMD" | "VOLUME" => {
                let list: Vec<String> = serde_json::from_str(&arguments)
                    .wrap_err_with(|| format!("{name} takes a JSON list of texts"))?;
                entry |= name == "ENTRYPOINT" && list == ["/usr/local/bin/oneslot"];
            }
            _ => {}
        }
    }
    ensure!(stages.len() >= 2, "one stage would leave the compiler in the image");
    ensure!(entry, "the last stage does not start oneslot");
    ensure!(user.is_some_and(|user| user != "root" && user != "0"), "the program runs as root");
    Ok(())
}

/// Sources must exist: files in the repository, or a stage before this one.
fn copied(arguments: &str, stages: &[String], root: &Path) -> Result<()> {
    let mut words: Vec<&str> = arguments.split_whitespace().collect();
    ensure!(words.len() >= 2, "COPY {arguments}: no target");
    if let Some(from) = words[0].strip_prefix("--from=") {
        let earlier = &stages[..stages.len() - 1];
        ensure!(earlier.iter().any(|stage| stage == from), "COPY from the unknown stage {from:?}");
        return Ok(());
    }
    words.pop();
    for source in words {
        ensure!(root.join(source).exists(), "COPY of {source}, which does not exist");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
        # comment\n\
        FROM rust AS build\n\
        COPY Cargo.toml Cargo.lock ./\n\
        RUN one \\\n    && two\n\
        FROM debian\n\
        COPY --from=build /a /b\n\
        USER oneslot\n\
        ENTRYPOINT [\"/usr/local/bin/oneslot\"]\n";

    #[test]
    fn the_committed_file_passes() {
        check().expect("ops/docker/Dockerfile");
    }

    #[test]
    fn continued_lines_are_one_instruction() {
        let run = ("RUN".to_owned(), "one      && two".to_owned());
        assert!(instructions(GOOD).contains(&run), "{:?}", instructions(GOOD));
    }

    #[test]
    fn each_fault_is_found() {
        parse(GOOD, &sh::root()).expect("good");
        for (from, to, error) in [
            ("FROM debian", "FRON debian", "unknown instruction"),
            ("FROM rust AS build\n", "", "before the first FROM"),
            ("Cargo.lock", "Cargo.look", "does not exist"),
            ("--from=build", "--from=built", "unknown stage"),
            ("USER oneslot", "USER root", "runs as root"),
            ("USER oneslot\n", "", "runs as root"),
            ("[\"/usr/local/bin/oneslot\"]", "/usr/local/bin/oneslot", "JSON list"),
            ("ENTRYPOINT", "CMD", "does not start oneslot"),
        ] {
            let got = parse(&GOOD.replace(from, to), &sh::root()).expect_err(to);
            assert!(format!("{got:#}").contains(error), "{got:#}");
        }
    }
}
