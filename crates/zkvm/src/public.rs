//! Public values: what the proof of a segment states.

use oneslot_stark::{Digest, columns, element_from_bytes};
use p3_field::PrimeField64;
use p3_goldilocks::Goldilocks;
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    memory::{CodeRange, SYSTEM_LEAF},
    record::limbs,
};

columns! {
    /// Public values as field elements, in order.
    Elements {
        /// Identity of the program.
        program: [4],
        /// First leaf of code, leaf after the last one.
        code: [2],
        /// Number of the segment in its run.
        segment: one,
        start_pc: one,
        end_pc: one,
        /// Root of the memory tree.
        start_root: [4],
        end_root: [4],
        /// Whether output has been committed.
        committed: one,
        /// Limbs of 32 bits.
        exit_code: [2],
        /// Limbs of 32 bits, lowest first.
        output: [8],
    }
}

/// Number of public values.
pub(crate) const LENGTH: usize = Elements::<()>::WIDTH;
/// Bytes of the encoding.
pub const PUBLIC_VALUES_BYTES: usize = 8 * LENGTH;

const WHAT: &str = "public values";

/// What the proof of a segment states: the machine of `program` goes from `start_pc` and the memory of `start_root`
/// to `end_pc` and the memory of `end_root`, where exit code and output are as given.
///
/// Encoded as its field elements, in the order of the fields: four for a digest, two limbs of 32 bits for the exit
/// code, eight for the output, one for anything else; eight bytes each, little endian and canonical.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "[Goldilocks; LENGTH]", into = "[Goldilocks; LENGTH]")]
pub struct PublicValues {
    /// Identity of the program: digest of its image, entry point and code range.
    pub program: Digest,
    /// The leaves of memory that hold code.
    pub code: CodeRange,
    /// Number of the segment in its run, from 0. Nothing in the proof depends on it.
    pub segment: u64,
    /// Address of the first instruction.
    pub start_pc: u64,
    /// Address of the instruction after the last one; 1 if the machine has halted.
    pub end_pc: u64,
    /// Root of the memory tree before the first instruction.
    pub start_root: Digest,
    /// Root of the memory tree after the last instruction.
    pub end_root: Digest,
    /// Whether output has been committed by the end.
    pub committed: bool,
    /// Exit code at the end; 0 until the machine halts.
    pub exit_code: u64,
    /// Committed output at the end; zero until it is committed.
    pub output: [u8; 32],
}

impl PublicValues {
    /// Checks what the tables rely on: that the numbers are in range.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the code range is reversed or not in memory, or if a pc or the segment's number is not
    /// below 2^32.
    pub fn check(&self) -> Result<(), Error> {
        let CodeRange { start, end } = self.code;
        if start > end || end > SYSTEM_LEAF {
            return Err(Error::malformed(WHAT, format!("code range from {start} to {end}")));
        }
        for (name, value) in
            [("segment", self.segment), ("start pc", self.start_pc), ("end pc", self.end_pc)]
        {
            if value >> 32 != 0 {
                return Err(Error::malformed(WHAT, format!("{name} {value:#x} is above 32 bits")));
            }
        }
        Ok(())
    }

    /// Public values of the boundary table: all of them.
    pub(crate) fn for_boundary(&self) -> Vec<Goldilocks> {
        <[Goldilocks; LENGTH]>::from(*self).into()
    }

    /// Public values of the leaf table: the code range.
    pub(crate) fn for_leaf(&self) -> Vec<Goldilocks> {
        [self.code.start, self.code.end].map(|leaf| Goldilocks::new(leaf.into())).into()
    }

    /// The encoding.
    pub fn to_bytes(&self) -> [u8; PUBLIC_VALUES_BYTES] {
        let mut bytes = [0; PUBLIC_VALUES_BYTES];
        let elements = <[Goldilocks; LENGTH]>::from(*self);
        for (chunk, element) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(elements) {
            *chunk = element.as_canonical_u64().to_le_bytes();
        }
        bytes
    }

    /// Decodes public values.
    ///
    /// # Errors
    /// [`Error::Malformed`] if an element is not canonical or out of its range.
    pub fn from_bytes(bytes: &[u8; PUBLIC_VALUES_BYTES]) -> Result<Self, Error> {
        let mut elements = [Goldilocks::default(); LENGTH];
        for (chunk, element) in bytes.as_chunks::<8>().0.iter().zip(&mut elements) {
            *element = element_from_bytes(*chunk).map_err(|error| Error::malformed(WHAT, error))?;
        }
        elements.try_into()
    }
}

impl From<PublicValues> for [Goldilocks; LENGTH] {
    fn from(public: PublicValues) -> Self {
        let (words, []) = public.output.as_chunks::<8>() else {
            unreachable!("invariant: the output has a whole number of words")
        };
        let mut output = words.iter().flat_map(|word| limbs(u64::from_le_bytes(*word)));
        let elements = Elements {
            program: public.program.0,
            code: [public.code.start, public.code.end].map(|leaf| Goldilocks::new(leaf.into())),
            segment: Goldilocks::new(public.segment),
            start_pc: Goldilocks::new(public.start_pc),
            end_pc: Goldilocks::new(public.end_pc),
            start_root: public.start_root.0,
            end_root: public.end_root.0,
            committed: Goldilocks::new(public.committed.into()),
            exit_code: limbs(public.exit_code).map(Goldilocks::new),
            output: std::array::from_fn(|_| {
                Goldilocks::new(output.next().expect("invariant: four words have eight limbs"))
            }),
        };
        let mut values = Vec::with_capacity(LENGTH);
        elements.write(&mut values);
        values.try_into().expect("invariant: the elements have this length")
    }
}

impl TryFrom<[Goldilocks; LENGTH]> for PublicValues {
    type Error = Error;

    /// # Errors
    /// [`Error::Malformed`] if an element is out of its range.
    fn try_from(elements: [Goldilocks; LENGTH]) -> Result<Self, Error> {
        let elements = Elements::read(&elements);
        let mut output = [0; 32];
        for (chunk, limb) in output.as_chunks_mut::<4>().0.iter_mut().zip(elements.output) {
            *chunk = limb_of(limb)?.to_le_bytes();
        }
        let [low, high] = [limb_of(elements.exit_code[0])?, limb_of(elements.exit_code[1])?];
        let committed = match elements.committed.as_canonical_u64() {
            0 => false,
            1 => true,
            other => return Err(Error::malformed(WHAT, format!("committed flag {other}"))),
        };
        let public = Self {
            program: Digest(elements.program),
            code: CodeRange { start: limb_of(elements.code[0])?, end: limb_of(elements.code[1])? },
            segment: elements.segment.as_canonical_u64(),
            start_pc: elements.start_pc.as_canonical_u64(),
            end_pc: elements.end_pc.as_canonical_u64(),
            start_root: Digest(elements.start_root),
            end_root: Digest(elements.end_root),
            committed,
            exit_code: u64::from(high) << 32 | u64::from(low),
            output,
        };
        public.check()?;
        Ok(public)
    }
}

fn limb_of(element: Goldilocks) -> Result<u32, Error> {
    let value = element.as_canonical_u64();
    u32::try_from(value).map_err(|_| Error::malformed(WHAT, format!("{value:#x} is above 32 bits")))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Values that differ in every element.
    pub(crate) fn sample() -> PublicValues {
        PublicValues {
            program: Digest([1, 2, 3, 4].map(Goldilocks::new)),
            code: CodeRange { start: 4096, end: 8192 },
            segment: 7,
            start_pc: 0x1_0004,
            end_pc: 0x1_0abc,
            start_root: Digest([11, 12, 13, 14].map(Goldilocks::new)),
            end_root: Digest([15, 16, 17, 18].map(Goldilocks::new)),
            committed: true,
            exit_code: 0x1234_5678_9abc_def0,
            output: std::array::from_fn(|index| 0x80 + index as u8),
        }
    }

    #[test]
    fn encoding_round_trips() {
        let public = sample();
        assert_eq!(PublicValues::from_bytes(&public.to_bytes()).unwrap(), public);
        let encoded = postcard::to_allocvec(&public).unwrap();
        assert_eq!(encoded, public.to_bytes());
        assert_eq!(postcard::from_bytes::<PublicValues>(&encoded).unwrap(), public);
    }

    #[test]
    fn every_element_is_encoded() {
        let bytes = sample().to_bytes();
        for (index, name) in Elements::names().into_iter().enumerate() {
            let mut changed = bytes;
            changed[8 * index] ^= 1;
            // The committed flag becomes 0, all others remain in range.
            let decoded = PublicValues::from_bytes(&changed).expect(&name);
            assert_ne!(decoded, sample(), "{name}");
            assert_eq!(decoded.to_bytes(), changed, "{name}");
        }
    }

    #[test]
    fn refuses_elements_out_of_range() {
        let refuse = |index: usize, value: u64| {
            let mut bytes = sample().to_bytes();
            bytes[8 * index..8 * index + 8].copy_from_slice(&value.to_le_bytes());
            let refused = matches!(PublicValues::from_bytes(&bytes), Err(Error::Malformed { .. }));
            assert!(refused, "element {index} = {value:#x}");
            assert!(postcard::from_bytes::<PublicValues>(&bytes).is_err());
        };
        for index in 0..LENGTH {
            refuse(index, Goldilocks::ORDER_U64);
        }
        let names = Elements::names();
        let limb = |name: &str| {
            ["code", "segment", "pc", "committed", "exit", "output"]
                .iter()
                .any(|part| name.contains(part))
        };
        for index in (0..LENGTH).filter(|&index| limb(&names[index])) {
            refuse(index, 1 << 32);
        }
        let at = |name: &str| names.iter().position(|other| other == name).unwrap();
        refuse(at("committed"), 2);
        refuse(at("code[0]"), 8193);
        refuse(at("code[1]"), (1 << 27) + 1);
    }
}
