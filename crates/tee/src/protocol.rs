//! Messages on the socket. `docs` of the crate show the layout byte by byte.

use crate::{Error, PlatformKind};
use alloy_primitives::{Address, B256};
use oneslot_types::Statement;

/// First byte of every message. Another layout is another version.
pub const PROTOCOL_VERSION: u8 = 3;
/// Largest answer, bytes.
pub const MAX_RESPONSE_BYTES: u32 = 1 << 20;
/// Largest request unless the configuration says otherwise, bytes.
pub const DEFAULT_MAX_REQUEST_BYTES: u32 = 256 << 20;
/// Longest error text that is sent, bytes.
const MAX_TEXT: usize = 4096;

/// What a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Who are you?
    Info,
    /// Show one lane that your key was made inside.
    Quote {
        /// EIP-155 id of the lane's chain.
        l1_chain_id: u64,
        /// The lane's contract.
        lane: Address,
        /// Hash of a recent block of that chain.
        l1_block_hash: B256,
    },
    /// Execute a batch and sign what it does.
    Attest {
        /// EIP-155 id of the lane's chain.
        l1_chain_id: u64,
        /// The lane's contract.
        lane: Address,
        /// Who is rewarded for the attestation.
        payee: Address,
        /// Encoded `ExecutionInput`.
        input: &'a [u8],
    },
}

/// What the enclave says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// It will not.
    Refused(Refusal, String),
    /// To [`Request::Info`].
    Info(Info),
    /// To [`Request::Quote`].
    Quote(Quote),
    /// To [`Request::Attest`].
    Attestation(Attestation),
}

/// Why the enclave will not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// No free slot: later, perhaps.
    Busy,
    /// Shutting down.
    Stopping,
    /// The message is not of this protocol.
    Malformed,
    /// The message is too large.
    TooLarge,
    /// The message is of another version.
    Version,
    /// The input does not decode or does not execute.
    Input,
    /// The input is for another chain.
    WrongChain,
    /// The signature would contradict an earlier one.
    Equivocation,
    /// The key has signed as much as it may.
    KeyExhausted,
    /// Something broke inside.
    Internal,
    /// A code that this build does not know.
    Unknown(u8),
}

/// The enclave as it describes itself. Nothing in it is proven: only a quote verified on L1 is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// What vouches for the enclave.
    pub platform: PlatformKind,
    /// Address of the key that was made inside at start.
    pub key: Address,
    /// SHA-256 of the ELF of the program that the enclave executes.
    pub program_hash: B256,
    /// Measurement that its quotes carry.
    pub measurement: B256,
    /// Signatures made since start.
    pub attestations: u64,
    /// Seconds since start.
    pub uptime_seconds: u64,
    /// Most memory the process ever held, bytes; 0 when the system does not say.
    pub peak_memory_bytes: u64,
    /// Largest request it accepts, bytes.
    pub max_request_bytes: u32,
    /// Set when this enclave must not guard value. Show it.
    pub warning: Option<String>,
}

/// Evidence that a key was made inside an enclave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The key.
    pub key: Address,
    /// The platform's quote, as the lane's `register` takes it. Its report data are
    /// [`oneslot_types::key_report_data`].
    pub quote: Vec<u8>,
}

/// A signed statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The key that signed.
    pub key: Address,
    /// What the enclave derived from the input.
    pub statement: Statement,
    /// `r ‖ s ‖ v` over [`oneslot_types::tee_digest`]: s is low, v is 27 or 28.
    pub signature: [u8; 65],
}

impl<'a> Request<'a> {
    /// The message in two pieces, so that a large input is not copied.
    pub fn encode(&self) -> (Vec<u8>, &'a [u8]) {
        let mut head = vec![PROTOCOL_VERSION];
        match *self {
            Self::Info => {
                head.push(1);
                (head, &[])
            }
            Self::Quote { l1_chain_id, lane, l1_block_hash } => {
                head.push(2);
                head.extend_from_slice(&l1_chain_id.to_be_bytes());
                head.extend_from_slice(lane.as_slice());
                head.extend_from_slice(l1_block_hash.as_slice());
                (head, &[])
            }
            Self::Attest { l1_chain_id, lane, payee, input } => {
                head.push(3);
                head.extend_from_slice(&l1_chain_id.to_be_bytes());
                head.extend_from_slice(lane.as_slice());
                head.extend_from_slice(payee.as_slice());
                (head, input)
            }
        }
    }

    /// Reads a message from an untrusted peer.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::start(bytes)?;
        let request = match reader.u8("a request kind")? {
            1 => Self::Info,
            2 => Self::Quote {
                l1_chain_id: reader.u64("a chain id")?,
                lane: reader.address("a lane")?,
                l1_block_hash: reader.word("a block hash")?,
            },
            3 => Self::Attest {
                l1_chain_id: reader.u64("a chain id")?,
                lane: reader.address("a lane")?,
                payee: reader.address("a payee")?,
                input: reader.rest(),
            },
            _ => return Err(reader.wrong(1, "request kind 1, 2 or 3")),
        };
        reader.end()?;
        Ok(request)
    }
}

impl Response {
    /// The message. A text is cut to what fits.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![PROTOCOL_VERSION];
        match self {
            Self::Refused(refusal, text) => {
                out.push(0);
                out.push(refusal.code());
                out.extend_from_slice(cut(text).as_bytes());
            }
            Self::Info(info) => {
                out.push(1);
                out.push(info.platform.code());
                out.extend_from_slice(info.key.as_slice());
                out.extend_from_slice(info.program_hash.as_slice());
                out.extend_from_slice(info.measurement.as_slice());
                out.extend_from_slice(&info.attestations.to_be_bytes());
                out.extend_from_slice(&info.uptime_seconds.to_be_bytes());
                out.extend_from_slice(&info.peak_memory_bytes.to_be_bytes());
                out.extend_from_slice(&info.max_request_bytes.to_be_bytes());
                out.extend_from_slice(cut(info.warning.as_deref().unwrap_or("")).as_bytes());
            }
            Self::Quote(quote) => {
                out.push(2);
                out.extend_from_slice(quote.key.as_slice());
                out.extend_from_slice(&quote.quote);
            }
            Self::Attestation(attestation) => {
                out.push(3);
                out.extend_from_slice(attestation.key.as_slice());
                out.extend_from_slice(&attestation.statement.abi_encode());
                out.extend_from_slice(&attestation.signature);
            }
        }
        out
    }

    /// Reads a message from an untrusted peer.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::start(bytes)?;
        let response = match reader.u8("a response kind")? {
            0 => Self::Refused(Refusal::from_code(reader.u8("a refusal code")?), reader.text()?),
            1 => Self::Info(Info {
                platform: reader.platform()?,
                key: reader.address("a key")?,
                program_hash: reader.word("a program hash")?,
                measurement: reader.word("a measurement")?,
                attestations: reader.u64("a count of attestations")?,
                uptime_seconds: reader.u64("seconds")?,
                peak_memory_bytes: reader.u64("bytes of memory")?,
                max_request_bytes: u32::from_be_bytes(reader.take("a largest request")?),
                warning: Some(reader.text()?).filter(|text| !text.is_empty()),
            }),
            2 => {
                Self::Quote(Quote { key: reader.address("a key")?, quote: reader.rest().to_vec() })
            }
            3 => Self::Attestation(Attestation {
                key: reader.address("a key")?,
                statement: reader.statement()?,
                signature: reader.take("a signature of 65 bytes")?,
            }),
            _ => return Err(reader.wrong(1, "response kind 0, 1, 2 or 3")),
        };
        reader.end()?;
        Ok(response)
    }
}

impl Refusal {
    fn code(self) -> u8 {
        match self {
            Self::Busy => 1,
            Self::Stopping => 2,
            Self::Malformed => 3,
            Self::TooLarge => 4,
            Self::Version => 5,
            Self::Input => 6,
            Self::WrongChain => 7,
            Self::Equivocation => 8,
            Self::KeyExhausted => 9,
            Self::Internal => 10,
            Self::Unknown(code) => code,
        }
    }

    fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Busy,
            2 => Self::Stopping,
            3 => Self::Malformed,
            4 => Self::TooLarge,
            5 => Self::Version,
            6 => Self::Input,
            7 => Self::WrongChain,
            8 => Self::Equivocation,
            9 => Self::KeyExhausted,
            10 => Self::Internal,
            code => Self::Unknown(code),
        }
    }
}

impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        match error {
            Error::Busy { .. } => Self::Busy,
            Error::Stopping => Self::Stopping,
            Error::Malformed { .. } => Self::Malformed,
            Error::FrameTooLarge { .. } => Self::TooLarge,
            Error::Version { .. } => Self::Version,
            Error::Input(_) => Self::Input,
            Error::WrongChain { .. } => Self::WrongChain,
            Error::Equivocation { .. } => Self::Equivocation,
            Error::KeyExhausted { .. } => Self::KeyExhausted,
            _ => Self::Internal,
        }
    }
}

/// At most [`MAX_TEXT`] bytes of `text`, cut between two characters.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

/// Walks through a message.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn start(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Self { bytes, at: 0 };
        match reader.u8("a protocol version")? {
            PROTOCOL_VERSION => Ok(reader),
            got => Err(Error::Version { expected: PROTOCOL_VERSION, got }),
        }
    }

    fn take<const N: usize>(&mut self, expected: &'static str) -> Result<[u8; N], Error> {
        let found = self.bytes[self.at..].first_chunk::<N>();
        let found = *found.ok_or(self.wrong(0, expected))?;
        self.at += N;
        Ok(found)
    }

    fn u8(&mut self, expected: &'static str) -> Result<u8, Error> {
        self.take::<1>(expected).map(|[byte]| byte)
    }

    fn u64(&mut self, expected: &'static str) -> Result<u64, Error> {
        self.take(expected).map(u64::from_be_bytes)
    }

    fn address(&mut self, expected: &'static str) -> Result<Address, Error> {
        self.take::<20>(expected).map(Address::from)
    }

    fn word(&mut self, expected: &'static str) -> Result<B256, Error> {
        self.take::<32>(expected).map(B256::from)
    }

    fn platform(&mut self) -> Result<PlatformKind, Error> {
        let code = self.u8("a platform")?;
        PlatformKind::from_code(code).ok_or(self.wrong(1, "a known platform"))
    }

    fn statement(&mut self) -> Result<Statement, Error> {
        let bytes = self.take::<{ Statement::BYTES }>("a statement of nine words")?;
        Statement::abi_decode(&bytes).ok_or(self.wrong(Statement::BYTES, "a canonical statement"))
    }

    fn rest(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        self.at = self.bytes.len();
        rest
    }

    fn text(&mut self) -> Result<String, Error> {
        let at = self.at;
        String::from_utf8(self.rest().to_vec())
            .map_err(|_| Error::Malformed { at, expected: "text in UTF-8" })
    }

    fn end(&self) -> Result<(), Error> {
        match self.at == self.bytes.len() {
            true => Ok(()),
            false => Err(self.wrong(0, "the end of the message")),
        }
    }

    /// The error for something that began `back` bytes ago.
    fn wrong(&self, back: usize, expected: &'static str) -> Error {
        Error::Malformed { at: self.at - back, expected }
    }
}

#[cfg(test)]
mod tests;
