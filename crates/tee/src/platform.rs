//! What vouches for an enclave.

use crate::{Error, dev};
use alloy_primitives::B256;
use std::{fmt, str::FromStr};

/// The attestation platforms of the TEE lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlatformKind {
    /// A process like any other. Its quotes are signed by a root whose private key is public.
    Dev,
    /// Intel TDX, a virtual machine.
    Tdx,
    /// AMD SEV-SNP, a virtual machine.
    SevSnp,
    /// Intel SGX, one process.
    Sgx,
    /// AWS Nitro Enclaves.
    Nitro,
}

const NAMES: [(PlatformKind, &str); 5] = [
    (PlatformKind::Dev, "dev"),
    (PlatformKind::Tdx, "tdx"),
    (PlatformKind::SevSnp, "sev-snp"),
    (PlatformKind::Sgx, "sgx"),
    (PlatformKind::Nitro, "nitro"),
];

impl PlatformKind {
    /// One byte on the wire: the position in [`NAMES`], from 1.
    pub(crate) fn code(self) -> u8 {
        self as u8 + 1
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        let (kind, _) = NAMES.get(usize::from(code.checked_sub(1)?))?;
        Some(*kind)
    }
}

impl fmt::Display for PlatformKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, name) = NAMES[*self as usize];
        f.write_str(name)
    }
}

impl FromStr for PlatformKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = NAMES.iter().find(|(_, name)| *name == text);
        found.map(|(kind, _)| *kind).ok_or_else(|| Error::UnknownPlatform { got: text.into() })
    }
}

/// A platform that this build can run on.
#[derive(Debug)]
pub(crate) enum Platform {
    /// See [`PlatformKind::Dev`].
    Dev {
        /// What a real platform would measure: here simply the program's hash.
        measurement: B256,
    },
}

impl Platform {
    /// Opens the platform under this process. [`Error::PlatformNotBuilt`] for those that need hardware.
    pub(crate) fn open(kind: PlatformKind, program_hash: B256) -> Result<Self, Error> {
        match kind {
            PlatformKind::Dev => Ok(Self::Dev { measurement: program_hash }),
            platform => Err(Error::PlatformNotBuilt { platform }),
        }
    }

    pub(crate) fn kind(&self) -> PlatformKind {
        match self {
            Self::Dev { .. } => PlatformKind::Dev,
        }
    }

    pub(crate) fn measurement(&self) -> B256 {
        match self {
            Self::Dev { measurement } => *measurement,
        }
    }

    /// Set when nothing but good will protects the key.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        match self {
            Self::Dev { .. } => Some(dev::WARNING),
        }
    }

    /// A quote over 64 bytes of the enclave's choice.
    pub(crate) fn quote(&self, report_data: &[u8; 64]) -> Result<Vec<u8>, Error> {
        match self {
            Self::Dev { measurement } => dev::quote(*measurement, report_data),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_are_read_back() {
        for (at, (kind, name)) in NAMES.into_iter().enumerate() {
            assert_eq!(name.parse::<PlatformKind>().unwrap(), kind);
            assert_eq!(kind.to_string(), name);
            assert_eq!(kind.code() as usize, at + 1);
            assert_eq!(PlatformKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(PlatformKind::from_code(0), None);
        assert_eq!(PlatformKind::from_code(6), None);
        assert!(matches!("SGX ".parse::<PlatformKind>(), Err(Error::UnknownPlatform { .. })));
    }

    #[test]
    fn hardware_platforms_are_refused_by_name() {
        for (kind, name) in &NAMES[1..] {
            let error = Platform::open(*kind, B256::ZERO).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
