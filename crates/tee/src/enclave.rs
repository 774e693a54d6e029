//! The enclave: a key, a program and a memory of what it signed. All input is hostile.

use crate::{
    Attestation, Error, Info, PlatformKind, Quote,
    platform::Platform,
    signer::{Key, peak_memory_bytes},
};
use alloy_primitives::{Address, B256, Bytes};
use oneslot_stf::ExecutionInput;
use oneslot_types::{InputId, Statement, StatementId, key_report_data, tee_digest};
use std::{
    collections::{HashMap, hash_map::Entry},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// Most inputs that one key signs for: what it remembers of each is 64 bytes, and a key lives 30 days.
const MAX_SIGNED: usize = 1 << 21;

/// The enclave program. A new one has a new key, which never leaves it and dies with it.
#[derive(Debug)]
pub struct Enclave {
    platform: Platform,
    program_hash: B256,
    key: Key,
    started: Instant,
    signed: Mutex<Signed>,
}

/// What the key signed.
#[derive(Debug, Default)]
struct Signed {
    statements: HashMap<InputId, StatementId>,
    /// Signatures made, repeated ones too.
    attestations: u64,
}

impl Enclave {
    /// Opens the platform and makes the key.
    ///
    /// `program_hash` is the SHA-256 of the ELF that this build's state transition is compiled to. The
    /// enclave executes that one program only, and a statement names none: what its signature stands for
    /// is its measurement, which the seat of a rollup's policy lists.
    pub fn start(kind: PlatformKind, program_hash: B256) -> Result<Self, Error> {
        let platform = Platform::open(kind, program_hash)?;
        let enclave = Self {
            platform,
            program_hash,
            key: Key::generate(),
            started: Instant::now(),
            signed: Mutex::default(),
        };
        if let Some(warning) = enclave.platform.warning() {
            tracing::warn!(key = %enclave.key.address(), "{warning}");
        }
        Ok(enclave)
    }

    /// Describes the enclave. `max_request_bytes` is the server's, passed through.
    pub fn info(&self, max_request_bytes: u32) -> Info {
        Info {
            platform: self.platform.kind(),
            key: self.key.address(),
            program_hash: self.program_hash,
            measurement: self.platform.measurement(),
            attestations: self.signed().attestations,
            uptime_seconds: self.started.elapsed().as_secs(),
            peak_memory_bytes: peak_memory_bytes(),
            max_request_bytes,
            warning: self.platform.warning().map(Into::into),
        }
    }

    /// A quote that binds the key to one lane on one chain, and is younger than the L1 block with that
    /// hash.
    pub fn quote(
        &self,
        l1_chain_id: u64,
        lane: Address,
        l1_block_hash: B256,
    ) -> Result<Quote, Error> {
        let key = self.key.address();
        let data = key_report_data(l1_chain_id, lane, key, l1_block_hash);
        Ok(Quote { key, quote: self.platform.quote(&data)? })
    }

    /// Executes an encoded `ExecutionInput` and signs the statement that follows from it.
    ///
    /// # Errors
    /// [`Error::Input`] for anything that does not decode or execute, [`Error::WrongChain`] for a statement
    /// of another chain, [`Error::Equivocation`] where the key has signed another answer to the same
    /// question.
    pub fn attest(
        &self,
        l1_chain_id: u64,
        lane: Address,
        payee: Address,
        input: Bytes,
    ) -> Result<Attestation, Error> {
        let statement = self.execute(l1_chain_id, input)?;
        self.sign(l1_chain_id, lane, payee, statement)
    }

    /// Derives the statement. A panic of the state transition is a refusal, not the end of the enclave.
    fn execute(&self, l1_chain_id: u64, input: Bytes) -> Result<Statement, Error> {
        let refused = |error: oneslot_stf::Error| Error::Input(error.to_string());
        let run = || {
            let input = ExecutionInput::decode(input).map_err(refused)?;
            let got = input.config().map_err(refused)?.l1ChainId;
            if got != l1_chain_id {
                return Err(Error::WrongChain { requested: l1_chain_id, input: got });
            }
            oneslot_stf::execute(&input).map_err(refused)
        };
        catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|_| Err(Error::Internal("the state transition panicked".into())))
    }

    /// Signs, after making sure that the key never signed another answer. The state transition is
    /// deterministic, so only a broken machine comes to the refusal; it would cost the key its bond.
    fn sign(
        &self,
        l1_chain_id: u64,
        lane: Address,
        payee: Address,
        statement: Statement,
    ) -> Result<Attestation, Error> {
        let (id, input_id) = (statement.id(), statement.input_id());
        let mut signed = self.signed();
        let full = signed.statements.len() >= MAX_SIGNED;
        match signed.statements.entry(input_id) {
            Entry::Occupied(earlier) if *earlier.get() != id => {
                return Err(Error::Equivocation { input_id, signed: *earlier.get(), got: id });
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(_) if full => return Err(Error::KeyExhausted { limit: MAX_SIGNED }),
            Entry::Vacant(slot) => {
                slot.insert(id);
            }
        }
        let signature = self.key.sign(tee_digest(l1_chain_id, lane, id, payee))?;
        signed.attestations += 1;
        Ok(Attestation { key: self.key.address(), statement, signature })
    }

    /// The map is changed in one step, so a panic elsewhere cannot leave it half changed.
    fn signed(&self) -> std::sync::MutexGuard<'_, Signed> {
        self.signed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::recover;
    use oneslot_types::OutputRoot;

    const LANE: Address = Address::repeat_byte(1);
    const PAYEE: Address = Address::repeat_byte(2);

    fn enclave() -> Enclave {
        Enclave::start(PlatformKind::Dev, B256::repeat_byte(7)).unwrap()
    }

    #[test]
    fn a_second_answer_to_one_question_is_refused() {
        let enclave = enclave();
        let first = Statement { output: OutputRoot(B256::repeat_byte(3)), ..Default::default() };
        let second = Statement { output: OutputRoot(B256::repeat_byte(4)), ..Default::default() };
        let attestation = enclave.sign(1, LANE, PAYEE, first.clone()).unwrap();
        assert!(matches!(
            enclave.sign(1, LANE, PAYEE, second.clone()),
            Err(Error::Equivocation { .. })
        ));
        // Also for another lane, chain and payee: the contradiction would be the same.
        assert!(matches!(enclave.sign(2, PAYEE, LANE, second), Err(Error::Equivocation { .. })));
        // The same answer again is the same signature.
        assert_eq!(enclave.sign(1, LANE, PAYEE, first).unwrap(), attestation);
        assert_eq!(enclave.info(0).attestations, 2);
    }

    #[test]
    fn a_signature_binds_chain_lane_statement_and_payee() {
        let enclave = enclave();
        let statement = Statement::default();
        let attestation = enclave.sign(1, LANE, PAYEE, statement.clone()).unwrap();
        let signer = |digest| recover(digest, &attestation.signature).unwrap();
        let id = statement.id();
        assert_eq!(signer(tee_digest(1, LANE, id, PAYEE)), attestation.key);
        for other in [
            tee_digest(2, LANE, id, PAYEE),
            tee_digest(1, PAYEE, id, PAYEE),
            tee_digest(1, LANE, StatementId::ZERO, PAYEE),
            tee_digest(1, LANE, id, LANE),
        ] {
            assert_ne!(signer(other), attestation.key);
        }
    }

    #[test]
    fn every_enclave_has_its_own_key() {
        assert_ne!(enclave().info(0).key, enclave().info(0).key);
    }

    #[test]
    fn the_dev_platform_is_loud() {
        let info = enclave().info(0);
        assert_eq!(info.platform, PlatformKind::Dev);
        assert!(info.warning.unwrap().contains("NOT AN ENCLAVE"));
    }

    #[test]
    fn garbage_is_an_input_error() {
        for input in [&b""[..], b"\0", &[0xff; 1000]] {
            assert!(matches!(
                enclave().attest(1, LANE, PAYEE, Bytes::from_static(input)),
                Err(Error::Input(_))
            ));
        }
    }
}
