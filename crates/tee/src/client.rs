//! The other end of the socket.

use crate::{
    Attestation, DEFAULT_MAX_REQUEST_BYTES, Endpoint, Error, Info, MAX_RESPONSE_BYTES, Quote,
    Request, Response,
    frame::{Connection, Deadline},
    signer::recover,
};
use alloy_primitives::{Address, B256};
use oneslot_types::tee_digest;
use std::{io, time::Duration};

/// Where the enclave is and how long to wait for it.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The enclave's address.
    pub endpoint: Endpoint,
    /// Longest time to connect (TCP).
    pub connect_timeout: Duration,
    /// Longest time for a whole call of [`Client::info`] or [`Client::quote`].
    pub io_timeout: Duration,
    /// Longest time for a whole call of [`Client::attest`]: waiting for a slot, sending, executing.
    pub attest_timeout: Duration,
    /// Largest request that is sent, bytes.
    pub max_request_bytes: u32,
}

impl ClientConfig {
    /// The defaults: 5 s to connect, 30 s a call, 10 min an attestation.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            connect_timeout: Duration::from_secs(5),
            io_timeout: Duration::from_secs(30),
            attest_timeout: Duration::from_secs(600),
            max_request_bytes: DEFAULT_MAX_REQUEST_BYTES,
        }
    }
}

/// Speaks to one enclave; every call is a connection of its own. Blocking: from async code call it on a
/// thread that may block.
#[derive(Clone, Debug)]
pub struct Client {
    config: ClientConfig,
}

impl Client {
    /// Does not connect yet.
    pub fn new(config: ClientConfig) -> Self {
        Self { config }
    }

    /// Who is there. Its key changes whenever the enclave restarts.
    pub fn info(&self) -> Result<Info, Error> {
        match self.call(Request::Info, self.config.io_timeout)? {
            Response::Info(info) => Ok(info),
            _ => Err(Error::BadAnswer { what: "no description" }),
        }
    }

    /// A quote to register the enclave's key with a lane. L1 wants it to be younger than a recent block,
    /// whose hash it binds.
    pub fn quote(
        &self,
        l1_chain_id: u64,
        lane: Address,
        l1_block_hash: B256,
    ) -> Result<Quote, Error> {
        let request = Request::Quote { l1_chain_id, lane, l1_block_hash };
        match self.call(request, self.config.io_timeout)? {
            Response::Quote(quote) => Ok(quote),
            _ => Err(Error::BadAnswer { what: "no quote" }),
        }
    }

    /// Has a batch executed and signed. `input` is an encoded `ExecutionInput`.
    ///
    /// The signature is checked against [`Attestation::key`]. That the key is a registered one, and the statement the
    /// one asked for, is for the caller and the lane to check.
    pub fn attest(
        &self,
        l1_chain_id: u64,
        lane: Address,
        payee: Address,
        input: &[u8],
    ) -> Result<Attestation, Error> {
        let request = Request::Attest { l1_chain_id, lane, payee, input };
        let Response::Attestation(attestation) = self.call(request, self.config.attest_timeout)?
        else {
            return Err(Error::BadAnswer { what: "no attestation" });
        };
        let digest = tee_digest(l1_chain_id, lane, attestation.statement.id(), payee);
        match recover(digest, &attestation.signature) {
            Some(got) if got == attestation.key => Ok(attestation),
            Some(got) => Err(Error::WrongSigner { expected: attestation.key, got }),
            None => Err(Error::BadAnswer { what: "a signature that recovers to no key" }),
        }
    }

    fn call(&self, request: Request<'_>, limit: Duration) -> Result<Response, Error> {
        let deadline = Deadline::after(limit, "asking the enclave");
        let stream = self.config.endpoint.connect(self.config.connect_timeout)?;
        let mut connection = Connection::new(stream, None);
        let (head, tail) = request.encode();
        let sent = connection.write(&head, tail, self.config.max_request_bytes, deadline);
        let response = match sent {
            Ok(()) => receive(&mut connection, deadline)?,
            // An enclave that turns a request away may answer without reading it: look before giving up.
            Err(error @ Error::Io { .. }) => {
                receive(&mut connection, deadline).map_err(|_| error)?
            }
            Err(error) => return Err(error),
        };
        match response {
            Response::Refused(refusal, message) => Err(Error::Refused { refusal, message }),
            response => Ok(response),
        }
    }
}

fn receive(connection: &mut Connection<'_>, deadline: Deadline) -> Result<Response, Error> {
    let length = connection.read_length(deadline, MAX_RESPONSE_BYTES)?;
    let length = length.ok_or_else(|| Error::Io {
        during: "waiting for the enclave's answer",
        source: io::ErrorKind::UnexpectedEof.into(),
    })?;
    Response::decode(&connection.read_body(length, deadline)?)
}
