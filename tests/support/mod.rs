//! A devnet in a folder of its own, and JSON-RPC.

pub(crate) mod commands;

use serde_json::{Value, json};
use std::{
    fs,
    hash::{BuildHasher, Hasher, RandomState},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

/// Longest wait for anything; a run that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(420);

/// The devnets of one test program run one after the other: each wants both cores.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Waits for `done`, which is asked again and again.
fn until<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(start.elapsed() < LIMIT, "no {what} in {LIMIT:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// `oneslot devnet` in a process of its own.
pub(crate) struct Devnet {
    dir: tempfile::TempDir,
    child: Child,
}

impl Devnet {
    /// Starts one on free ports.
    pub(crate) fn start(args: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("folder");
        let log = fs::File::create(dir.path().join("devnet.log")).expect("log");
        let child = Command::new(env!("CARGO_BIN_EXE_oneslot"))
            .args(["devnet", "--l1-port", "0", "--l2-port", "0", "--dir"])
            .arg(dir.path().join("net"))
            .arg("--report")
            .arg(dir.path().join("report.json"))
            .args(args)
            .stdout(log.try_clone().expect("log"))
            .stderr(log)
            .spawn()
            .expect("oneslot devnet");
        Self { dir, child }
    }

    fn net(&self, file: &str) -> PathBuf {
        self.dir.path().join("net").join(file)
    }

    fn output(&self) -> String {
        fs::read_to_string(self.dir.path().join("devnet.log")).unwrap_or_default()
    }

    fn alive(&mut self) {
        if let Some(status) = self.child.try_wait().expect("status") {
            let mut logs = String::new();
            for name in ["node", "post", "enclave", "attest", "propose", "settle"] {
                let text = fs::read_to_string(self.net(&format!("{name}.log"))).unwrap_or_default();
                let tail: Vec<_> = text.lines().rev().take(15).collect();
                logs += &format!("\n--- {name}\n");
                logs.extend(tail.into_iter().rev().map(|line| format!("{line}\n")));
            }
            panic!("the devnet ended with {status}:\n{}{logs}", self.output());
        }
    }

    /// Waits for the report, which is written when both withdrawals are paid.
    pub(crate) fn report(&mut self) -> Value {
        let path = self.dir.path().join("report.json");
        until("report", || {
            let text = fs::read_to_string(&path).ok();
            if text.is_none() {
                self.alive();
            }
            serde_json::from_str(&text?).ok()
        })
    }

    /// Waits until a stage has been printed as it happened.
    pub(crate) fn until_stage(&mut self, stage: &str) {
        until(stage, || {
            self.alive();
            self.output().contains(stage).then_some(())
        });
    }

    /// SIGKILL to a service taken at random, every 0.5 to 3 s, until the report is there. Returns how many died.
    pub(crate) fn report_under_kills(&mut self, services: &[&str]) -> (Value, usize) {
        let mut killed = 0;
        while !self.dir.path().join("report.json").exists() {
            self.alive();
            let dice = RandomState::new().build_hasher().finish();
            std::thread::sleep(Duration::from_millis(500 + dice % 2500));
            let service = services[(dice >> 32) as usize % services.len()];
            let pid = fs::read_to_string(self.net(&format!("{service}.pid"))).unwrap_or_default();
            let status = Command::new("kill").args(["-9", &pid]).stderr(Stdio::null()).status();
            killed += usize::from(status.expect("kill").success());
        }
        (self.report(), killed)
    }

    /// SIGKILL to one service.
    pub(crate) fn kill(&self, service: &str) {
        let pid = fs::read_to_string(self.net(&format!("{service}.pid"))).expect("pid file");
        let status = Command::new("kill").args(["-9", &pid]).status().expect("kill");
        assert!(status.success(), "cannot kill {service}, process {pid}");
    }

    /// Ctrl-C; the devnet must end well.
    pub(crate) fn interrupt(mut self) {
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        let status = until("end after an interrupt", || self.child.try_wait().expect("status"));
        assert!(status.success(), "ended with {status}:\n{}", self.output());
    }

    /// JSON-RPC of the sequencer's node.
    pub(crate) fn l2_rpc(&self) -> String {
        self.endpoints()["l2Rpc"].as_str().expect("url").into()
    }

    /// Where a process serves `/health` and `/metrics`.
    pub(crate) fn http_address(&self, process: &str) -> String {
        self.endpoints()["http"][process].as_str().expect("an address").into()
    }

    fn endpoints(&self) -> Value {
        let text = fs::read_to_string(self.net("endpoints.json")).expect("endpoints.json");
        serde_json::from_str(&text).expect("json")
    }

    /// Runs a command against the devnet as its user and reads what it prints.
    pub(crate) fn oneslot(&self, args: &[&str]) -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_oneslot"))
            .args(args)
            .env("ONESLOT_CONFIG", self.net("oneslot.toml"))
            .env("ONESLOT_KEY_FILE", self.net("user.key"))
            .env("RUST_LOG", "warn")
            .output()
            .expect("oneslot");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "oneslot {args:?}: {error}");
        commands::parse(args, &output.stdout)
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        // Children stop with the devnet; a panic of the test must not leave them behind.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = Command::new("kill").arg("-INT").arg(self.child.id().to_string()).status();
            std::thread::sleep(Duration::from_secs(5));
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A second node that knows L1 and the contracts' addresses, and no peer.
pub(crate) struct NodeProcess {
    child: Child,
    pub(crate) url: String,
    _dir: tempfile::TempDir,
}

impl NodeProcess {
    pub(crate) fn follower(devnet: &Devnet) -> Self {
        let dir = tempfile::tempdir().expect("folder");
        let port =
            TcpListener::bind("127.0.0.1:0").expect("port").local_addr().expect("port").port();
        let log = fs::File::create(dir.path().join("log")).expect("log");
        let child = Command::new(env!("CARGO_BIN_EXE_oneslot"))
            .arg("node")
            .env("ONESLOT_CONFIG", devnet.net("oneslot.toml"))
            .env("ONESLOT_NODE__SEQUENCER", "false")
            .env("ONESLOT_NODE__DATA_DIR", dir.path().join("data"))
            .env("ONESLOT_NODE__RPC_ADDR", format!("127.0.0.1:{port}"))
            .env("ONESLOT_NODE__HTTP_ADDR", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("oneslot node");
        let node = Self { child, url: format!("http://127.0.0.1:{port}"), _dir: dir };
        node.until(|url| TcpStream::connect(url.trim_start_matches("http://")).is_ok());
        node
    }

    pub(crate) fn until(&self, mut done: impl FnMut(&str) -> bool) {
        until("progress of the second node", || done(&self.url).then_some(()));
    }
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A plain HTTP GET: head and body.
pub(crate) fn get(host: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(host).expect("connection");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        .expect("request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("response");
    let (head, body) = text.split_once("\r\n\r\n").expect("a header and a body");
    (head.into(), body.into())
}

/// One JSON-RPC call over plain HTTP; the result or a panic.
pub(crate) fn rpc(url: &str, method: &str, params: Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).expect("connection");
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .expect("request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("response");
    let (head, body) = text.split_once("\r\n\r\n").expect("a header and a body");
    assert!(head.starts_with("HTTP/1.1 200"), "{method}: {head}");
    let value: Value =
        serde_json::from_str(body).unwrap_or_else(|e| panic!("{method}: {e}: {body}"));
    assert!(value.get("error").is_none(), "{method}: {value}");
    value["result"].clone()
}
