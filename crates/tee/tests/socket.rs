//! The server over real sockets, against peers that behave and peers that do not.
//!
//! No test waits for a time limit to pass except where the limit itself is the subject, and then the limit
//! is set to milliseconds and only its effect is asserted.

use alloy_primitives::{Address, B256};
use oneslot_tee::*;
use oneslot_types::key_report_data;
use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

const PROGRAM: B256 = B256::repeat_byte(9);
const LANE: Address = Address::repeat_byte(1);
const BLOCK: B256 = B256::repeat_byte(2);

/// A server on a thread; stopped and joined on drop.
struct Running {
    endpoint: Endpoint,
    info: Info,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

impl Running {
    fn start(change: impl FnOnce(&mut ServerConfig)) -> Self {
        let endpoint = "127.0.0.1:0".parse().unwrap();
        let mut config = ServerConfig::new(endpoint, PlatformKind::Dev, PROGRAM);
        change(&mut config);
        let server = Server::bind(config).unwrap();
        let (endpoint, info) = (server.endpoint().clone(), server.info());
        let stop = Arc::new(AtomicBool::new(false));
        let flag = stop.clone();
        let thread = Some(thread::spawn(move || server.run(&flag)));
        Self { endpoint, info, stop, thread }
    }

    fn client(&self) -> Client {
        Client::new(ClientConfig::new(self.endpoint.clone()))
    }

    fn raw(&self) -> TcpStream {
        let Endpoint::Tcp(address) = self.endpoint else {
            panic!("not TCP");
        };
        TcpStream::connect(address).unwrap()
    }

    fn finish(mut self) -> Result<(), Error> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn frame(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_be_bytes(), body].concat()
}

/// One response frame; `None` when the server closed.
fn read_frame(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut body = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}

fn refusal(stream: &mut TcpStream) -> Refusal {
    match Response::decode(&read_frame(stream).expect("a response")).unwrap() {
        Response::Refused(refusal, _) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// The server still answers others.
fn assert_alive(server: &Running) {
    assert_eq!(server.client().info().unwrap().key, server.info.key);
}

#[test]
fn info_and_quote_over_tcp() {
    let server = Running::start(|_| ());
    let client = server.client();
    let info = client.info().unwrap();
    assert_eq!(info.key, server.info.key);
    assert_eq!(info.program_hash, PROGRAM);
    assert_eq!(info.measurement, PROGRAM);
    assert!(info.warning.unwrap().contains("NOT AN ENCLAVE"));

    let quote = client.quote(31337, LANE, BLOCK).unwrap();
    assert_eq!(quote.key, info.key);
    assert_eq!(quote.quote[..32], PROGRAM[..]);
    assert_eq!(quote.quote[32..96], key_report_data(31337, LANE, info.key, BLOCK)[..]);
    assert_ne!(quote, client.quote(1, LANE, BLOCK).unwrap());
    assert_ne!(quote, client.quote(31337, LANE, B256::ZERO).unwrap());
    server.finish().unwrap();
}

#[test]
fn info_over_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tee.sock");
    let server = Running::start(|config| config.endpoint = Endpoint::Unix(path.clone()));
    assert_alive(&server);
    server.finish().unwrap();
    assert!(!path.exists(), "the socket file is removed");
}

#[test]
fn hardware_platforms_do_not_start() {
    for name in ["tdx", "sev-snp", "sgx", "nitro"] {
        let platform = name.parse().unwrap();
        let endpoint = "127.0.0.1:0".parse().unwrap();
        let config = ServerConfig::new(endpoint, platform, PROGRAM);
        let error = Server::bind(config).err().unwrap();
        assert!(matches!(error, Error::PlatformNotBuilt { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Fatal);
    }
}

#[test]
fn one_connection_carries_many_requests() {
    let server = Running::start(|_| ());
    let mut stream = server.raw();
    for _ in 0..3 {
        // A frame may come in pieces.
        for byte in frame(&[PROTOCOL_VERSION, 1]) {
            stream.write_all(&[byte]).unwrap();
        }
        let response = Response::decode(&read_frame(&mut stream).unwrap()).unwrap();
        assert!(matches!(response, Response::Info(_)));
    }
}

#[test]
fn refused_input_leaves_the_connection_open() {
    let server = Running::start(|_| ());
    let mut stream = server.raw();
    let request =
        Request::Attest { l1_chain_id: 31337, lane: LANE, payee: LANE, input: &[0xff; 100_000] };
    let (head, tail) = request.encode();
    for _ in 0..2 {
        stream.write_all(&frame(&[&head[..], tail].concat())).unwrap();
        assert_eq!(refusal(&mut stream), Refusal::Input);
    }
    let error = server.client().attest(31337, LANE, LANE, &[0xff; 100_000]).unwrap_err();
    assert!(matches!(error, Error::Refused { refusal: Refusal::Input, .. }));
    assert_eq!(error.kind(), ErrorKind::Fatal);
}

#[test]
fn garbage_is_refused_and_the_connection_closed() {
    let server = Running::start(|_| ());
    for (body, expected) in [
        (&[][..], Refusal::Malformed),
        (&[PROTOCOL_VERSION, 9], Refusal::Malformed),
        (&[PROTOCOL_VERSION, 1, 0], Refusal::Malformed),
        (&[7, 1], Refusal::Version),
    ] {
        let mut stream = server.raw();
        stream.write_all(&frame(body)).unwrap();
        assert_eq!(refusal(&mut stream), expected);
        assert_eq!(read_frame(&mut stream), None);
    }
    assert_alive(&server);
}

#[test]
fn an_oversize_frame_is_refused_by_its_length() {
    let server = Running::start(|config| config.max_request_bytes = 1000);
    for length in [1001_u32, u32::MAX] {
        let mut stream = server.raw();
        stream.write_all(&length.to_be_bytes()).unwrap();
        assert_eq!(refusal(&mut stream), Refusal::TooLarge);
        assert_eq!(read_frame(&mut stream), None);
    }
    // The client knows its own limit.
    let mut config = ClientConfig::new(server.endpoint.clone());
    config.max_request_bytes = 1000;
    let error = Client::new(config).attest(1, LANE, LANE, &[0; 1000]);
    assert!(matches!(error, Err(Error::FrameTooLarge { limit: 1000, .. })));
    assert_alive(&server);
}

#[test]
fn a_truncated_frame_ends_only_its_connection() {
    let server = Running::start(|_| ());
    for bytes in [&[0][..], &[0, 0, 0, 2, 1], &[0, 1, 0, 0, 1, 3]] {
        let mut stream = server.raw();
        stream.write_all(bytes).unwrap();
        drop(stream);
    }
    assert_alive(&server);
}

#[test]
fn a_slow_peer_is_cut_off_and_frees_its_slot() {
    let server = Running::start(|config| {
        config.frame_timeout = Duration::from_millis(50);
        config.idle_timeout = Duration::from_secs(3600);
    });
    // Announces a large frame, takes the only execution slot, and falls silent.
    let mut slow = server.raw();
    slow.write_all(&[0, 1, 0, 0, 1]).unwrap();
    assert_eq!(refusal(&mut slow), Refusal::Internal);
    assert_eq!(read_frame(&mut slow), None);
    // The slot is free again.
    let error = server.client().attest(1, LANE, LANE, &[0xff; 100_000]);
    assert!(matches!(error, Err(Error::Refused { refusal: Refusal::Input, .. })));
}

#[test]
fn a_silent_peer_is_cut_off() {
    let server = Running::start(|config| config.idle_timeout = Duration::from_millis(20));
    let mut silent = server.raw();
    assert_eq!(refusal(&mut silent), Refusal::Internal);
    assert_eq!(read_frame(&mut silent), None);
}

#[test]
fn no_slot_is_busy_and_worth_a_retry() {
    let server = Running::start(|config| {
        config.queue_timeout = Duration::from_millis(20);
        config.frame_timeout = Duration::from_secs(3600);
    });
    let mut holder = server.raw();
    holder.write_all(&[0, 1, 0, 0, 1]).unwrap();
    // The holder may not have its slot yet: ask until it has.
    let error = loop {
        match server.client().attest(1, LANE, LANE, &[0xff; 100]) {
            Err(Error::Refused { refusal: Refusal::Input, .. }) => thread::yield_now(),
            other => break other.unwrap_err(),
        }
    };
    assert!(matches!(error, Error::Refused { refusal: Refusal::Busy, .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Retry);
    // Questions that need no slot are answered all the while.
    assert_alive(&server);
}

#[test]
fn too_many_connections_are_turned_away() {
    let server = Running::start(|config| config.max_connections = 2);
    let mut held: Vec<_> = (0..2).map(|_| server.raw()).collect();
    for stream in &mut held {
        stream.write_all(&frame(&[PROTOCOL_VERSION, 1])).unwrap();
        read_frame(stream).unwrap();
    }
    let mut third = server.raw();
    assert_eq!(refusal(&mut third), Refusal::Busy);
    held.pop();
    // The server notices the closed connection when its thread runs.
    while server.client().info().is_err() {
        thread::yield_now();
    }
}

#[test]
fn stopping_ends_idle_connections_and_then_nobody_listens() {
    let server = Running::start(|_| ());
    let mut idle = server.raw();
    idle.write_all(&frame(&[PROTOCOL_VERSION, 1])).unwrap();
    read_frame(&mut idle).unwrap();
    let client = server.client();
    server.finish().unwrap();
    assert_eq!(refusal(&mut idle), Refusal::Stopping);
    let error = client.info().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Retry, "{error}");
}

/// An enclave that answers with `body`, once.
fn impostor(body: Vec<u8>) -> (Client, JoinHandle<()>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::Tcp(listener.local_addr().unwrap());
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_frame(&mut stream).unwrap();
        stream.write_all(&body).unwrap();
    });
    (Client::new(ClientConfig::new(endpoint)), thread)
}

#[test]
fn the_client_believes_no_signature() {
    let attestation = Attestation {
        key: Address::repeat_byte(5),
        statement: Default::default(),
        signature: [1; 65],
    };
    let mut real = attestation.clone();
    // A well-formed signature, but over something else: it recovers to some other key.
    real.signature[64] = 27;
    for (attestation, recovers) in [(attestation, false), (real, true)] {
        let (client, thread) = impostor(frame(&Response::Attestation(attestation).encode()));
        let error = client.attest(1, LANE, LANE, &[]).unwrap_err();
        assert_eq!(matches!(error, Error::WrongSigner { .. }), recovers);
        assert_eq!(error.kind(), ErrorKind::Fatal);
        thread.join().unwrap();
    }
}

#[test]
fn the_client_is_bounded_too() {
    let (client, thread) = impostor((MAX_RESPONSE_BYTES + 1).to_be_bytes().to_vec());
    assert!(matches!(client.info(), Err(Error::FrameTooLarge { .. })));
    thread.join().unwrap();

    let (client, thread) = impostor(frame(&[PROTOCOL_VERSION, 2]));
    assert!(matches!(client.info(), Err(Error::Malformed { .. })));
    thread.join().unwrap();

    // Closed in the middle of an answer, and without any.
    for bytes in [vec![0, 0, 0, 9, 1], vec![]] {
        let (client, thread) = impostor(bytes);
        let error = client.info().unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Retry);
        thread.join().unwrap();
    }
}

#[test]
fn the_client_does_not_wait_for_ever() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::Tcp(listener.local_addr().unwrap());
    let mut config = ClientConfig::new(endpoint);
    config.io_timeout = Duration::from_millis(20);
    let error = Client::new(config).info().unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Retry);
}
