//! Why bytes are not a program.

/// Reason why an ELF file is refused, or a change to its program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is larger than any program may be.
    #[error("file too large: expected at most {expected} bytes, got {got}")]
    FileTooLarge {
        /// Limit in bytes.
        expected: usize,
        /// Length of the file in bytes.
        got: usize,
    },
    /// The file ends inside a structure.
    #[error("truncated {what}: expected {expected} bytes, got {got}")]
    Truncated {
        /// Structure that is cut.
        what: &'static str,
        /// End of the structure, in bytes from the start of the file.
        expected: u64,
        /// Length of the file in bytes.
        got: u64,
    },
    /// A header field has a value other than the only one accepted.
    #[error("unsupported {field}: expected {expected:#x}, got {got:#x}")]
    Unsupported {
        /// Name of the field in the ELF specification, or what it says.
        field: &'static str,
        /// Accepted value.
        expected: u64,
        /// Value found.
        got: u64,
    },
    /// The file uses compressed instructions.
    #[error("compressed instructions: expected e_flags 0x0, got {flags:#x}")]
    Compressed {
        /// `e_flags` of the file.
        flags: u32,
    },
    /// The file needs a dynamic loader.
    #[error(
        "dynamically linked: expected a static program, got program header {index} of type {kind}"
    )]
    Dynamic {
        /// Number of the program header.
        index: usize,
        /// `PT_INTERP` or `PT_DYNAMIC`.
        kind: &'static str,
    },
    /// More program headers than a program may have.
    #[error("too many program headers: expected at most {expected}, got {got}")]
    TooManySegments {
        /// Limit.
        expected: usize,
        /// Number in the file.
        got: usize,
    },
    /// A segment is larger in the file than in memory.
    #[error("segment {index}: expected at most {expected} bytes in the file, got {got}")]
    SegmentSize {
        /// Number of the program header.
        index: usize,
        /// `p_memsz`.
        expected: u64,
        /// `p_filesz`.
        got: u64,
    },
    /// A segment ends beyond the 4 GiB of memory.
    #[error("segment {index}: expected an end of at most 2^32, got {address:#x} + {size:#x}")]
    SegmentRange {
        /// Number of the program header.
        index: usize,
        /// `p_vaddr`.
        address: u64,
        /// `p_memsz`.
        size: u64,
    },
    /// Two segments share bytes.
    #[error("segments {first} and {second} overlap")]
    Overlap {
        /// Number of one program header.
        first: usize,
        /// Number of the other.
        second: usize,
    },
    /// The segments' bytes together are more than a program may have.
    #[error("image too large: expected at most {expected} bytes, got {got}")]
    ImageTooLarge {
        /// Limit in bytes.
        expected: u64,
        /// Bytes of all segments.
        got: u64,
    },
    /// The file has no executable segment, or several.
    #[error("expected exactly one executable segment, got {got}")]
    CodeSegments {
        /// Number found.
        got: usize,
    },
    /// The executable segment is larger than code may be.
    #[error("code too large: expected at most {expected} bytes, got {got}")]
    CodeTooLarge {
        /// Limit in bytes.
        expected: u64,
        /// Bytes of the code range.
        got: u64,
    },
    /// A writable segment has a byte in a page of code.
    #[error("segment {index} is writable and shares a page with code")]
    WritableCode {
        /// Number of the program header.
        index: usize,
    },
    /// The entry point is misaligned or outside the code range.
    #[error("entry point {entry:#x}: expected a multiple of 4 in {start:#x}..{end:#x}")]
    Entry {
        /// `e_entry`.
        entry: u64,
        /// First address of the code range.
        start: u64,
        /// End of the code range.
        end: u64,
    },
    /// The program has no mask of precompiles to change.
    #[error("no mask of precompiles: expected a read-only segment of 8 bytes at {address:#x}")]
    NoMask {
        /// Where the mask would be.
        address: u64,
    },
    /// A mask of precompiles names some that the machine does not have.
    #[error("unknown precompiles: expected a mask of {expected:#x}, got {got:#x}")]
    UnknownMask {
        /// All precompiles of the machine.
        expected: u64,
        /// The program's mask, or the one asked for.
        got: u64,
    },
    /// The symbol table cannot be read. Symbols are not needed to run a program.
    #[error("symbol table: {reason}")]
    Symbols {
        /// What the ELF parser found.
        reason: String,
    },
}
