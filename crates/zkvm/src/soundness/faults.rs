//! The classic faults of zkVMs by name, on the traces of a whole segment. Those of single instructions (wrong division by zero,
//! wrong overflow, limbs out of range) are in the tests of their tables.

use p3_field::{Field, PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;
use p3_matrix::Matrix;

use super::{Forgery, Refusal};
use crate::{
    bus::{CALL, CODE_KEY, KECCAK, MEMORY, PROGRAM, RANGE, SPREAD},
    public::Elements,
    tables::Table,
    verify::public_values,
};

/// Rows of a table that say something.
fn speaking(forgery: &Forgery, table: Table) -> Vec<(usize, Vec<Goldilocks>)> {
    let rows = forgery.traces[table as usize].rows().map(Iterator::collect::<Vec<_>>).enumerate();
    rows.filter(|(row, cells)| !forgery.evaluate(table, *row, cells).messages.is_empty()).collect()
}

#[test]
fn the_honest_segment_is_accepted() {
    assert_eq!(Forgery::new().refusal(), None);
}

/// Public values: each changed one is refused by the constraints, but for the two that only a chain of segments compares.
#[test]
fn no_public_value_is_unbound() {
    let forgery = Forgery::new();
    let honest = public_values(&forgery.public);
    for (index, name) in Elements::names().into_iter().enumerate() {
        for change in [Goldilocks::ONE, Goldilocks::NEG_ONE] {
            let mut public = honest.clone();
            public[Table::Boundary as usize][index] += change;
            if let Some(leaf) = index.checked_sub(4).filter(|&leaf| leaf < 2) {
                public[Table::Leaf as usize][leaf] += change;
            }
            let chained = name.starts_with("program") || name == "segment";
            // Memory that no instruction touches may move into the code range.
            let idle = name.starts_with("code");
            let refused = forgery.refusal_with(&public).is_some();
            assert!(refused != chained || idle, "{name}");
        }
    }
}

/// A code range that leaves out executed code, or takes in a word that is written.
#[test]
fn the_code_range_is_bound() {
    let forgery = Forgery::new();
    let honest = public_values(&forgery.public);
    for (index, leaf) in [(0, 0x81), (1, 0x80), (1, 0x101)] {
        let mut public = honest.clone();
        public[Table::Leaf as usize][index] = Goldilocks::from_u64(leaf);
        assert!(forgery.refusal_with(&public).is_some(), "{index} {leaf:#x}");
    }
}

/// Row counts: a row left out, and a row twice.
#[test]
fn no_row_is_left_out_or_repeated() {
    let honest = Forgery::new();
    for &table in Table::ALL.iter().filter(|table| table.preprocessed().is_none()) {
        let rows = speaking(&honest, table);
        let Some((row, cells)) = rows.first() else { continue };
        let mut without = Forgery::new();
        without.row(table, *row).fill(Goldilocks::ZERO);
        assert!(without.refusal().is_some(), "{} without its first row", table.name());

        let height = honest.traces[table as usize].height();
        let mut twice = Forgery::new();
        if rows.len() < height {
            twice.row(table, height - 1).copy_from_slice(cells);
            assert!(twice.refusal().is_some(), "{} with a row twice", table.name());
        }
    }
}

/// Cells that a row may leave unused: states of x0, which is not written; what other calls need; carries of negations that a
/// division does not make, and what a division by zero has not to compare.
const UNUSED: [(Table, &[&str]); 5] = [
    (Table::MulMod, MULMOD_UNUSED),
    (Table::Point, POINT_UNUSED),
    (Table::Divide, &["carry_b", "same", "inverse", "carry_result[0]", "carry_result[1]"]),
    (Table::AddImmediate, &["d.value[0]", "d.value[1]", "d.time"]),
    (
        Table::System,
        &["word", "before.value[0]", "before.value[1]", "before.time", "after[0]", "after[1]"],
    ),
];

/// Columns that the second row of a multiplication does not use; the tests of the table see to the first.
const MULMOD_UNUSED: &[&str] = &[
    "time",
    "word[0]",
    "word[1]",
    "word[2]",
    "a_time[0]",
    "a_time[1]",
    "a_time[2]",
    "a_time[3]",
    "b_time[0]",
    "b_time[1]",
    "b_time[2]",
    "b_time[3]",
    "m_time[0]",
    "m_time[1]",
    "m_time[2]",
    "m_time[3]",
    "register_time[0]",
    "register_time[1]",
    "b_code[0]",
    "b_code[1]",
    "b_code[2]",
    "b_code[3]",
    "m_code[0]",
    "m_code[1]",
    "m_code[2]",
    "m_code[3]",
];

/// Columns that the second row of a point does not use, or a doubling; the tests of the table see to additions.
const POINT_UNUSED: &[&str] = &[
    "last",
    "time",
    "word[0]",
    "word[1]",
    "q_code[0]",
    "q_code[1]",
    "q_code[2]",
    "q_code[3]",
    "q_code[4]",
    "q_code[5]",
    "q_code[6]",
    "q_code[7]",
    "p_time[0]",
    "p_time[1]",
    "p_time[2]",
    "p_time[3]",
    "p_time[4]",
    "p_time[5]",
    "p_time[6]",
    "p_time[7]",
    "q_time[0]",
    "q_time[1]",
    "q_time[2]",
    "q_time[3]",
    "q_time[4]",
    "q_time[5]",
    "q_time[6]",
    "q_time[7]",
    "register_time",
    "inverse[0]",
    "inverse[1]",
];

/// Flags that are not boolean, multiplicities, limbs, anything: no cell of a row that says something can have another value,
/// all else being equal.
#[test]
fn every_cell_of_the_segment_matters() {
    let forgery = Forgery::new();
    let unused = |table: Table, name: &str| {
        UNUSED.iter().any(|(other, names)| *other == table && names.contains(&name))
    };
    let mut free = Vec::new();
    for &table in Table::ALL {
        let names = table.columns();
        let rows = speaking(&forgery, table);
        for (row, honest) in rows.iter().step_by(rows.len().div_ceil(25).max(1)) {
            let before = forgery.evaluate(table, *row, honest);
            for (column, name) in names.iter().enumerate() {
                let value = honest[column];
                let half = value + Goldilocks::TWO.inverse();
                let set = [0, 1, 2].map(Goldilocks::from_u64).into_iter();
                let moved = [value + Goldilocks::ONE, value - Goldilocks::ONE, half];
                for new in set.chain(moved).filter(|new| *new != value) {
                    let mut cells = honest.clone();
                    cells[column] = new;
                    let after = forgery.evaluate(table, *row, &cells);
                    let noticed = !after.failed.is_empty() || after.messages != before.messages;
                    if !noticed && !unused(table, name) {
                        free.push(format!("{} {name} {value} {new}", table.name()));
                    }
                }
            }
        }
    }
    assert_eq!(free, [""; 0]);
}

/// Multiplicities: what preprocessed entries and permutations provide is what is asked for, no more, no less, no fraction.
#[test]
fn multiplicities_are_bound() {
    let one = Goldilocks::ONE;
    for (column, bus) in [("range", RANGE), ("spread", SPREAD)] {
        for by in [one, -one, one.halve(), Goldilocks::NEG_ONE.halve()] {
            let mut forgery = Forgery::new();
            *forgery.cell(Table::Lookup, 5, column) += by;
            let refusal = forgery.refusal_with(&public_values(&forgery.public));
            assert_eq!(refusal, Refusal::buses(&[bus]));
        }
    }
    for table in [Table::Poseidon2, Table::Decode, Table::KeccakRound, Table::Program] {
        let mut forgery = Forgery::new();
        *forgery.cell(table, 0, "multiplicity") += one;
        assert!(forgery.refusal_with(&public_values(&forgery.public)).is_some(), "{table:?}");
    }
}

/// Timestamps that go back: a load that reads what a later store finds. The value is the same, so that memory balances; only the
/// range of the time that passes forbids it.
#[test]
fn time_does_not_go_back() {
    let mut forgery = Forgery::new();
    // Row 1 of stores and of loads: the word at 0x2100, zero all the time.
    let start = *forgery.cell(Table::Store, 1, "before.time");
    let stored = *forgery.cell(Table::Load, 1, "loaded.state.time");
    let loaded = *forgery.cell(Table::Load, 1, "at.time") + Goldilocks::TWO;
    *forgery.cell(Table::Load, 1, "loaded.state.time") = start;
    *forgery.cell(Table::Store, 1, "before.time") = loaded;
    let leaf = (0..forgery.traces[Table::Leaf as usize].height())
        .flat_map(|row| ["end_time[0]", "end_time[1]"].map(|column| (row, column)))
        .find(|&(row, column)| *forgery.cell(Table::Leaf, row, column) == loaded);
    let (row, column) = leaf.expect("the leaf of the word");
    *forgery.cell(Table::Leaf, row, column) = stored;
    assert_eq!(forgery.refusal(), Refusal::buses(&[RANGE]));
}

/// Times near the order of the field: an access that takes a state of the far future.
#[test]
fn time_does_not_wrap() {
    for by in [3, 1 << 16, 1 << 32, Goldilocks::ORDER_U64 - 1] {
        let mut forgery = Forgery::new();
        let time = *forgery.cell(Table::Load, 0, "at.time");
        *forgery.cell(Table::Load, 0, "loaded.state.time") = time + Goldilocks::from_u64(by);
        let Some(Refusal::Buses(buses)) = forgery.refusal() else { panic!("{by}") };
        assert!(buses.contains(MEMORY), "{by}");
        assert!(by == Goldilocks::ORDER_U64 - 1 || buses.contains(RANGE), "{by}");
    }
}

/// x0: an instruction that names it as target writes nothing.
#[test]
fn x0_is_not_written() {
    // The row that has rd = 0.
    let mut forgery = Forgery::new();
    let height = forgery.traces[Table::AddImmediate as usize].height();
    let row = (0..height).find(|&row| {
        let zero = *forgery.cell(Table::AddImmediate, row, "target.rd") == Goldilocks::ZERO;
        let pc = *forgery.cell(Table::AddImmediate, row, "at.pc");
        zero && pc != Goldilocks::ZERO
    });
    let row = row.expect("an instruction that writes x0");
    *forgery.cell(Table::AddImmediate, row, "target.write") = Goldilocks::ONE;
    let Some(Refusal::Buses(buses)) = forgery.refusal() else { panic!("a refusal") };
    assert!(buses.contains(PROGRAM) && buses.contains(MEMORY));

    // With a decoded instruction that says so.
    let pc = *forgery.cell(Table::AddImmediate, row, "at.pc");
    let height = forgery.traces[Table::Program as usize].height();
    let fetched = (0..height).find(|&row| {
        let terms = [("word[0]", 8), ("word[1]", 8 << 16), ("half", 4)];
        let address = terms.map(|(column, by)| {
            *forgery.cell(Table::Program, row, column) * Goldilocks::from_u64(by)
        });
        address.into_iter().sum::<Goldilocks>() == pc
    });
    *forgery.cell(Table::Program, fetched.expect("its row"), "write") = Goldilocks::ONE;
    assert_eq!(forgery.refusal(), Some(Refusal::Constraint(Table::Program)));
}

/// An instruction that reads a register twice, as rs1 and as rs2, with two values.
#[test]
fn a_register_read_twice_has_one_value() {
    let mut forgery = Forgery::new();
    // `and x9, x9, x6` becomes a row that reads x6 twice, with the value of x9 for one of them.
    let row = (0..).find(|&row| *forgery.cell(Table::Bitwise, row, "rs2") != Goldilocks::ZERO);
    let row = row.expect("an instruction on two registers");
    let rs2 = *forgery.cell(Table::Bitwise, row, "rs2");
    *forgery.cell(Table::Bitwise, row, "rs1") = rs2;
    let Some(Refusal::Buses(buses)) = forgery.refusal() else { panic!("a refusal") };
    assert!(buses.contains(MEMORY) && buses.contains(PROGRAM));
}

/// Misaligned access: the address is 8 times the number of a word, also for addresses that are no multiple of 8. But then the
/// number is a fraction, which is the key of no word.
#[test]
fn a_misaligned_access_finds_no_word() {
    for by in 1..8 {
        let mut forgery = Forgery::new();
        let by = Goldilocks::from_u64(by);
        *forgery.cell(Table::Load, 0, "a.value[0]") += by;
        *forgery.cell(Table::Load, 0, "address.word") += by / Goldilocks::from_u64(8);
        let word = forgery.cell(Table::Load, 0, "address.word").as_canonical_u64();
        assert!(word > CODE_KEY << 1);
        let Some(Refusal::Buses(buses)) = forgery.refusal() else { panic!("a refusal") };
        assert!(buses.contains(MEMORY));
    }
    // No fraction of a limb is a key, with and without the offset of code.
    for limb in [0, 8, 0x2000, 0xffff_fff8] {
        for rest in 1..8 {
            let key = Goldilocks::from_u64(limb + rest) / Goldilocks::from_u64(8);
            assert!(key.as_canonical_u64() > CODE_KEY << 1);
            assert!((key + Goldilocks::from_u64(CODE_KEY + 24)).as_canonical_u64() > CODE_KEY << 1);
        }
    }
}

/// A limb out of range that makes the same word: the lookups of limbs forbid it.
#[test]
fn limbs_are_in_range() {
    let by = Goldilocks::from_u64(1 << 16);
    let mut forgery = Forgery::new();
    *forgery.cell(Table::KeccakWord, 3, "after[0]") += by;
    *forgery.cell(Table::KeccakWord, 3, "after[1]") -= Goldilocks::ONE;
    assert_eq!(forgery.refusal(), Refusal::buses(&[SPREAD]));
    let mut forgery = Forgery::new();
    *forgery.cell(Table::System, 0, "result[0]") += by;
    *forgery.cell(Table::System, 0, "result[1]") -= Goldilocks::ONE;
    assert_eq!(forgery.refusal(), Refusal::buses(&[RANGE]));
}

/// Another state in place of the permuted one, written to memory as well.
#[test]
fn a_false_permutation_is_refused() {
    let mut forgery = Forgery::new();
    for limb in 0..4 {
        for column in ["after", "after_spread"] {
            *forgery.cell(Table::KeccakWord, 2, &format!("{column}[{limb}]")) = Goldilocks::ZERO;
        }
    }
    let Some(Refusal::Buses(buses)) = forgery.refusal() else { panic!("a refusal") };
    assert_eq!(Some(Refusal::Buses(buses)), Refusal::buses(&[KECCAK, MEMORY]));
}

/// A call whose effect is left out, on another area, or another call.
#[test]
fn calls_are_bound_to_their_tables() {
    let (one, eight) = (Goldilocks::ONE, Goldilocks::from_u64(8));
    // Row 0 of the calls is keccak, row 1 mulmod, row 2 an addition of points, row 3 a doubling.
    let mut forgery = Forgery::new();
    *forgery.cell(Table::System, 0, "keccak") = Goldilocks::ZERO;
    *forgery.cell(Table::System, 0, "mulmod") = one;
    let Some(Refusal::Buses(buses)) = forgery.refusal() else { panic!("a refusal") };
    assert!(buses.contains(CALL) && buses.contains(MEMORY));

    let mut forgery = Forgery::new();
    *forgery.cell(Table::System, 1, "word") += one;
    assert_eq!(forgery.refusal(), Some(Refusal::Constraint(Table::System)));
    for limb in ["argument.value[0]", "result[0]"] {
        *forgery.cell(Table::System, 1, limb) += eight;
    }
    let Some(Refusal::Buses(buses)) = forgery.refusal() else { panic!("a refusal") };
    assert!(buses.contains(CALL) && buses.contains(MEMORY));

    // An addition that is a doubling, and the reverse.
    for (row, is, other) in [(2, "point_add", "point_double"), (3, "point_double", "point_add")] {
        let mut forgery = Forgery::new();
        *forgery.cell(Table::System, row, is) = Goldilocks::ZERO;
        *forgery.cell(Table::System, row, other) = one;
        let Some(Refusal::Buses(buses)) = forgery.refusal() else { panic!("a refusal") };
        assert!(buses.contains(CALL) && buses.contains(MEMORY));
    }

    for table in [Table::MulMod, Table::Point] {
        let mut forgery = Forgery::new();
        forgery.traces[table as usize].values.fill(Goldilocks::ZERO);
        let Some(Refusal::Buses(buses)) = forgery.refusal() else { panic!("a refusal") };
        assert!(buses.contains(CALL));
    }
}
