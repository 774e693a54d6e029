//! Frames on a stream: a big-endian `u32` length, then that many bytes.
//!
//! A frame has one deadline as a whole, so a peer that sends a byte now and then gains nothing; and memory
//! grows with the bytes that arrived, not with the length that was announced.

use crate::{Error, endpoint::Stream};
use std::{
    io::{self, Read, Write},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// Longest wait in one system call, so that a stop is noticed soon.
const TICK: Duration = Duration::from_millis(100);
/// Memory that is taken for a frame before any of its bytes arrived.
const FIRST_CHUNK: usize = 64 << 10;

/// A point in time, remembered with the limit it came from and what it bounds.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    at: Option<Instant>,
    limit: Duration,
    during: &'static str,
}

impl Deadline {
    /// `limit` from now. A limit beyond the clock's range never passes.
    pub(crate) fn after(limit: Duration, during: &'static str) -> Self {
        Self { at: Instant::now().checked_add(limit), limit, during }
    }

    /// The time left, or the error that it is over.
    pub(crate) fn left(&self) -> Result<Duration, Error> {
        let left = self.at.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()));
        match left.is_zero() {
            true => Err(Error::Timeout { during: self.during, limit: self.limit }),
            false => Ok(left),
        }
    }

    fn broken(&self, source: io::Error) -> Error {
        Error::Io { during: self.during, source }
    }
}

/// A stream that speaks in frames.
pub(crate) struct Connection<'a> {
    stream: Stream,
    stop: Option<&'a AtomicBool>,
}

impl<'a> Connection<'a> {
    /// `stop`, when set, ends a wait with [`Error::Stopping`].
    pub(crate) fn new(stream: Stream, stop: Option<&'a AtomicBool>) -> Self {
        Self { stream, stop }
    }

    /// Waits for a frame and reads its length. `None`: the peer closed between two frames.
    pub(crate) fn read_length(&mut self, idle: Deadline, max: u32) -> Result<Option<u32>, Error> {
        let mut bytes = [0; 4];
        if self.read_some(&mut bytes[..1], &idle)? == 0 {
            return Ok(None);
        }
        self.read_exact(&mut bytes[1..], &idle)?;
        let got = u32::from_be_bytes(bytes);
        match got > max {
            true => Err(Error::FrameTooLarge { limit: max, got: got.into() }),
            false => Ok(Some(got)),
        }
    }

    /// Reads the `length` bytes that follow.
    pub(crate) fn read_body(&mut self, length: u32, deadline: Deadline) -> Result<Vec<u8>, Error> {
        let length = length as usize;
        let mut body = Vec::new();
        while body.len() < length {
            let filled = body.len();
            let chunk = filled.max(FIRST_CHUNK).min(length - filled);
            body.try_reserve_exact(chunk)
                .map_err(|error| deadline.broken(io::Error::other(error)))?;
            body.resize(filled + chunk, 0);
            self.read_exact(&mut body[filled..], &deadline)?;
        }
        Ok(body)
    }

    /// Writes one frame whose body is `head` and then `tail`.
    pub(crate) fn write(
        &mut self,
        head: &[u8],
        tail: &[u8],
        max: u32,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let got = head.len() as u64 + tail.len() as u64;
        let length = u32::try_from(got).ok().filter(|length| *length <= max);
        let length = length.ok_or(Error::FrameTooLarge { limit: max, got })?;
        let mut start = Vec::with_capacity(4 + head.len());
        start.extend_from_slice(&length.to_be_bytes());
        start.extend_from_slice(head);
        self.write_all(&start, &deadline)?;
        self.write_all(tail, &deadline)
    }

    fn read_exact(&mut self, mut buffer: &mut [u8], deadline: &Deadline) -> Result<(), Error> {
        while !buffer.is_empty() {
            match self.read_some(buffer, deadline)? {
                0 => return Err(deadline.broken(io::ErrorKind::UnexpectedEof.into())),
                count => buffer = &mut buffer[count..],
            }
        }
        Ok(())
    }

    /// Reads at least one byte; 0 is the end of the stream.
    fn read_some(&mut self, buffer: &mut [u8], deadline: &Deadline) -> Result<usize, Error> {
        loop {
            self.check_stop()?;
            self.arm(deadline)?;
            match self.stream.read(buffer) {
                Ok(count) => return Ok(count),
                Err(error) if again(&error) => {}
                Err(error) => return Err(deadline.broken(error)),
            }
        }
    }

    fn write_all(&mut self, mut bytes: &[u8], deadline: &Deadline) -> Result<(), Error> {
        while !bytes.is_empty() {
            self.arm(deadline)?;
            match self.stream.write(bytes) {
                Ok(0) => return Err(deadline.broken(io::ErrorKind::WriteZero.into())),
                Ok(count) => bytes = &bytes[count..],
                // An answer that the peer takes is delivered, even while stopping.
                Err(error) if again(&error) => self.check_stop()?,
                Err(error) => return Err(deadline.broken(error)),
            }
        }
        Ok(())
    }

    fn check_stop(&self) -> Result<(), Error> {
        match self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            true => Err(Error::Stopping),
            false => Ok(()),
        }
    }

    /// Sets the stream's timeout for one system call.
    fn arm(&self, deadline: &Deadline) -> Result<(), Error> {
        let wait = deadline.left()?.min(TICK);
        self.stream.set_timeouts(wait).map_err(|error| deadline.broken(error))
    }
}

/// Whether a system call only ran into its timeout.
fn again(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
