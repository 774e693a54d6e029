//! The test programs that cargo builds, run here so that several can run at a time.

use crate::sh;
use cargo_metadata::Message;
use eyre::{Result, WrapErr, ensure, eyre};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

/// How many programs run at a time. Most of them use one core, or wait.
const AT_A_TIME: usize = 2;

/// Programs that start whole systems, or that measure short waits: each has the machine for itself.
const ALONE: [&str; 3] = ["cli whole", "services pipeline", "tee socket"];

/// A program with tests and the folder of its package, in which cargo would run it.
pub(super) struct Program {
    /// Package and target, such as `cli whole`.
    pub(super) name: String,
    path: PathBuf,
    folder: PathBuf,
}

impl Program {
    /// The program with arguments, to be run as cargo runs it.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        command.current_dir(&self.folder).args(arguments);
        command
    }

    fn runs_alone(&self) -> bool {
        ALONE.contains(&self.name.as_str())
    }
}

/// Builds the programs that `cargo_test` would run.
pub(super) fn build(cargo_test: &mut Command) -> Result<Vec<Program>> {
    cargo_test.args(["--no-run", "--message-format=json-render-diagnostics"]);
    let messages = sh::output(cargo_test)?;
    let mut programs = Vec::new();
    for message in Message::parse_stream(messages.as_bytes()) {
        let Message::CompilerArtifact(artifact) = message? else { continue };
        let Some(path) = artifact.executable.filter(|_| artifact.profile.test) else { continue };
        let folder = artifact.manifest_path.parent();
        let folder = folder.ok_or_else(|| eyre!("{path} has no package"))?;
        let package = folder.file_name().unwrap_or_default();
        programs.push(Program {
            name: format!("{package} {}", artifact.target.name),
            path: path.into_std_path_buf(),
            folder: Path::new(folder).to_owned(),
        });
    }
    ensure!(!programs.is_empty(), "there are no test programs");
    Ok(programs)
}

/// Runs every program, whatever the others do, and prints what it printed when it ends.
///
/// # Errors
///
/// The names of the programs that failed.
pub(super) fn run(programs: &[Program]) -> Result<()> {
    let (alone, together): (Vec<_>, Vec<_>) = programs.iter().partition(|it| it.runs_alone());
    let mut failed = at_a_time(AT_A_TIME, &together)?;
    failed.extend(at_a_time(1, &alone)?);
    ensure!(failed.is_empty(), "tests failed in {}", failed.join(", "));
    Ok(())
}

/// Runs so many at a time and returns the names of those that failed.
fn at_a_time(workers: usize, programs: &[&Program]) -> Result<Vec<String>> {
    let queue = Mutex::new(programs.iter());
    let next = || queue.lock().ok()?.next();
    let work = || -> Result<Vec<String>> {
        let mut failed = Vec::new();
        while let Some(program) = next() {
            if !run_one(program)? {
                failed.push(program.name.clone());
            }
        }
        Ok(failed)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut failed = Vec::new();
        for thread in threads {
            failed.extend(thread.join().map_err(|_| eyre!("a thread panicked"))??);
        }
        Ok(failed)
    })
}

/// Whether the program's tests passed.
fn run_one(program: &Program) -> Result<bool> {
    let start = Instant::now();
    let output = program.command(&[]).output();
    let output = output.wrap_err_with(|| format!("cannot start {}", program.path.display()))?;
    print(program, start.elapsed(), &String::from_utf8_lossy(&output.stdout));
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    Ok(output.status.success())
}

/// In one piece, so that two programs do not mix.
fn print(program: &Program, took: Duration, output: &str) {
    print!("\n{} ({:.1} s)\n{output}", program.name, took.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;
    use cargo_metadata::MetadataCommand;

    #[test]
    fn every_program_runs_and_the_failed_ones_are_named() {
        let program = |name: &str, path: &str| Program {
            name: name.into(),
            path: path.into(),
            folder: sh::root(),
        };
        let good = program("good", "/bin/true");
        assert!(run(&[program("a", "/bin/true"), program("cli whole", "/bin/true")]).is_ok());
        let bad = [program("first", "/bin/false"), good, program("cli whole", "/bin/false")];
        let error = run(&bad).expect_err("two fail").to_string();
        assert_eq!(error, "tests failed in first, cli whole");
        assert!(run(&[program("absent", "/bin/absent")]).is_err());
    }

    #[test]
    fn the_programs_that_run_alone_exist() {
        let manifest = sh::root().join("Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec();
        let packages = metadata.expect("cargo metadata").packages;
        let names: Vec<_> = packages
            .iter()
            .flat_map(|package| {
                let folder = package.manifest_path.parent().expect("a folder");
                let folder = folder.file_name().expect("a name");
                package.targets.iter().map(move |target| format!("{folder} {}", target.name))
            })
            .collect();
        for name in ALONE {
            assert!(names.iter().any(|it| it == name), "there is no program {name}");
        }
    }
}
