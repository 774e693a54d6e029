//! Real inputs through a real socket: the pinned inputs of the state transition, attested by the enclave.

use alloy_primitives::{Address, B256, Bytes, U256, uint};
use oneslot_stf::ExecutionInput;
use oneslot_tee::*;
use oneslot_types::{Statement, tee_digest};
use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

const LANE: Address = Address::repeat_byte(1);
const PAYEE: Address = Address::repeat_byte(2);
/// Half the order of secp256k1, rounded down.
const HALF_ORDER: U256 =
    uint!(0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0_U256);

/// `fixtures/stf-input.json`: encoded inputs and the statements they lead to.
fn vectors() -> Vec<(Bytes, Statement)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/stf-input.json");
    let all: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let all = all.as_array().unwrap().iter();
    let vector = |vector: &serde_json::Value| {
        let input = vector["input"].as_str().unwrap().parse().unwrap();
        let statement = serde_json::from_value(vector["statement"].clone()).unwrap();
        (input, statement)
    };
    all.map(vector).collect()
}

/// Runs `test` against an enclave, over a unix socket.
fn with_enclave(test: impl FnOnce(Client, Info)) {
    with_observed_enclave(|_| {}, test);
}

fn with_observed_enclave(
    observer: impl Fn(Event) + Send + Sync + 'static,
    test: impl FnOnce(Client, Info),
) {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::Unix(folder.path().join("tee.sock"));
    let config = ServerConfig::new(endpoint.clone(), PlatformKind::Dev, B256::repeat_byte(7));
    let server = Server::bind(config).unwrap().with_observer(observer);
    let info = server.info();
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    let thread = thread::spawn(move || server.run(&flag));
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        test(Client::new(ClientConfig::new(endpoint)), info)
    }));
    stop.store(true, Ordering::Relaxed);
    thread.join().unwrap().unwrap();
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

fn chain_of(input: &Bytes) -> u64 {
    ExecutionInput::decode(input.clone()).unwrap().config().unwrap().l1ChainId
}

#[test]
fn pinned_inputs_are_attested() {
    let vectors = vectors();
    assert!(vectors.len() >= 2, "calldata and blob");
    with_enclave(|client, info| {
        for (count, (input, expected)) in vectors.iter().enumerate() {
            let chain = chain_of(input);
            let attestation = client.attest(chain, LANE, PAYEE, input).unwrap();
            assert_eq!(attestation.statement, *expected);
            assert_eq!(attestation.key, info.key);

            let digest = tee_digest(chain, LANE, expected.id(), PAYEE);
            assert_eq!(recover(digest, &attestation.signature), Some(info.key));
            let s = U256::from_be_slice(&attestation.signature[32..64]);
            assert!(s <= HALF_ORDER);
            assert!(matches!(attestation.signature[64], 27 | 28));

            // The same question again: the same answer, to the bit.
            assert_eq!(client.attest(chain, LANE, PAYEE, input).unwrap(), attestation);
            let after = client.info().unwrap();
            assert_eq!(after.attestations, 2 * (count as u64 + 1));
            assert!(after.peak_memory_bytes > 0);
        }
    });
}

#[test]
fn other_chains_are_refused() {
    let (input, _) = &vectors()[0];
    with_enclave(|client, info| {
        let other = chain_of(input) + 1;
        assert_refused(client.attest(other, LANE, PAYEE, input), Refusal::WrongChain);
        assert_eq!(client.info().unwrap().attestations, 0);
        assert_eq!(client.info().unwrap().key, info.key);
    });
}

/// Every flipped bit and every cut of an input is refused, or changes the statement; none ends the enclave.
#[test]
fn corrupted_inputs_never_yield_the_statement() {
    let (input, statement) = &vectors()[0];
    let chain = chain_of(input);
    with_enclave(|client, info| {
        let step = (input.len() / 100).max(1);
        let (mut refused, mut other) = (0, 0);
        // The fields of the question come first.
        for at in (0..64).step_by(16).chain((64..input.len()).step_by(step)) {
            let mut corrupted = input.to_vec();
            corrupted[at] ^= 1 << (at % 8);
            for bytes in [&corrupted[..], &input[..at]] {
                match client.attest(chain, LANE, PAYEE, bytes) {
                    Err(Error::Refused { .. }) => refused += 1,
                    Ok(attestation) => {
                        assert_ne!(attestation.statement.id(), statement.id(), "byte {at}");
                        other += 1;
                    }
                    Err(error) => panic!("byte {at}: {error}"),
                }
            }
        }
        // A change of the domain, for one, is another statement.
        assert!(refused > 100 && other > 0, "{refused} refused, {other} other statements");
        assert_eq!(client.info().unwrap().key, info.key);
    });
}

fn assert_refused(result: Result<Attestation, Error>, expected: Refusal) {
    match result {
        Err(Error::Refused { refusal, .. }) => assert_eq!(refusal, expected),
        other => panic!("expected {expected:?}, got {other:?}"),
    }
}

#[test]
fn an_observer_hears_of_every_signature_and_every_refusal() {
    let (input, statement) = vectors().remove(0);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let events = seen.clone();
    let observer = move |event| events.lock().unwrap().push(event);
    with_observed_enclave(observer, |client, _| {
        client.attest(chain_of(&input), LANE, PAYEE, &input).unwrap();
        client.attest(chain_of(&input), LANE, PAYEE, &input[..40]).unwrap_err();
        client.info().unwrap();
    });
    let seen = seen.lock().unwrap();
    let [Event::Signed { batch, took }, Event::Refused(Refusal::Input)] = seen[..] else {
        panic!("{seen:?}");
    };
    assert_eq!(batch, statement.input.batch_index);
    assert!(!took.is_zero());
}
