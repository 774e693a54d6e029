//! The server: one thread a connection, few connections, few executions at a time.

use crate::{
    DEFAULT_MAX_REQUEST_BYTES, Enclave, Endpoint, Error, Info, MAX_RESPONSE_BYTES, PlatformKind,
    Refusal, Request, Response,
    endpoint::{Listener, Stream},
    frame::{Connection, Deadline},
};
use alloy_primitives::{B256, Bytes};
use oneslot_types::BatchIndex;
use std::{
    io,
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How often the listener looks for connections and for the stop flag.
const POLL: Duration = Duration::from_millis(20);
/// Longest request that is read without an execution slot, bytes. All but [`Request::Attest`] are shorter.
const SMALL_REQUEST: u32 = 4096;

/// How the enclave runs.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where to listen.
    pub endpoint: Endpoint,
    /// What vouches for the enclave. `dev` has to be asked for by name, like every other.
    pub platform: PlatformKind,
    /// SHA-256 of the ELF of the one program whose statements are signed.
    pub program_hash: B256,
    /// Largest request, bytes.
    pub max_request_bytes: u32,
    /// Most connections at a time; further ones are told that the enclave is busy.
    pub max_connections: usize,
    /// Most requests above 4 KiB in memory, and most executions running, at a time.
    pub max_executions: usize,
    /// Longest time from a frame's first byte to its last.
    pub frame_timeout: Duration,
    /// Longest silence between two requests.
    pub idle_timeout: Duration,
    /// Longest wait for an execution slot.
    pub queue_timeout: Duration,
}

impl ServerConfig {
    /// The defaults: 256 MiB a request, 16 connections, one execution at a time.
    pub fn new(endpoint: Endpoint, platform: PlatformKind, program_hash: B256) -> Self {
        Self {
            endpoint,
            platform,
            program_hash,
            max_request_bytes: DEFAULT_MAX_REQUEST_BYTES,
            max_connections: 16,
            max_executions: 1,
            frame_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(300),
            queue_timeout: Duration::from_secs(60),
        }
    }
}

/// Starts an enclave with a fresh key and serves it until `stop` is set; see [`Server::run`].
pub fn serve(config: ServerConfig, stop: &AtomicBool) -> Result<(), Error> {
    Server::bind(config)?.run(stop)
}

/// What happened in a [`Server`], for whoever counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A batch was executed and its statement signed.
    Signed {
        /// Batch index of the statement.
        batch: BatchIndex,
        /// Time of execution and signature.
        took: Duration,
    },
    /// A request was not served.
    Refused(Refusal),
}

/// Is told every [`Event`], on the thread of the connection it happened on; it must return at once.
type Observer = Box<dyn Fn(Event) + Send + Sync>;

/// An enclave that listens.
pub struct Server {
    config: ServerConfig,
    endpoint: Endpoint,
    listener: Listener,
    enclave: Enclave,
    connections: Slots,
    executions: Slots,
    observer: Observer,
}

impl Server {
    /// Makes the enclave, with a fresh key, and listens.
    pub fn bind(config: ServerConfig) -> Result<Self, Error> {
        let enclave = Enclave::start(config.platform, config.program_hash)?;
        let listener = config.endpoint.listen()?;
        let endpoint = listener
            .endpoint()
            .map_err(|source| Error::Listen { endpoint: config.endpoint.clone(), source })?;
        Ok(Self {
            connections: Slots::new(config.max_connections.max(1)),
            executions: Slots::new(config.max_executions.max(1)),
            config,
            endpoint,
            listener,
            enclave,
            observer: Box::new(|_| {}),
        })
    }

    /// Tells `observer` what happens from now on. It runs on the thread of the connection, so it must return at once.
    pub fn with_observer(mut self, observer: impl Fn(Event) + Send + Sync + 'static) -> Self {
        self.observer = Box::new(observer);
        self
    }

    /// Where it listens, with the port that the system chose.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What it answers to [`Request::Info`].
    pub fn info(&self) -> Info {
        self.enclave.info(self.config.max_request_bytes)
    }

    /// Serves until `stop` is set, then waits for executions that are running. The key is gone afterwards.
    ///
    /// # Errors
    /// [`Error::Listen`] when the listener breaks. What happens on one connection stays there.
    pub fn run(self, stop: &AtomicBool) -> Result<(), Error> {
        tracing::info!(endpoint = %self.endpoint, key = %self.info().key, "the enclave serves");
        thread::scope(|scope| {
            while !stop.load(Ordering::Relaxed) {
                match self.listener.accept() {
                    Ok(stream) => self.admit(scope, stream, stop),
                    Err(error) if transient(&error) => thread::sleep(POLL),
                    Err(source) => {
                        // Threads of open connections end by this, or the scope would wait for ever.
                        stop.store(true, Ordering::Relaxed);
                        return Err(Error::Listen { endpoint: self.endpoint.clone(), source });
                    }
                }
            }
            Ok(())
        })
    }

    /// Gives a connection its thread, or turns it away.
    fn admit<'scope, 'env>(
        &'env self,
        scope: &'scope thread::Scope<'scope, 'env>,
        stream: Stream,
        stop: &'env AtomicBool,
    ) {
        let mut connection = Connection::new(stream, Some(stop));
        let Some(slot) = self.connections.try_take() else {
            let busy = Error::Busy { what: "too many connections" };
            // Short enough for the socket's buffer, so the listener does not wait.
            let _ = self.refuse(&mut connection, &busy, Duration::from_secs(1));
            return;
        };
        let serve = move || {
            let _slot = slot;
            if let Err(error) = self.converse(&mut connection, stop) {
                tracing::debug!(%error, "a connection ended");
                let _ = self.refuse(&mut connection, &error, Duration::from_secs(1));
            }
        };
        if let Err(error) =
            thread::Builder::new().name("tee-connection".into()).spawn_scoped(scope, serve)
        {
            tracing::warn!(%error, "no thread for a connection");
        }
    }

    /// Answers requests until the peer closes. An error ends the connection: after it the two sides may no
    /// longer agree where a frame begins.
    fn converse(&self, connection: &mut Connection<'_>, stop: &AtomicBool) -> Result<(), Error> {
        loop {
            let idle = Deadline::after(self.config.idle_timeout, "waiting for a request");
            let Some(length) = connection.read_length(idle, self.config.max_request_bytes)? else {
                return Ok(());
            };
            let mut slot = match length > SMALL_REQUEST {
                true => Some(self.slot(stop)?),
                false => None,
            };
            let deadline = Deadline::after(self.config.frame_timeout, "reading a request");
            let body = Bytes::from(connection.read_body(length, deadline)?);
            let request = Request::decode(&body)?;
            if slot.is_none() && matches!(request, Request::Attest { .. }) {
                slot = Some(self.slot(stop)?);
            }
            let answer = self.answer(&body, request);
            drop((body, slot));
            let response = answer.unwrap_or_else(|error| {
                tracing::warn!(%error, "refused a request");
                self.refusal(&error)
            });
            self.send(connection, &response, self.config.frame_timeout)?;
        }
    }

    /// `body` holds the request, so that its input is shared and not copied.
    fn answer(&self, body: &Bytes, request: Request<'_>) -> Result<Response, Error> {
        match request {
            Request::Info => Ok(Response::Info(self.info())),
            Request::Quote { l1_chain_id, lane, l1_block_hash } => {
                self.enclave.quote(l1_chain_id, lane, l1_block_hash).map(Response::Quote)
            }
            Request::Attest { l1_chain_id, lane, payee, input } => {
                let input = body.slice_ref(input);
                let started = Instant::now();
                let attestation = self.enclave.attest(l1_chain_id, lane, payee, input)?;
                let (batch, took) = (attestation.statement.input.batch_index, started.elapsed());
                (self.observer)(Event::Signed { batch, took });
                tracing::info!(batch = batch.0, statement = %attestation.statement.id(), "signed a statement");
                Ok(Response::Attestation(attestation))
            }
        }
    }

    fn slot(&self, stop: &AtomicBool) -> Result<Slot<'_>, Error> {
        self.executions.take(self.config.queue_timeout, stop)
    }

    fn refuse(
        &self,
        connection: &mut Connection<'_>,
        error: &Error,
        limit: Duration,
    ) -> Result<(), Error> {
        self.send(connection, &self.refusal(error), limit)
    }

    /// The answer to a request that is not served, after telling the observer. The end of the server, of which idle
    /// connections are told too, is no refusal of a request.
    fn refusal(&self, error: &Error) -> Response {
        let refusal = Refusal::from(error);
        if refusal != Refusal::Stopping {
            (self.observer)(Event::Refused(refusal));
        }
        Response::Refused(refusal, error.to_string())
    }

    fn send(
        &self,
        connection: &mut Connection<'_>,
        response: &Response,
        limit: Duration,
    ) -> Result<(), Error> {
        let deadline = Deadline::after(limit, "writing a response");
        connection.write(&response.encode(), &[], MAX_RESPONSE_BYTES, deadline)
    }
}

/// Whether `accept` only found nothing, or lost one connection, or the process is short of descriptors for
/// now: none of this ends a server.
fn transient(error: &io::Error) -> bool {
    const TOO_MANY_FILES: [i32; 2] = [23, 24]; // ENFILE, EMFILE
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock
            | io::ErrorKind::Interrupted
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    ) || error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code))
}

/// A counting semaphore.
struct Slots {
    free: Mutex<usize>,
    freed: Condvar,
}

/// One place taken; given back on drop.
struct Slot<'a>(&'a Slots);

impl Slots {
    fn new(count: usize) -> Self {
        Self { free: Mutex::new(count), freed: Condvar::new() }
    }

    fn try_take(&self) -> Option<Slot<'_>> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(1)?;
        Some(Slot(self))
    }

    /// Waits for a place until `limit` has passed or `stop` is set.
    fn take(&self, limit: Duration, stop: &AtomicBool) -> Result<Slot<'_>, Error> {
        let deadline = Deadline::after(limit, "waiting for an execution slot");
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            if stop.load(Ordering::Relaxed) {
                return Err(Error::Stopping);
            }
            let wait = deadline
                .left()
                .map_err(|_| Error::Busy { what: "no execution slot became free in time" })?;
            let waited = self.freed.wait_timeout(free, wait.min(5 * POLL));
            (free, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Ok(Slot(self))
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}
