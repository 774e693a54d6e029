//! Where the enclave listens: never further than this machine.

use crate::Error;
use std::{
    fmt, fs, io,
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

/// An address of an enclave: `IP:PORT` on the loopback interface, or `unix:PATH`.
///
/// The protocol has no authentication. The enclave trusts no peer anyway; the limit keeps strangers
/// from occupying its execution slots.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A loopback address. Port 0 lets the system choose.
    Tcp(SocketAddr),
    /// A socket file, made readable for its owner only.
    Unix(PathBuf),
}

impl Endpoint {
    /// Refuses addresses that other machines can reach.
    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Tcp(got) if !got.ip().is_loopback() => Err(Error::NotLoopback { got: *got }),
            _ => Ok(()),
        }
    }

    pub(crate) fn listen(&self) -> Result<Listener, Error> {
        self.check()?;
        let failed = |source| Error::Listen { endpoint: self.clone(), source };
        match self {
            Self::Tcp(address) => {
                let listener = TcpListener::bind(address).map_err(failed)?;
                listener.set_nonblocking(true).map_err(failed)?;
                Ok(Listener::Tcp(listener))
            }
            Self::Unix(path) => {
                remove_stale(path).map_err(failed)?;
                let listener = UnixListener::bind(path).map_err(failed)?;
                fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
                listener.set_nonblocking(true).map_err(failed)?;
                Ok(Listener::Unix(listener, path.clone()))
            }
        }
    }

    pub(crate) fn connect(&self, timeout: Duration) -> Result<Stream, Error> {
        self.check()?;
        let stream = match self {
            Self::Tcp(address) => TcpStream::connect_timeout(address, timeout).map(Stream::Tcp),
            // A unix connect does not wait for the network: it fails at once or is queued.
            Self::Unix(path) => UnixStream::connect(path).map(Stream::Unix),
        };
        stream.map_err(|source| Error::Connect { endpoint: self.clone(), source })
    }
}

/// Removes the socket file of a server that died. A live server's file, or any other file, stays and makes
/// the bind fail.
fn remove_stale(path: &PathBuf) -> io::Result<()> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if is_socket && UnixStream::connect(path).is_err() {
        fs::remove_file(path)?;
    }
    Ok(())
}

impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::BadEndpoint { got: text.into() };
        let endpoint = match text.strip_prefix("unix:") {
            Some("") => return Err(bad()),
            Some(path) => Self::Unix(path.into()),
            None => Self::Tcp(text.parse().map_err(|_| bad())?),
        };
        endpoint.check()?;
        Ok(endpoint)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A bound, non-blocking listener. Dropping it removes its socket file.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl Listener {
    pub(crate) fn accept(&self) -> io::Result<Stream> {
        // An accepted socket does not inherit non-blocking mode on every system: set it.
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(false)?;
                Ok(Stream::Tcp(stream))
            }
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(false)?;
                Ok(Stream::Unix(stream))
            }
        }
    }

    /// The endpoint with the port that the system chose.
    pub(crate) fn endpoint(&self) -> io::Result<Endpoint> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Endpoint::Tcp),
            Self::Unix(_, path) => Ok(Endpoint::Unix(path.clone())),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            let _ = fs::remove_file(path);
        }
    }
}

/// One connection.
pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    pub(crate) fn set_timeouts(&self, limit: Duration) -> io::Result<()> {
        // Zero would mean "for ever".
        let limit = Some(limit.max(Duration::from_millis(1)));
        match self {
            Self::Tcp(stream) => {
                stream.set_read_timeout(limit).and_then(|()| stream.set_write_timeout(limit))
            }
            Self::Unix(stream) => {
                stream.set_read_timeout(limit).and_then(|()| stream.set_write_timeout(limit))
            }
        }
    }
}

impl io::Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl io::Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.flush(),
            Self::Unix(stream) => stream.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_as_they_are_written() {
        for text in ["127.0.0.1:9700", "[::1]:1", "unix:/run/oneslot/tee.sock"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        for text in ["", "unix:", "localhost", "127.0.0.1"] {
            assert!(matches!(text.parse::<Endpoint>(), Err(Error::BadEndpoint { .. })));
        }
    }

    #[test]
    fn only_loopback_is_accepted() {
        for text in ["0.0.0.0:1", "10.0.0.1:9700", "[::]:1"] {
            assert!(matches!(text.parse::<Endpoint>(), Err(Error::NotLoopback { .. })));
        }
        let open = Endpoint::Tcp("0.0.0.0:0".parse().unwrap());
        assert!(matches!(open.listen(), Err(Error::NotLoopback { .. })));
    }

    #[test]
    fn a_dead_socket_file_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tee.sock");
        // A listener dropped without its wrapper leaves the file behind, as a killed process does.
        drop(UnixListener::bind(&path).unwrap());
        let endpoint = Endpoint::Unix(path.clone());
        let live = endpoint.listen().unwrap();
        assert!(matches!(endpoint.listen(), Err(Error::Listen { .. })));
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(live);
        assert!(!path.exists());
    }

    #[test]
    fn a_plain_file_is_never_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        fs::write(&path, "keep").unwrap();
        assert!(Endpoint::Unix(path.clone()).listen().is_err());
        assert_eq!(fs::read(&path).unwrap(), b"keep");
    }
}
