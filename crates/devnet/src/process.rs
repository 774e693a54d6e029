//! The child processes of the devnet: started, watched, started again, stopped.

use eyre::{Result, WrapErr};
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// How long a process may take to end after SIGTERM before it is killed.
const GRACE: Duration = Duration::from_secs(10);
/// How long a part may take until it answers.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(120);
/// Pause before a process that ended is started again.
const RESTART_PAUSE: Duration = Duration::from_millis(500);

/// What to run and where its output goes.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    /// Name in logs and in the report.
    pub(crate) name: &'static str,
    /// The program.
    pub(crate) program: PathBuf,
    /// Its arguments; never secrets.
    pub(crate) args: Vec<String>,
    /// Its environment beyond the inherited one; secrets go here.
    pub(crate) env: Vec<(String, String)>,
    /// Standard output and error.
    pub(crate) log: PathBuf,
}

/// What is known of a process that was started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage {
    /// Process id of the running instance.
    pub(crate) pid: Option<u32>,
    /// Times it was started again.
    pub(crate) restarts: u32,
    /// Largest resident set seen, KiB (`VmHWM`), over all instances.
    pub(crate) peak_kib: u64,
}

/// A process that is started again whenever it ends, until the devnet stops.
pub(crate) struct Supervised {
    pub(crate) name: &'static str,
    usage: Arc<Mutex<Usage>>,
    task: JoinHandle<()>,
    cancel: CancellationToken,
}

impl Supervised {
    /// Starts the process. `restart` false: its end is final.
    pub(crate) fn start(spec: Spec, restart: bool) -> Result<Self> {
        let mut child = spawn(&spec)?;
        let usage = Arc::new(Mutex::new(Usage { pid: child.id(), ..Usage::default() }));
        let cancel = CancellationToken::new();
        let name = spec.name;
        let task = tokio::spawn({
            let (usage, cancel) = (usage.clone(), cancel.clone());
            async move {
                loop {
                    tokio::select! {
                        () = cancel.cancelled() => return stop(&mut child, &usage).await,
                        () = sample(&usage) => continue,
                        status = child.wait() => {
                            tracing::warn!(name, ?status, "process ended");
                            usage.lock().expect("invariant: no panic under this lock").pid = None;
                        }
                    }
                    if !restart {
                        return;
                    }
                    tokio::time::sleep(RESTART_PAUSE).await;
                    match spawn(&spec) {
                        Ok(next) => child = next,
                        Err(error) => {
                            tracing::error!(name, %error, "process does not start again");
                            return;
                        }
                    }
                    let mut usage = usage.lock().expect("invariant: no panic under this lock");
                    usage.pid = child.id();
                    usage.restarts += 1;
                }
            }
        });
        Ok(Self { name, usage, task, cancel })
    }

    /// What is known of it now.
    pub(crate) fn usage(&self) -> Usage {
        self.usage.lock().expect("invariant: no panic under this lock").clone()
    }

    /// Ends it: SIGTERM, then SIGKILL.
    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        let _ = self.task.await;
    }
}

fn spawn(spec: &Spec) -> Result<Child> {
    let log = File::options().create(true).append(true).open(&spec.log);
    let log = log.wrap_err_with(|| format!("cannot write {}", spec.log.display()))?;
    let mut command = Command::new(&spec.program);
    command
        .args(&spec.args)
        .envs(spec.env.iter().cloned())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        // Ctrl-C reaches the devnet alone, which then stops its children in order.
        .process_group(0)
        .kill_on_drop(true);
    let child = command.spawn();
    let child = child.wrap_err_with(|| format!("cannot start {}", spec.program.display()))?;
    // For whoever wants to stop, measure or kill this one process.
    let pid = child.id().map(|pid| pid.to_string()).unwrap_or_default();
    std::fs::write(spec.log.with_extension("pid"), pid)?;
    Ok(child)
}

/// Reads the peak memory once a second.
async fn sample(usage: &Mutex<Usage>) {
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut usage = usage.lock().expect("invariant: no panic under this lock");
    if let Some(peak) = usage.pid.and_then(peak_kib) {
        usage.peak_kib = usage.peak_kib.max(peak);
    }
}

fn peak_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status"));
    let status = status.ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

async fn stop(child: &mut Child, usage: &Mutex<Usage>) {
    let Some(pid) = child.id() else { return };
    if let Some(peak) = peak_kib(pid) {
        let mut usage = usage.lock().expect("invariant: no panic under this lock");
        usage.peak_kib = usage.peak_kib.max(peak);
    }
    // The standard library sends SIGKILL alone; `kill` is part of every POSIX system.
    let _ = Command::new("kill").arg(pid.to_string()).status().await;
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn until(mut done: impl FnMut() -> bool) {
        while !done() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    #[tokio::test]
    async fn a_killed_process_is_started_again_and_a_stopped_one_is_not() {
        let dir = tempfile::tempdir().expect("folder");
        let process = Supervised::start(
            Spec {
                name: "sleeper",
                program: "sleep".into(),
                args: vec!["1000".into()],
                env: Vec::new(),
                log: dir.path().join("log"),
            },
            true,
        )
        .expect("started");
        let first = process.usage().pid.expect("running");
        let _ = Command::new("kill").args(["-9", &first.to_string()]).status().await;
        until(|| process.usage().restarts == 1).await;
        let second = process.usage().pid.expect("running again");
        assert_ne!(first, second);
        process.stop().await;
        assert!(!Path::new("/proc").join(second.to_string()).join("exe").exists());
    }
}
