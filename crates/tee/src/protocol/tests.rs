use super::*;
use alloy_primitives::keccak256;
use oneslot_types::{BatchIndex, OutputRoot, StatementInput};

fn requests() -> Vec<Request<'static>> {
    let lane = Address::repeat_byte(1);
    vec![
        Request::Info,
        Request::Quote { l1_chain_id: 31337, lane, l1_block_hash: B256::repeat_byte(4) },
        Request::Attest {
            l1_chain_id: u64::MAX,
            lane,
            payee: Address::repeat_byte(2),
            input: b"an input",
        },
        Request::Attest { l1_chain_id: 0, lane: Address::ZERO, payee: Address::ZERO, input: b"" },
    ]
}

fn responses() -> Vec<Response> {
    let key = Address::repeat_byte(3);
    let info = Info {
        platform: PlatformKind::Dev,
        key,
        program_hash: keccak256("program"),
        measurement: keccak256("measurement"),
        attestations: 4,
        uptime_seconds: 5,
        peak_memory_bytes: 6,
        max_request_bytes: 7,
        warning: Some("grüße".into()),
    };
    let quiet = Info { platform: PlatformKind::Nitro, warning: None, ..info.clone() };
    let statement = Statement {
        input: StatementInput { batch_index: BatchIndex(u64::MAX), ..Default::default() },
        output: OutputRoot(keccak256("output")),
    };
    let mut all = vec![
        Response::Info(info),
        Response::Info(quiet),
        Response::Quote(Quote { key, quote: vec![1, 2, 3] }),
        Response::Attestation(Attestation { key, statement, signature: [8; 65] }),
    ];
    let refusals = (1..=11).map(Refusal::from_code);
    all.extend(refusals.map(|refusal| Response::Refused(refusal, "why".into())));
    all
}

fn flat(request: &Request<'_>) -> Vec<u8> {
    let (head, tail) = request.encode();
    [&head, tail].concat()
}

#[test]
fn requests_are_read_as_they_are_written() {
    for request in requests() {
        assert_eq!(Request::decode(&flat(&request)).unwrap(), request);
    }
}

#[test]
fn responses_are_read_as_they_are_written() {
    for response in responses() {
        assert_eq!(Response::decode(&response.encode()).unwrap(), response);
    }
}

/// The layout, byte by byte: a change here is a new protocol version.
#[test]
fn the_layout_is_pinned() {
    let request = Request::Attest {
        l1_chain_id: 0x0102,
        lane: Address::repeat_byte(0xaa),
        payee: Address::repeat_byte(0xbb),
        input: &[0xcc, 0xdd],
    };
    let mut expected = vec![PROTOCOL_VERSION, 3, 0, 0, 0, 0, 0, 0, 1, 2];
    expected.extend([0xaa; 20]);
    expected.extend([0xbb; 20]);
    expected.extend([0xcc, 0xdd]);
    assert_eq!(flat(&request), expected);
    assert_eq!(flat(&Request::Info), [PROTOCOL_VERSION, 1]);
    let request = Request::Quote {
        l1_chain_id: 3,
        lane: Address::repeat_byte(0xaa),
        l1_block_hash: B256::repeat_byte(0xee),
    };
    let mut expected = vec![PROTOCOL_VERSION, 2, 0, 0, 0, 0, 0, 0, 0, 3];
    expected.extend([0xaa; 20]);
    expected.extend([0xee; 32]);
    assert_eq!(flat(&request), expected);

    let mut all = Vec::new();
    for response in responses() {
        all.extend(response.encode());
    }
    assert_eq!(all.len(), PINNED_LENGTH);
    assert_eq!(keccak256(&all).to_string(), PINNED_HASH);
}

const PINNED_LENGTH: usize = 703;
const PINNED_HASH: &str = "0xe35a7ff57143a505fa70d53918606b657bfd6f2900ee11dc448ab3c0ec7c03cd";

#[test]
fn truncated_and_extended_messages_are_refused() {
    for request in requests() {
        let bytes = flat(&request);
        let fixed = match request {
            Request::Attest { input, .. } => bytes.len() - input.len(),
            _ => bytes.len(),
        };
        for length in 0..fixed {
            assert!(Request::decode(&bytes[..length]).is_err(), "{length}");
        }
        if !matches!(request, Request::Attest { .. }) {
            assert!(matches!(
                Request::decode(&[&bytes[..], &[0]].concat()),
                Err(Error::Malformed { at, .. }) if at == fixed
            ));
        }
    }
    let attestation = responses()[3].encode();
    for length in 0..attestation.len() {
        assert!(Response::decode(&attestation[..length]).is_err(), "{length}");
    }
    assert!(Response::decode(&[&attestation[..], &[0]].concat()).is_err());
}

#[test]
fn other_versions_and_kinds_are_named() {
    assert!(matches!(Request::decode(&[1, 1]), Err(Error::Version { expected: 3, got: 1 })));
    assert!(matches!(Response::decode(&[0, 1]), Err(Error::Version { got: 0, .. })));
    for kind in [0, 4, 255] {
        assert!(matches!(
            Request::decode(&[PROTOCOL_VERSION, kind]),
            Err(Error::Malformed { at: 1, .. })
        ));
    }
    assert!(matches!(
        Response::decode(&[PROTOCOL_VERSION, 4]),
        Err(Error::Malformed { at: 1, .. })
    ));
}

#[test]
fn a_statement_with_dirty_words_is_refused() {
    let mut bytes = responses()[3].encode();
    // The first byte of the word of `batch_index`, a uint64.
    let at = 2 + 20 + 6 * 32;
    assert_eq!(bytes[at], 0);
    bytes[at] = 1;
    assert!(matches!(Response::decode(&bytes), Err(Error::Malformed { .. })));
}

#[test]
fn long_texts_are_cut_between_characters() {
    let text = "x".to_string() + &"ü".repeat(MAX_TEXT);
    let bytes = Response::Refused(Refusal::Internal, text.clone()).encode();
    let Response::Refused(_, got) = Response::decode(&bytes).unwrap() else {
        panic!("kind changed");
    };
    assert_eq!(got.len(), MAX_TEXT - 1);
    assert!(text.starts_with(&got));
}

/// Whatever decodes encodes to the same bytes: there is one encoding of every message.
#[test]
fn mutated_messages_never_panic_and_stay_canonical() {
    let mut seeds: Vec<Vec<u8>> = requests().iter().map(flat).collect();
    seeds.extend(responses().iter().map(Response::encode));
    let mut random = Random(0x5eed);
    let (mut decoded, mut refused) = (0, 0);
    for _ in 0..100_000 {
        let seed = &seeds[random.below(seeds.len())];
        let bytes = random.mutate(seed.clone());
        match Request::decode(&bytes) {
            Ok(request) => {
                decoded += 1;
                assert_eq!(flat(&request), bytes);
            }
            Err(_) => refused += 1,
        }
        match Response::decode(&bytes) {
            Ok(response) => {
                decoded += 1;
                // Texts above the limit are cut when they are written; mutations do not get there.
                assert_eq!(response.encode(), bytes);
            }
            Err(_) => refused += 1,
        }
    }
    assert!(decoded > 1000 && refused > 1000, "{decoded} {refused}");
}

/// Xorshift: seeded, so a failure repeats.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn mutate(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len() + 1);
            let byte = self.next() as u8;
            match self.below(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, byte),
                _ if at < bytes.len() => bytes[at] = byte,
                _ => {}
            }
        }
        bytes
    }
}
