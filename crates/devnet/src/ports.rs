//! Ports for the devnet's processes.

use eyre::{Result, ensure, eyre};
use std::{
    collections::BTreeSet,
    hash::{BuildHasher, Hasher, RandomState},
    net::TcpListener,
    ops::Range,
};

/// Below the ports that Linux gives to outgoing connections (32768 and up): one of those could be taken
/// while the process that should listen there starts again.
const FREE: Range<u16> = 20_000..32_000;

/// Gives each port once.
pub(crate) struct Ports {
    /// Where the search goes on. It starts at random, so that two devnets rarely meet.
    next: u16,
    given: BTreeSet<u16>,
}

impl Ports {
    pub(crate) fn new() -> Self {
        let dice = RandomState::new().build_hasher().finish();
        let next = FREE.start + (dice % FREE.len() as u64) as u16;
        Self { next, given: BTreeSet::new() }
    }

    /// `wanted`, or a free port for 0.
    pub(crate) fn take(&mut self, wanted: u16) -> Result<u16> {
        if wanted == 0 {
            return self.search().ok_or_else(|| eyre!("no port of {FREE:?} is free"));
        }
        ensure!(
            self.is_free(wanted),
            "port {wanted} is taken: choose another with --l1-port or --l2-port (0: any)"
        );
        self.given.insert(wanted);
        Ok(wanted)
    }

    fn is_free(&self, port: u16) -> bool {
        !self.given.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok()
    }

    fn search(&mut self) -> Option<u16> {
        for _ in FREE {
            let port = self.next;
            self.next = if port + 1 == FREE.end { FREE.start } else { port + 1 };
            if self.is_free(port) {
                self.given.insert(port);
                return Some(port);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice_or_while_somebody_listens() {
        let mut ports = Ports::new();
        let first = ports.take(0).expect("a port");
        assert!(FREE.contains(&first));
        assert!(ports.take(first).is_err(), "given before");
        // The next one of the range is somebody else's.
        let other = (first + 1..FREE.end)
            .find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok())
            .expect("a port");
        let taken = other.local_addr().expect("address").port();
        assert!(Ports::new().take(taken).is_err(), "somebody listens");
        let mut given = BTreeSet::from([first, taken]);
        for _ in 0..100 {
            assert!(given.insert(ports.take(0).expect("a port")));
        }
    }

    #[test]
    fn the_search_goes_round() {
        let mut ports = Ports { next: FREE.end - 1, given: BTreeSet::from([FREE.end - 1]) };
        assert!(ports.take(0).expect("a port") < FREE.end - 1);
    }
}
