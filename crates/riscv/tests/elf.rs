//! The loader: what it accepts, each reason to refuse, and any bytes at all. (RV-4 in docs/reference/riscv.md)

mod assembler;

use assembler::*;
use oneslot_riscv::{
    Error, MAX_CODE_BYTES, MAX_FILE_BYTES, MAX_SEGMENTS, Machine, MachineStatus, Op, PRECOMPILES,
    PRECOMPILES_ADDRESS, Preimages, Program, Symbols,
};

/// A small valid file: code, read-only data and data with a bss.
fn valid() -> Vec<u8> {
    let code = [point_to_data(), i(Op::Ld, 10, 31, 0), li(17, 0), ECALL];
    let constants =
        Segment { kind: 1, flags: 4, address: 0x2_0000, data: vec![7; 100], memory: 100 };
    elf(CODE, &[constants, code_segment(&code), data_segment(&bytes(&[0, 1]))])
}

fn load(file: &[u8]) -> Result<Program, Error> {
    Program::from_elf(file)
}

/// The valid file with bytes replaced.
fn with(offset: usize, bytes: &[u8]) -> Result<Program, Error> {
    let mut file = valid();
    file[offset..offset + bytes.len()].copy_from_slice(bytes);
    load(&file)
}

#[track_caller]
fn unsupported(result: Result<Program, Error>, field_starts: &str) {
    match result {
        Err(Error::Unsupported { field, expected, got }) => {
            assert!(field.starts_with(field_starts), "{field}");
            assert_ne!(expected, got);
        }
        other => panic!("expected an unsupported {field_starts}, got {other:?}"),
    }
}

#[test]
fn loads_image_code_and_entry() {
    let program = load(&valid()).unwrap();
    assert_eq!(program.entry(), CODE);
    assert_eq!(program.code_range(), CODE..CODE + 4096);
    assert_eq!(program.code().len(), 1024);
    assert_eq!(program.instruction(CODE + 12).unwrap().op, Op::Ecall);
    assert_eq!(program.instruction(CODE + 16).unwrap().op, Op::Illegal);
    assert_eq!([CODE - 4, CODE + 2, CODE + 4096, 0].map(|pc| program.instruction(pc)), [None; 4]);
    let pages: Vec<u32> = program.image().keys().copied().collect();
    assert_eq!(pages, [0x10, 0x20, 0x80], "the bss takes no page");
    let mut machine = Machine::new(program, Preimages::input(&[]));
    assert_eq!(machine.memory().word(0x2_0000), Some(0x0707_0707_0707_0707));
    assert_eq!(machine.memory().word(0x2_0060), Some(0x0707_0707), "100 bytes");
    assert_eq!(machine.run(9), MachineStatus::Halted { code: 0 });
}

#[test]
fn code_need_not_start_at_a_page() {
    let code: Vec<u8> = halt().iter().flat_map(|word| word.to_le_bytes()).collect();
    let segment =
        Segment { kind: 1, flags: 5, address: CODE + 0xffc, memory: code.len() as u64, data: code };
    let program = load(&elf(CODE + 0xffc, &[segment])).unwrap();
    assert_eq!(program.code_range(), CODE..CODE + 0x2000);
    assert_eq!(
        Machine::new(program, Preimages::input(&[])).run(9),
        MachineStatus::Halted { code: 0 }
    );
}

#[test]
fn refuses_headers_of_other_machines() {
    unsupported(with(0, b"\x7fELG"), "magic");
    unsupported(with(4, &[1]), "class");
    unsupported(with(5, &[2]), "byte order");
    unsupported(with(6, &[2]), "ident version");
    unsupported(with(16, &[3, 0]), "file type");
    unsupported(with(16, &[1, 0]), "file type");
    unsupported(with(18, &62u16.to_le_bytes()), "machine");
    unsupported(with(20, &[2]), "version");
    unsupported(with(54, &[32]), "program header size");
    assert_eq!(with(48, &[1]).unwrap_err(), Error::Compressed { flags: 1 });
    assert_eq!(with(48, &[5]).unwrap_err(), Error::Compressed { flags: 5 });
    for flags in [2, 4, 6, 8, 0x10, 0x20] {
        unsupported(with(48, &[flags]), "e_flags");
    }
}

#[test]
fn refuses_every_truncation() {
    let file = valid();
    for length in 0..file.len() {
        match load(&file[..length]) {
            Err(Error::Truncated { expected, got, .. }) => {
                assert_eq!(got, length as u64);
                assert!(expected > got);
            }
            other => panic!("{length} bytes: {other:?}"),
        }
    }
}

#[test]
fn refuses_dynamic_programs() {
    for (kind, name) in [(2, "PT_DYNAMIC"), (3, "PT_INTERP")] {
        let extra = Segment { kind, flags: 4, address: 0x3_0000, data: vec![0; 16], memory: 16 };
        let file = elf(CODE, &[code_segment(&halt()), extra]);
        assert_eq!(load(&file).unwrap_err(), Error::Dynamic { index: 1, kind: name });
    }
    // Other kinds, such as notes, the stack's flags and the attributes, say nothing about execution.
    for kind in [0, 4, 6, 7, 0x6474_e551, 0x7000_0003] {
        let extra = Segment { kind, flags: 7, address: u64::MAX, data: vec![0; 16], memory: 1 };
        assert!(load(&elf(CODE, &[code_segment(&halt()), extra])).is_ok());
    }
}

#[test]
fn refuses_bad_segments() {
    let segment = |address, data: usize, memory| Segment {
        kind: 1,
        flags: 6,
        address,
        data: vec![1; data],
        memory,
    };
    let file = |extra: Segment| elf(CODE, &[code_segment(&halt()), extra]);

    let result = load(&file(segment(DATA, 16, 15)));
    assert_eq!(result.unwrap_err(), Error::SegmentSize { index: 1, expected: 15, got: 16 });
    for (address, size) in
        [(0xffff_fff0, 17), (1 << 32, 1), (u64::MAX, 1), (u64::MAX, u64::MAX), (0, (1 << 32) + 1)]
    {
        let result = load(&file(segment(address, 0, size)));
        assert_eq!(result.unwrap_err(), Error::SegmentRange { index: 1, address, size });
    }
    assert!(load(&file(segment(0xffff_fff0, 16, 16))).is_ok());

    let twice =
        elf(CODE, &[code_segment(&halt()), segment(DATA, 16, 32), segment(DATA + 31, 1, 1)]);
    assert_eq!(load(&twice).unwrap_err(), Error::Overlap { first: 1, second: 2 });
    let apart =
        elf(CODE, &[code_segment(&halt()), segment(DATA, 16, 32), segment(DATA + 32, 1, 1)]);
    assert!(load(&apart).is_ok());

    // Writable, next to the code but in its page; and writable code itself.
    let result = load(&file(segment(CODE + 0xfff, 1, 1)));
    assert_eq!(result.unwrap_err(), Error::WritableCode { index: 1 });
    let mut code = code_segment(&halt());
    code.flags = 7;
    assert_eq!(load(&elf(CODE, &[code])).unwrap_err(), Error::WritableCode { index: 0 });
    // Read-only data may share it.
    let mut constants = segment(CODE + 0xfff, 1, 1);
    constants.flags = 4;
    assert!(load(&file(constants)).is_ok());
}

#[test]
fn refuses_other_numbers_of_code_segments() {
    assert_eq!(load(&elf(CODE, &[])).unwrap_err(), Error::CodeSegments { got: 0 });
    assert_eq!(
        load(&elf(DATA, &[data_segment(&[0; 8])])).unwrap_err(),
        Error::CodeSegments { got: 0 }
    );
    let mut second = code_segment(&halt());
    second.address += 0x1_0000;
    let file = elf(CODE, &[code_segment(&halt()), second]);
    assert_eq!(load(&file).unwrap_err(), Error::CodeSegments { got: 2 });
}

#[test]
fn refuses_bad_entries() {
    for entry in [CODE + 1, CODE + 2, CODE - 4, CODE + 4096, DATA, 0, u64::MAX] {
        let result = load(&elf(entry, &[code_segment(&halt()), data_segment(&[])]));
        assert_eq!(result.unwrap_err(), Error::Entry { entry, start: CODE, end: CODE + 4096 });
    }
}

#[test]
fn refuses_large_programs() {
    let mut code = code_segment(&halt());
    code.memory = MAX_CODE_BYTES;
    assert!(load(&elf(CODE, &[code.clone()])).is_ok());
    code.memory += 1;
    let got = MAX_CODE_BYTES + 4096;
    assert_eq!(
        load(&elf(CODE, &[code])).unwrap_err(),
        Error::CodeTooLarge { expected: MAX_CODE_BYTES, got }
    );

    let empty = Segment { kind: 0, flags: 0, address: 0, data: vec![], memory: 0 };
    let mut segments = vec![empty; MAX_SEGMENTS];
    segments[0] = code_segment(&halt());
    assert!(load(&elf(CODE, &segments)).is_ok());
    segments.push(segments[1].clone());
    let expected = Error::TooManySegments { expected: MAX_SEGMENTS, got: MAX_SEGMENTS + 1 };
    assert_eq!(load(&elf(CODE, &segments)).unwrap_err(), expected);

    let expected = Error::FileTooLarge { expected: MAX_FILE_BYTES, got: MAX_FILE_BYTES + 1 };
    assert_eq!(load(&vec![0; MAX_FILE_BYTES + 1]).unwrap_err(), expected);
}

/// Many segments may name the same bytes of the file; together they are bounded all the same.
#[test]
fn refuses_images_larger_than_their_bound() {
    let size = 32 << 20;
    let mut file = elf(CODE, &[code_segment(&halt())]);
    file.resize(8192 + size, 1);
    for n in 1..=9u64 {
        let header = 64 + 56 * n as usize;
        let address = (0x1000_0000 * n).to_le_bytes();
        let size = (size as u64).to_le_bytes();
        let words = [8192u64.to_le_bytes(), address, address, size, size, 4096u64.to_le_bytes()];
        file[header..header + 8].copy_from_slice(&[1, 0, 0, 0, 6, 0, 0, 0]);
        file[header + 8..header + 56].copy_from_slice(words.as_flattened());
        file[56] = n as u8 + 1;
        match load(&file) {
            Ok(_) => assert!(n < 8),
            Err(Error::ImageTooLarge { expected, got }) => assert!(n >= 8 && got > expected),
            Err(other) => panic!("{n} segments: {other}"),
        }
    }
}

/// Section headers with a symbol table for two functions and one object.
fn with_symbols() -> Vec<u8> {
    let mut file = valid();
    let names = b"\0first\0second\0object\0";
    let symbol = |name: u32, kind: u8, value: u64, size: u64| {
        let mut bytes = name.to_le_bytes().to_vec();
        bytes.extend([kind, 0, 1, 0]);
        bytes.extend(value.to_le_bytes());
        bytes.extend(size.to_le_bytes());
        bytes
    };
    let table = [
        symbol(0, 0, 0, 0),
        symbol(1, 2, CODE, 8),
        symbol(7, 0x12, CODE + 12, 0),
        symbol(14, 1, CODE + 8, 4),
    ];
    let table = table.concat();
    let (table_at, names_at) = (file.len() as u64, (file.len() + table.len()) as u64);
    let sections_at = names_at + names.len() as u64;
    file.extend(&table);
    file.extend(names);
    let section = |kind: u32, offset: u64, size: u64, link: u32, entry: u64| {
        let mut bytes = 0u32.to_le_bytes().to_vec();
        bytes.extend(kind.to_le_bytes());
        [0, 0, offset, size].iter().for_each(|word| bytes.extend(word.to_le_bytes()));
        bytes.extend(link.to_le_bytes());
        bytes.extend(0u32.to_le_bytes());
        [1, entry].iter().for_each(|word| bytes.extend(word.to_le_bytes()));
        bytes
    };
    file.extend(section(0, 0, 0, 0, 0));
    file.extend(section(2, table_at, table.len() as u64, 2, 24));
    file.extend(section(3, names_at, names.len() as u64, 0, 0));
    file[40..48].copy_from_slice(&sections_at.to_le_bytes());
    file[60..62].copy_from_slice(&3u16.to_le_bytes());
    file[62..64].copy_from_slice(&2u16.to_le_bytes());
    file
}

#[test]
fn symbols_name_functions() {
    let file = with_symbols();
    let symbols = Symbols::from_elf(&file).unwrap();
    assert_eq!(symbols.len(), 2);
    let name = |address| symbols.function(address);
    assert_eq!([CODE - 1, CODE + 8, CODE + 11].map(name), [None; 3]);
    assert_eq!([CODE, CODE + 7].map(name), [Some("first"); 2]);
    assert_eq!(
        [CODE + 12, CODE + 4096].map(name),
        [Some("second"); 2],
        "a function without size goes on"
    );
    assert!(Symbols::from_elf(&valid()).unwrap().is_empty());
    assert_eq!(load(&file).unwrap().image(), load(&valid()).unwrap().image());

    let mut broken = file;
    broken[45] = 1;
    assert!(matches!(Symbols::from_elf(&broken), Err(Error::Symbols { .. })));
    assert!(load(&broken).is_ok(), "sections do not matter to the loader");
}

/// Seeded mutations of a valid file: the loader and the symbol reader never panic, and what loads runs without panic.
#[test]
fn survives_mutated_files() {
    let valid = with_symbols();
    let headers: Vec<usize> =
        (0..64 + 3 * 56).chain(valid.len() - 3 * 64 - 120..valid.len()).collect();
    let (mut loaded, mut refused) = (0, 0);
    for seed in 0..1_500 {
        let mut random = Random(seed);
        let mut file = valid.clone();
        for _ in 0..1 + random.below(4) {
            let offset = random.pick(&headers);
            match random.below(3) {
                0 => file[offset] ^= 1 << random.below(8),
                1 => file[offset] = random.next() as u8,
                _ => {
                    let word = random.operand().to_le_bytes();
                    let end = file.len().min(offset + 8);
                    file[offset..end].copy_from_slice(&word[..end - offset]);
                }
            }
        }
        if random.below(16) == 0 {
            file.truncate(random.below(file.len() as u64) as usize);
        }
        let _ = Symbols::from_elf(&file);
        match load(&file) {
            Ok(program) => {
                loaded += 1;
                Machine::new(program, Preimages::input(&file)).run(1000);
            }
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert!(loaded > 200 && refused > 200, "{loaded} loaded, {refused} refused");
}

#[test]
fn survives_random_bytes() {
    for seed in 0..500 {
        let mut random = Random(seed);
        let bytes: Vec<u8> = (0..random.below(512)).map(|_| random.next() as u8).collect();
        assert!(load(&bytes).is_err());
        let _ = Symbols::from_elf(&bytes);
        // Random words as code: any outcome but a panic.
        let code: Vec<u32> = (0..256).map(|_| random.next() as u32 | 3).collect();
        machine(&code, &bytes, &bytes).run(1000);
    }
}

/// A program with a word of its own for the mask.
fn masked(mask: u64) -> Vec<u8> {
    let code = [u(Op::Lui, 5, PRECOMPILES_ADDRESS as i32), i(Op::Ld, 10, 5, 0), li(17, 0), ECALL];
    elf(CODE, &[mask_segment(mask), code_segment(&code)])
}

fn mask_segment(mask: u64) -> Segment {
    let data = mask.to_le_bytes().to_vec();
    Segment { kind: 1, flags: 4, address: PRECOMPILES_ADDRESS, data, memory: 8 }
}

#[test]
fn the_mask_of_precompiles_is_a_word_of_the_image() {
    let original = load(&masked(PRECOMPILES)).unwrap();
    assert_eq!(original.precompiles(), PRECOMPILES);
    for mask in 0..=PRECOMPILES {
        let program = original.with_precompiles(mask).unwrap();
        assert_eq!(program.precompiles(), mask);
        assert_eq!(program.image() == original.image(), mask == PRECOMPILES);
        assert_eq!(program.image(), load(&masked(mask)).unwrap().image());
        let again = program.with_precompiles(PRECOMPILES).unwrap();
        assert_eq!(again.image(), original.image());
        let mut machine = Machine::new(program, Preimages::input(&[]));
        assert_eq!(machine.run(9), MachineStatus::Halted { code: mask });
    }
    assert_eq!(original.precompiles(), PRECOMPILES, "the original is what it was");
    for got in [PRECOMPILES + 1, u64::MAX] {
        let unknown = Error::UnknownMask { expected: PRECOMPILES, got };
        assert_eq!(original.with_precompiles(got).unwrap_err(), unknown);
        let program = load(&masked(got)).unwrap();
        assert_eq!(program.precompiles(), got);
        assert_eq!(program.with_precompiles(0).unwrap_err(), unknown);
    }
}

/// Programs of others may have anything at the address.
#[test]
fn only_a_read_only_word_of_its_own_is_a_mask() {
    let none = Error::NoMask { address: PRECOMPILES_ADDRESS };
    let valid = mask_segment(3);
    let others = [
        Segment { address: PRECOMPILES_ADDRESS + 8, ..valid.clone() },
        Segment { address: PRECOMPILES_ADDRESS - 8, ..valid.clone() },
        Segment { memory: 16, ..valid.clone() },
        Segment { memory: 4, data: vec![3; 4], ..valid.clone() },
        Segment { flags: 6, ..valid.clone() },
        Segment { kind: 4, ..valid.clone() },
    ];
    for other in others {
        let program = load(&elf(CODE, &[other, code_segment(&halt())])).unwrap();
        assert_eq!(program.precompiles(), 0);
        assert_eq!(program.with_precompiles(0).unwrap_err(), none);
    }
    let program = load(&elf(CODE, &[code_segment(&halt()), valid])).unwrap();
    assert_eq!(program.precompiles(), 3);
    let (code, image) = (program.code_range(), program.image().clone());
    let part = Program::from_image(CODE, code, image).unwrap();
    assert_eq!(part.with_precompiles(0).unwrap_err(), none);
    // Zeros that the file does not hold are a mask, too.
    let zeros = Segment { data: Vec::new(), ..mask_segment(0) };
    let program = load(&elf(CODE, &[zeros, code_segment(&halt())])).unwrap();
    assert_eq!(program.precompiles(), 0);
    assert_eq!(program.with_precompiles(5).unwrap().precompiles(), 5);
}

/// The code range is whole pages, so a mask below code that starts within its page is decoded with it.
#[test]
fn a_mask_in_a_page_of_code_is_decoded_anew() {
    let code = Segment { address: PRECOMPILES_ADDRESS + 8, ..code_segment(&halt()) };
    let program = load(&elf(PRECOMPILES_ADDRESS + 8, &[mask_segment(7), code])).unwrap();
    let changed = program.with_precompiles(4).unwrap();
    let word = |program: &Program| program.instruction(PRECOMPILES_ADDRESS).unwrap().imm;
    assert_eq!([&program, &changed].map(word), [7, 4]);
}
