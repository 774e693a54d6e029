//! The traces of a segment, filled from its events.

use std::collections::HashMap;

use oneslot_riscv::Op;
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;

use crate::{
    Error, PublicValues, SegmentInput,
    bus::CODE_KEY,
    events::{Ends, Events, events},
    memory::{LEAF_WORDS, word_key, word_numbers},
    proof::MAX_LOG_HEIGHT,
    record::Executed,
    tables::{
        self, Table,
        fill::{Tally, matrix},
        leaf::LeafRecord,
        program::Fetch,
    },
    verify::public_values,
};

/// Traces and public values of a segment.
pub(crate) struct Witness {
    /// One trace for each table, in their order.
    pub(crate) traces: Vec<RowMajorMatrix<Goldilocks>>,
    pub(crate) public: PublicValues,
}

impl Witness {
    /// Replays the segment and fills all tables.
    pub(crate) fn new(input: &SegmentInput) -> Result<Self, Error> {
        let events = events(input, input.words())?;
        check_rows(&events)?;
        let mut tally = Tally::new();
        let mut traces: Vec<Option<RowMajorMatrix<Goldilocks>>> = vec![None; Table::ALL.len()];
        instructions(&events, &mut tally, &mut traces);
        let public = states(input, &events, &mut tally, &mut traces)?;
        traces[Table::Lookup as usize] = Some(tables::lookup::trace(&tally));
        let traces = traces
            .into_iter()
            .map(|trace| trace.expect("invariant: every table has been filled"))
            .collect();
        Ok(Self { traces, public })
    }

    /// Public values of each table, in the tables' order.
    pub(crate) fn public_values(&self) -> Vec<Vec<Goldilocks>> {
        public_values(&self.public)
    }
}

/// Calls take many rows each: refuses a segment that makes too many, before their tables are filled.
fn check_rows(events: &Events) -> Result<(), Error> {
    let limit = 1 << MAX_LOG_HEIGHT;
    for (table, rows) in [
        (Table::KeccakWord, events.permuted.len()),
        (Table::KeccakTheta, 5 * events.rounds.len()),
        (Table::KeccakPlane, 5 * events.rounds.len()),
        (Table::MulMod, 2 * events.multiplied.len()),
    ] {
        if rows > limit {
            let (expected, got) = (limit as u64, rows as u64);
            return Err(Error::TooLarge { what: table.name(), expected, got });
        }
    }
    Ok(())
}

/// The table that holds an operation.
pub(crate) fn table(op: Op) -> Table {
    use Op::*;
    match op {
        Add | Sub => Table::Add,
        Addi | Lui | Fence => Table::AddImmediate,
        Addw | Subw | Addiw => Table::AddWord,
        And | Or | Xor | Andi | Ori | Xori => Table::Bitwise,
        Sll | Srl | Slli | Srli => Table::Shift,
        Sra | Srai | Sllw | Srlw | Sraw | Slliw | Srliw | Sraiw => Table::ShiftWord,
        Slt | Sltu | Slti | Sltiu => Table::SetLess,
        Beq | Bne | Blt | Bge | Bltu | Bgeu => Table::Branch,
        Jal | Jalr | Auipc => Table::Jump,
        Mul | Mulhu => Table::Multiply,
        Mulh | Mulhsu | Mulw | Div | Divu | Rem | Remu | Divw | Divuw | Remw | Remuw => {
            Table::Divide
        }
        Ld => Table::Load,
        Lb | Lbu | Lh | Lhu | Lw | Lwu => Table::LoadPart,
        Sd => Table::Store,
        Sb | Sh | Sw => Table::StorePart,
        Ecall | Ebreak | Illegal => Table::System,
    }
}

/// Fills the tables of instructions, and those that follow from single instructions.
fn instructions(
    events: &Events,
    tally: &mut Tally,
    traces: &mut [Option<RowMajorMatrix<Goldilocks>>],
) {
    let mut steps: Vec<Vec<Executed>> = vec![Vec::new(); Table::ALL.len()];
    for step in &events.steps {
        steps[table(step.instruction.op) as usize].push(*step);
    }
    macro_rules! fill {
        ($($table:ident = $module:ident,)*) => {
            $(
                traces[Table::$table as usize] = Some(matrix(
                    &std::mem::take(&mut steps[Table::$table as usize]),
                    Table::$table.width(),
                    |step, values| tables::$module::fill(step, tally, values),
                ));
            )*
        };
    }
    fill! {
        Add = add,
        AddImmediate = add_immediate,
        AddWord = add_word,
        Bitwise = bitwise,
        Shift = shift,
        ShiftWord = shift_word,
        SetLess = set_less,
        Branch = branch,
        Jump = jump,
        Multiply = multiply,
        Divide = divide,
        Load = load,
        LoadPart = load_part,
        Store = store,
        StorePart = store_part,
        System = system,
    }
    traces[Table::Commit as usize] =
        Some(matrix(&events.committed, Table::Commit.width(), |committed, values| {
            tables::commit::fill(committed, tally, values);
        }));
    traces[Table::KeccakWord as usize] =
        Some(matrix(&events.permuted, Table::KeccakWord.width(), |lane, values| {
            tables::keccak_word::fill(lane, tally, values);
        }));
    traces[Table::KeccakTheta as usize] = Some(tables::keccak_theta::trace(&events.rounds));
    traces[Table::KeccakPlane as usize] = Some(tables::keccak_plane::trace(&events.rounds, tally));
    traces[Table::KeccakRound as usize] = Some(tables::keccak_round::trace(tally));
    traces[Table::MulMod as usize] = Some(tables::mulmod::trace(&events.multiplied, tally));
    traces[Table::Refresh as usize] =
        Some(matrix(&events.refreshes, Table::Refresh.width(), |refresh, values| {
            tables::refresh::fill(refresh, tally, values);
        }));
}

/// Fills the tables of states: code, memory, public values. Gives the public values.
fn states(
    input: &SegmentInput,
    events: &Events,
    tally: &mut Tally,
    traces: &mut [Option<RowMajorMatrix<Goldilocks>>],
) -> Result<PublicValues, Error> {
    let code = input.code();
    let leaves = leaves(input, events);
    let ends: Vec<_> = leaves.iter().map(|leaf| leaf.end).collect();
    let paths = input.opening.paths(&ends)?;
    traces[Table::Leaf as usize] = Some(matrix(&leaves, Table::Leaf.width(), |leaf, values| {
        tables::leaf::fill(leaf, code, tally, values);
    }));
    traces[Table::Node as usize] =
        Some(matrix(&paths.nodes, Table::Node.width(), tables::node::fill));
    let mut compressions = tables::leaf::compressions(&leaves);
    compressions.extend(tables::node::compressions(&paths.nodes));
    traces[Table::Poseidon2 as usize] = Some(tables::poseidon2::trace(&compressions));

    let fetches = fetches(events);
    let mut operations = tables::decode::Tally::new();
    traces[Table::Program as usize] =
        Some(matrix(&fetches, Table::Program.width(), |fetch, values| {
            tables::program::fill(fetch, &mut operations, tally, values);
        }));
    traces[Table::Decode as usize] = Some(tables::decode::trace(&operations));
    traces[Table::Boundary as usize] =
        Some(tables::boundary::trace(events.end_time, &events.results, tally));

    let [o0, o1, o2, o3, committed, exit_code] = events.results.map(|result| result.value);
    let mut output = [0; 32];
    for (bytes, word) in output.as_chunks_mut::<8>().0.iter_mut().zip([o0, o1, o2, o3]) {
        *bytes = word.to_le_bytes();
    }
    Ok(PublicValues {
        program: input.program(),
        code,
        segment: input.segment(),
        start_pc: input.start_pc(),
        end_pc: events.end_pc,
        start_root: paths.root.start,
        end_root: paths.root.end,
        committed: committed != 0,
        exit_code,
        output,
    })
}

/// The touched leaves with the ends of their words.
fn leaves(input: &SegmentInput, events: &Events) -> Vec<LeafRecord> {
    let ends = |number: u64| -> Ends {
        let key = word_key(number, input.code());
        *events.words.get(&key).expect("invariant: the events have all words of the opening")
    };
    let leaf = |&(index, start): &(u32, [u64; LEAF_WORDS])| {
        let first = word_numbers(index).start;
        let words: [Ends; LEAF_WORDS] = std::array::from_fn(|word| ends(first + word as u64));
        LeafRecord {
            index,
            start,
            end: words.map(|word| word.end),
            start_time: words.map(|word| word.start_time),
            end_time: words.map(|word| word.end_time),
        }
    };
    input.opening.leaves().iter().map(leaf).collect()
}

/// The executed addresses, each with the code word that it lies in and the time of its fetch.
fn fetches(events: &Events) -> Vec<Fetch> {
    let mut times: HashMap<u64, u64> = HashMap::new();
    let fetch = |(&pc, &count): (&u64, &u64)| {
        let key = CODE_KEY + pc / 8;
        let word = events.words[&key];
        // The fetches of a word follow on each other from its start.
        let time = times.entry(key).or_insert(word.start_time);
        let fetch = Fetch { pc, word: word.start, time: *time, count };
        *time += 1;
        fetch
    };
    events.fetched.iter().map(fetch).collect()
}

#[cfg(test)]
pub(crate) mod tests;
