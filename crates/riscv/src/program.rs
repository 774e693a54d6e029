//! A program: what the loader makes of an ELF file.
//!
//! Only the ELF header and the program headers decide whether a file is accepted and what it does; sections
//! are read for symbol names alone.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use elf::{
    abi,
    endian::LittleEndian,
    file::{Class, ELF64_EHDR_TAILSIZE, FileHeader},
    segment::{ProgramHeader, SegmentTable},
};

use crate::{
    Error, Instruction, PRECOMPILES,
    memory::{PAGE_SIZE, Page, PageMap},
};

/// Largest ELF file accepted, in bytes.
pub const MAX_FILE_BYTES: usize = 256 << 20;
/// Most program headers accepted.
pub const MAX_SEGMENTS: usize = 64;
/// Most bytes that all segments together may take from the file.
pub const MAX_IMAGE_BYTES: u64 = 256 << 20;
/// Largest code range, in bytes.
pub const MAX_CODE_BYTES: u64 = 64 << 20;
/// Stack pointer at the start. Below it nothing is reserved; the page above stays free for the program's use.
pub const INITIAL_STACK_POINTER: u64 = 0xffff_f000;

/// Address of the word that tells a program which precompiles to use: a mask of the `FEATURE` constants. It is a read-only
/// segment of its own, so whatever binds the image binds the mask.
pub const PRECOMPILES_ADDRESS: u64 = 0xf000;

const HEADER_BYTES: usize = abi::EI_NIDENT + ELF64_EHDR_TAILSIZE;
const SEGMENT_HEADER_BYTES: usize = 56;
const PAGE: u64 = PAGE_SIZE as u64;
/// Page of [`PRECOMPILES_ADDRESS`].
const MASK_PAGE: u32 = (PRECOMPILES_ADDRESS / PAGE) as u32;

/// A loaded program: its memory image, decoded code and entry point. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Program(pub(crate) Arc<Parts>);

#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) entry: u64,
    /// First address of the code range, a multiple of [`PAGE_SIZE`].
    pub(crate) base: u64,
    /// One instruction for each word of the code range.
    pub(crate) code: Vec<Instruction>,
    pub(crate) image: PageMap,
    /// Whether the image has a mask of precompiles.
    masked: bool,
}

impl Program {
    /// Loads a statically linked little-endian RV64 ELF without compressed instructions.
    ///
    /// # Errors
    /// The first reason found why the file is not such a program. Never panics; memory use is bounded by
    /// [`MAX_IMAGE_BYTES`] and [`MAX_CODE_BYTES`].
    pub fn from_elf(file: &[u8]) -> Result<Self, Error> {
        let header = header(file)?;
        let segments = segments(file, &header)?;
        let code = code_range(&segments)?;
        if !header.e_entry.is_multiple_of(4) || !code.contains(&header.e_entry) {
            return Err(Error::Entry { entry: header.e_entry, start: code.start, end: code.end });
        }
        let mut image = BTreeMap::new();
        for segment in &segments {
            fill(&mut image, segment.address, segment.data);
        }
        let image = image.into_iter().map(|(number, page)| (number, Arc::from(page))).collect();
        Ok(Self::decode(header.e_entry, code, image, segments.iter().any(Segment::is_mask)))
    }

    /// Program of an image whose executable pages are `code`, without an ELF file: for a machine in the middle of a run
    /// of which only some pages are known. It has no mask of precompiles.
    ///
    /// # Errors
    /// If the code range is no range of pages, is larger than [`MAX_CODE_BYTES`] or leaves the address space, or if the
    /// entry point is no multiple of 4 in it.
    pub fn from_image(entry: u64, code: Range<u64>, image: PageMap) -> Result<Self, Error> {
        let pages = code.start.is_multiple_of(PAGE) && code.end.is_multiple_of(PAGE);
        let size = code.end.checked_sub(code.start);
        let bounded = size.is_some_and(|size| size <= MAX_CODE_BYTES) && code.end <= 1 << 32;
        if !(pages && bounded && entry.is_multiple_of(4) && code.contains(&entry)) {
            return Err(Error::Entry { entry, start: code.start, end: code.end });
        }
        Ok(Self::decode(entry, code, image, false))
    }

    fn decode(entry: u64, code: Range<u64>, image: PageMap, masked: bool) -> Self {
        let instructions = code
            .clone()
            .step_by(PAGE_SIZE)
            .flat_map(|address| match image.get(&((address / PAGE) as u32)) {
                Some(page) => page.as_chunks::<4>().0,
                None => &[[0; 4]; PAGE_SIZE / 4],
            })
            .map(|word| Instruction::decode(u32::from_le_bytes(*word)))
            .collect();
        Self(Arc::new(Parts { entry, base: code.start, code: instructions, image, masked }))
    }

    /// Address of the first instruction.
    pub fn entry(&self) -> u64 {
        self.0.entry
    }

    /// Addresses that can be executed and not written: the pages of the executable segment.
    pub fn code_range(&self) -> Range<u64> {
        self.0.base..self.0.base + 4 * self.0.code.len() as u64
    }

    /// Decoded words of the code range in order.
    pub fn code(&self) -> &[Instruction] {
        &self.0.code
    }

    /// Decoded instruction at `pc`; `None` outside the code range or at a misaligned address.
    pub fn instruction(&self, pc: u64) -> Option<Instruction> {
        if !pc.is_multiple_of(4) {
            return None;
        }
        self.0.code.get((pc.wrapping_sub(self.0.base) >> 2) as usize).copied()
    }

    /// Memory before the first step; pages not in it are zero.
    pub fn image(&self) -> &PageMap {
        &self.0.image
    }

    /// The mask of precompiles at [`PRECOMPILES_ADDRESS`]; 0 if the program has none there.
    pub fn precompiles(&self) -> u64 {
        let offset = (PRECOMPILES_ADDRESS % PAGE) as usize / 8;
        match self.image().get(&MASK_PAGE) {
            Some(page) if self.0.masked => u64::from_le_bytes(page.as_chunks().0[offset]),
            _ => 0,
        }
    }

    /// The program with another mask of precompiles. It computes the same in another number of steps, and to whatever
    /// binds the image it is another program.
    ///
    /// # Errors
    /// [`Error::NoMask`] if the program has no mask, and [`Error::UnknownMask`] if its own or the new one has a bit
    /// beyond [`PRECOMPILES`]: such a program has something else at that address.
    pub fn with_precompiles(&self, mask: u64) -> Result<Self, Error> {
        if !self.0.masked {
            return Err(Error::NoMask { address: PRECOMPILES_ADDRESS });
        }
        for got in [self.precompiles(), mask] {
            if got & !PRECOMPILES != 0 {
                return Err(Error::UnknownMask { expected: PRECOMPILES, got });
            }
        }
        let mut image = self.image().clone();
        let page = image.entry(MASK_PAGE).or_insert_with(|| Arc::new([0; PAGE_SIZE]));
        let offset = (PRECOMPILES_ADDRESS % PAGE) as usize;
        Arc::make_mut(page)[offset..offset + 8].copy_from_slice(&mask.to_le_bytes());
        Ok(Self::decode(self.entry(), self.code_range(), image, true))
    }

    /// Page numbers of the code range.
    pub(crate) fn code_pages(&self) -> Range<u32> {
        let range = self.code_range();
        (range.start / PAGE) as u32..(range.end / PAGE) as u32
    }
}

/// A loadable segment whose bounds have been checked.
struct Segment<'a> {
    index: usize,
    address: u64,
    size: u64,
    data: &'a [u8],
    flags: u32,
}

impl Segment<'_> {
    fn end(&self) -> u64 {
        self.address + self.size
    }

    /// Whether the segment is the word with the mask of precompiles, and nothing else.
    fn is_mask(&self) -> bool {
        let read_only = self.flags & (abi::PF_W | abi::PF_X) == 0;
        self.address == PRECOMPILES_ADDRESS && self.size == 8 && read_only
    }
}

fn header(file: &[u8]) -> Result<FileHeader<LittleEndian>, Error> {
    if file.len() > MAX_FILE_BYTES {
        return Err(Error::FileTooLarge { expected: MAX_FILE_BYTES, got: file.len() });
    }
    let truncated = Error::Truncated {
        what: "ELF header",
        expected: HEADER_BYTES as u64,
        got: file.len() as u64,
    };
    let Some((ident, tail)) =
        file.get(..HEADER_BYTES).and_then(|header| header.split_at_checked(abi::EI_NIDENT))
    else {
        return Err(truncated);
    };
    let magic = u64::from(u32::from_be_bytes([ident[0], ident[1], ident[2], ident[3]]));
    expect("magic", u64::from(u32::from_be_bytes(abi::ELFMAGIC)), magic)?;
    expect("class (64 bits)", abi::ELFCLASS64.into(), ident[abi::EI_CLASS].into())?;
    expect("byte order (little endian)", abi::ELFDATA2LSB.into(), ident[abi::EI_DATA].into())?;
    expect("ident version", abi::EV_CURRENT.into(), ident[abi::EI_VERSION].into())?;
    let header =
        FileHeader::parse_tail((LittleEndian, Class::ELF64, 0, 0), tail).map_err(|_| truncated)?;
    expect("machine (RISC-V)", abi::EM_RISCV.into(), header.e_machine.into())?;
    expect("file type (executable)", abi::ET_EXEC.into(), header.e_type.into())?;
    expect("version", abi::EV_CURRENT.into(), header.version.into())?;
    if header.e_flags & abi::EF_RISCV_RVC != 0 {
        return Err(Error::Compressed { flags: header.e_flags });
    }
    expect("e_flags (integer registers, soft float)", 0, header.e_flags.into())?;
    expect("program header size", SEGMENT_HEADER_BYTES as u64, header.e_phentsize.into())?;
    Ok(header)
}

fn expect(field: &'static str, expected: u64, got: u64) -> Result<(), Error> {
    if expected == got { Ok(()) } else { Err(Error::Unsupported { field, expected, got }) }
}

/// Bytes `offset..offset + size` of the file.
fn slice<'a>(
    file: &'a [u8],
    what: &'static str,
    offset: u64,
    size: u64,
) -> Result<&'a [u8], Error> {
    let end = offset.saturating_add(size);
    let range =
        usize::try_from(offset).ok().zip(usize::try_from(end).ok()).map(|(start, end)| start..end);
    let truncated = Error::Truncated { what, expected: end, got: file.len() as u64 };
    range.and_then(|range| file.get(range)).ok_or(truncated)
}

fn segments<'a>(
    file: &'a [u8],
    header: &FileHeader<LittleEndian>,
) -> Result<Vec<Segment<'a>>, Error> {
    let count = usize::from(header.e_phnum);
    if count > MAX_SEGMENTS {
        return Err(Error::TooManySegments { expected: MAX_SEGMENTS, got: count });
    }
    let table =
        slice(file, "program headers", header.e_phoff, (count * SEGMENT_HEADER_BYTES) as u64)?;
    let mut segments: Vec<Segment<'a>> = Vec::new();
    let mut total = 0;
    for (index, entry) in SegmentTable::new(LittleEndian, Class::ELF64, table).iter().enumerate() {
        match entry.p_type {
            abi::PT_INTERP => return Err(Error::Dynamic { index, kind: "PT_INTERP" }),
            abi::PT_DYNAMIC => return Err(Error::Dynamic { index, kind: "PT_DYNAMIC" }),
            abi::PT_LOAD if entry.p_memsz > 0 => {}
            _ => continue,
        }
        let segment = segment(file, index, &entry)?;
        total += entry.p_filesz;
        if total > MAX_IMAGE_BYTES {
            return Err(Error::ImageTooLarge { expected: MAX_IMAGE_BYTES, got: total });
        }
        let overlaps =
            |other: &&Segment<'_>| segment.address < other.end() && other.address < segment.end();
        if let Some(other) = segments.iter().find(overlaps) {
            return Err(Error::Overlap { first: other.index, second: index });
        }
        segments.push(segment);
    }
    Ok(segments)
}

fn segment<'a>(file: &'a [u8], index: usize, entry: &ProgramHeader) -> Result<Segment<'a>, Error> {
    let (address, size) = (entry.p_vaddr, entry.p_memsz);
    if entry.p_filesz > size {
        return Err(Error::SegmentSize { index, expected: size, got: entry.p_filesz });
    }
    if address.checked_add(size).is_none_or(|end| end > 1 << 32) {
        return Err(Error::SegmentRange { index, address, size });
    }
    let data = slice(file, "segment", entry.p_offset, entry.p_filesz)?;
    Ok(Segment { index, address, size, data, flags: entry.p_flags })
}

/// Pages of the one executable segment, after checking that nothing else may write there.
fn code_range(segments: &[Segment<'_>]) -> Result<Range<u64>, Error> {
    let mut executable = segments.iter().filter(|segment| segment.flags & abi::PF_X != 0);
    let (Some(code), None) = (executable.next(), executable.next()) else {
        let got = segments.iter().filter(|segment| segment.flags & abi::PF_X != 0).count();
        return Err(Error::CodeSegments { got });
    };
    let range = code.address / PAGE * PAGE..code.end().next_multiple_of(PAGE);
    if range.end - range.start > MAX_CODE_BYTES {
        return Err(Error::CodeTooLarge { expected: MAX_CODE_BYTES, got: range.end - range.start });
    }
    let writable = |segment: &&Segment<'_>| {
        segment.flags & abi::PF_W != 0 && segment.address < range.end && range.start < segment.end()
    };
    match segments.iter().find(writable) {
        Some(segment) => Err(Error::WritableCode { index: segment.index }),
        None => Ok(range),
    }
}

/// Copies `data` to `address`, making pages as needed.
fn fill(image: &mut BTreeMap<u32, Box<Page>>, mut address: u64, mut data: &[u8]) {
    while !data.is_empty() {
        let offset = (address % PAGE) as usize;
        let (now, rest) = data.split_at(data.len().min(PAGE_SIZE - offset));
        let page = image.entry((address / PAGE) as u32).or_insert_with(|| Box::new([0; PAGE_SIZE]));
        page[offset..offset + now.len()].copy_from_slice(now);
        address += now.len() as u64;
        data = rest;
    }
}
