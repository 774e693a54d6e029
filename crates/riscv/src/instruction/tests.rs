use super::*;

/// Words as GNU as writes them.
#[test]
fn decodes_what_an_assembler_writes() {
    let cases = [
        (0xff01_0113, Op::Addi, 2, 2, 0, -16),
        (0x0011_3423, Op::Sd, 0, 2, 1, 8),
        (0xfe11_3c23, Op::Sd, 0, 2, 1, -8),
        (0x0081_3083, Op::Ld, 1, 2, 0, 8),
        (0x0000_8067, Op::Jalr, 0, 1, 0, 0),
        (0x02b5_0533, Op::Mul, 10, 10, 11, 0),
        (0x02b5_553b, Op::Divuw, 10, 10, 11, 0),
        (0x1234_5537, Op::Lui, 10, 0, 0, 0x1234_5000),
        (0xffff_f517, Op::Auipc, 10, 0, 0, -4096),
        (0x00b5_0463, Op::Beq, 0, 10, 11, 8),
        (0xfe07_9ee3, Op::Bne, 0, 15, 0, -4),
        (0xff9f_f06f, Op::Jal, 0, 0, 0, -8),
        (0x0080_00ef, Op::Jal, 1, 0, 0, 8),
        (0x0005_4783, Op::Lbu, 15, 10, 0, 0),
        (0x4035_5513, Op::Srai, 10, 10, 0, 3),
        (0x43f5_5513, Op::Srai, 10, 10, 0, 63),
        (0x4035_551b, Op::Sraiw, 10, 10, 0, 3),
        (0x40b5_0533, Op::Sub, 10, 10, 11, 0),
        (0x0ff0_000f, Op::Fence, 0, 0, 0, 0),
        (0x8330_000f, Op::Fence, 0, 0, 0, 0),
        (0x0000_0073, Op::Ecall, 0, 0, 0, 0),
        (0x0010_0073, Op::Ebreak, 0, 0, 0, 0),
    ];
    for (word, op, rd, rs1, rs2, imm) in cases {
        assert_eq!(
            Instruction::decode(word),
            Instruction { op, rd, rs1, rs2, imm },
            "{word:#010x}"
        );
    }
}

#[test]
fn refuses_words_outside_rv64im() {
    let words = [
        0x0000_0000, // all zeros
        0xffff_ffff, // all ones
        0x0000_4501, // c.li a0, 0
        0x0400_1013, // slli with shift amount bit 6
        0x0200_101b, // slliw with shift amount 32
        0x0000_100f, // fence.i
        0x0020_0073, // uret
        0x1050_0073, // wfi
        0xc000_2573, // rdcycle a0
        0x0000_00f3, // ecall with rd
        0x1005_252f, // lr.w
        0x0005_3507, // fld
        0x0200_103b, // there is no mulhw
        0x0000_7003, // load of width 7
        0x0000_4023, // store of width 4
        0x0000_2063, // branch of kind 2
        0x0000_1067, // jalr with funct3 1
        0x2005_2533, // sh1add
    ];
    for word in words {
        let expected = Instruction { op: Op::Illegal, rd: 0, rs1: 0, rs2: 0, imm: word as i32 };
        assert_eq!(Instruction::decode(word), expected, "{word:#010x}");
    }
}

/// Every combination of the selecting fields, with several values in the others: a decoded word encodes to itself.
#[test]
fn encode_inverts_decode() {
    let mut legal = std::collections::BTreeSet::new();
    for selectors in 0..1u32 << 17 {
        let (opcode, funct3, funct7) = (selectors & 127, selectors >> 7 & 7, selectors >> 10);
        for operands in [0u32, 0x01ff_ffff, 0x0155_5555, 0x00aa_aaaa, 0x0123_4567] {
            let word = opcode | funct3 << 12 | funct7 << 25 | (operands & 0x01ff_8f80);
            let instruction = Instruction::decode(word);
            match instruction.op {
                Op::Fence => assert_eq!(instruction.encode(), 0x0000_000f),
                _ => assert_eq!(instruction.encode(), word, "{instruction:?}"),
            }
            if word & 3 != 3 {
                assert_eq!(instruction.op, Op::Illegal, "{word:#010x} is compressed");
            }
            legal.insert(instruction.op);
        }
    }
    // All but ebreak, whose one word is not among those above.
    assert_eq!(legal.len(), Op::Illegal as usize);
}
