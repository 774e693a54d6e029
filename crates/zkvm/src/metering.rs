//! How many rows of each table a segment takes, counted while the segment is traced.
//!
//! Tables have heights that are powers of two, so a segment that ends just before a table would have to double wastes
//! least. [`Meter`] counts rows as `events` and `witness` will make them, and remembers the length at which an
//! instruction costs the fewest cells.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, btree_map::Entry},
    sync::LazyLock,
};

use oneslot_riscv::{Access, MemoryWord, Op, Step};
use oneslot_stark::{CHALLENGE_DEGREE, Challenge, Val};
use p3_air::symbolic::AirLayout;
use p3_batch_stark::symbolic::get_log_num_quotient_chunks;
use p3_lookup::{LogUpGadget, Lookups};

use crate::{
    bus::{TIME_START, TIME_STEP},
    config::MAX_DEGREE,
    events::{MAX_PASSED, reads_rs2},
    memory::{CodeRange, FIRST_LEAF, LEAF_BYTES, LEAF_WORDS, SYSTEM_LEAF, SYSTEM_WORDS, leaf_of},
    tables::{Table, cells::height},
};

const TABLES: usize = Table::ALL.len();
/// Cells that a segment may have for each instruction of its limit. Programs without precompiles take about 100; precompiles
/// take many more, and memory is limited.
const CELLS_PER_STEP: u64 = 128;
/// Cells that any segment may have.
const LEAST_BUDGET: u64 = 1 << 24;

/// Columns of a row, in base field elements, by what they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Trace.
    pub trace: usize,
    /// Fractions of the lookups and their sum.
    pub lookups: usize,
    /// Chunks of the quotient.
    pub quotient: usize,
}

impl Columns {
    /// All columns.
    pub const fn total(self) -> usize {
        self.trace + self.lookups + self.quotient
    }

    fn of(table: Table) -> Self {
        let gadget = LogUpGadget::new();
        let lookups = Lookups::<Val>::from_air::<Challenge, _>(&table);
        let lookups = lookups.pack_same_bus(&gadget, MAX_DEGREE);
        let log_chunks = get_log_num_quotient_chunks::<Val, Challenge, _, _>(
            &table,
            AirLayout::from_air::<Val>(&table),
            1 << 10,
            &lookups,
            0,
            &gadget,
        );
        Self {
            trace: table.width(),
            lookups: CHALLENGE_DEGREE * (lookups.len() + 1),
            quotient: CHALLENGE_DEGREE << log_chunks,
        }
    }
}

/// Columns of each table, in the tables' order.
pub(crate) static COLUMNS: LazyLock<[Columns; TABLES]> =
    LazyLock::new(|| std::array::from_fn(|index| Columns::of(Table::ALL[index])));

/// A table of a segment: its columns, the rows in use, and all rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSize {
    /// Name, as in the documentation.
    pub name: &'static str,
    /// Columns of a row.
    pub columns: Columns,
    /// Rows in use.
    pub rows: usize,
    /// Rows with padding.
    pub height: usize,
}

/// Rows of each table, and their cells with padding.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rows {
    used: [usize; TABLES],
    heights: [usize; TABLES],
    cells: u64,
}

impl Rows {
    /// Tables of a segment that takes these rows.
    fn new(used: [usize; TABLES]) -> Self {
        let heights = used.map(height);
        let cells = COLUMNS.iter().zip(heights).map(|(columns, height)| columns.total() * height);
        Self { used, heights, cells: cells.sum::<usize>() as u64 }
    }
}

/// What a segment touches and how many rows it takes, step by step.
pub(crate) struct Meter {
    code: CodeRange,
    rows: Rows,
    /// Rows of the step that is being counted.
    pending: Vec<(Table, usize)>,
    /// Steps counted.
    steps: u64,
    /// Steps of a segment at least.
    least: u64,
    /// Cells of a segment, at most.
    budget: u64,
    /// Whether the steps counted need more cells than that.
    full: bool,
    /// Steps at which an instruction costs the fewest cells, with the rows at that point.
    best: Option<(u64, Rows)>,
    /// Whether each instruction of the code range has been executed.
    fetched: Vec<bool>,
    /// Time of the last access of each register; 0 for none.
    registers: [u64; 32],
    words: HashMap<u64, Word>,
    /// Touched leaves, with the step that touched them first.
    leaves: BTreeMap<u32, u64>,
    /// Touched inner nodes, by heap index.
    nodes: HashSet<u32>,
    /// Nodes whose digest may change, leaves among them.
    changed: HashSet<u32>,
    /// Words of preimages that are read, in order, with the step that read each.
    words_read: Vec<(u64, u64)>,
}

/// Memory word in use.
#[derive(Clone, Copy, Default)]
struct Word {
    /// Time of the last access; 0 for none.
    time: u64,
    changed: bool,
}

impl Meter {
    /// Meter of a segment that has no step yet and will have at most `limit`.
    pub(crate) fn new(code: CodeRange, limit: u64) -> Self {
        let mut used = [0; TABLES];
        for &table in Table::ALL {
            used[table as usize] = table.fixed_height().unwrap_or(0);
        }
        let mut meter = Self {
            code,
            rows: Rows::new(used),
            pending: Vec::new(),
            steps: 0,
            least: limit.div_ceil(2),
            budget: LEAST_BUDGET.max(CELLS_PER_STEP * limit),
            full: false,
            best: None,
            fetched: vec![false; (LEAF_BYTES / 4) as usize * (code.end - code.start) as usize],
            registers: [0; 32],
            words: HashMap::new(),
            leaves: BTreeMap::new(),
            nodes: HashSet::new(),
            changed: HashSet::new(),
            words_read: Vec::new(),
        };
        let system = (SYSTEM_LEAF..).take(SYSTEM_WORDS.div_ceil(LEAF_WORDS));
        system.clone().for_each(|leaf| meter.touch(leaf));
        system.for_each(|leaf| meter.change(leaf));
        meter.settle();
        meter
    }

    /// Counts one more step.
    pub(crate) fn step(&mut self, step: &Step) {
        let time = TIME_START + TIME_STEP * self.steps;
        self.fetch(step.pc);
        if let Some(instruction) = step.instruction {
            self.pending.push((Table::of(instruction.op), 1));
        }
        for (register, time) in registers(step, time) {
            let last = &mut self.registers[usize::from(register)];
            if *last != 0 && time - *last > MAX_PASSED {
                self.pending.push((Table::Refresh, 1));
            }
            *last = time;
        }
        for (index, word) in memory_words(step).iter().enumerate() {
            // Where a call has several areas they are accessed one after the other.
            let offset = match step.access {
                Some(Access::MulMod { .. }) => 1 + index as u64 / 4,
                Some(Access::PointAdd { .. }) => 2 + index as u64 / 8,
                Some(Access::PointDouble { .. }) => 3,
                _ => 2,
            };
            self.access(word.address / 8, time + offset, word.before != word.after);
        }
        match step.access {
            Some(Access::Preimage { .. }) => self.words_read.push((step.result, self.steps)),
            Some(
                Access::Commit { .. }
                | Access::Keccak { .. }
                | Access::MulMod { .. }
                | Access::PointAdd { .. }
                | Access::PointDouble { .. },
            ) => {
                let rows = Table::ALL.iter().map(|table| (*table, table.precompile_rows(step)));
                self.pending.extend(rows.filter(|(_, rows)| *rows > 0));
            }
            Some(Access::Load { .. } | Access::Store { .. }) | None => {}
        }
        self.settle();
        self.steps += 1;
    }

    /// Ends the counting after `steps` steps, all or fewer; gives the leaves touched and the words read in them.
    pub(crate) fn touched(self, steps: u64) -> (BTreeSet<u32>, Vec<u64>) {
        let leaves = self.leaves.into_iter().filter(|&(_, first)| first < steps);
        let words = self.words_read.into_iter().filter(|&(_, step)| step < steps);
        (leaves.map(|(leaf, _)| leaf).collect(), words.map(|(word, _)| word).collect())
    }

    /// Whether the segment must end before the last step counted.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Steps at which an instruction costs the fewest cells, among those counted.
    pub(crate) fn best(&self) -> u64 {
        let best = self.best.as_ref().filter(|best| self.full || !self.is_cheaper_than(best));
        best.map_or(self.steps, |best| best.0)
    }

    /// Sizes of the tables of a segment of `steps` steps, which must be all or [`Self::best`].
    pub(crate) fn sizes(&self, steps: u64) -> Vec<TableSize> {
        let rows = match &self.best {
            Some((best, rows)) if *best == steps => rows,
            _ => &self.rows,
        };
        let size = |&table: &Table| TableSize {
            name: table.name(),
            columns: COLUMNS[table as usize],
            rows: rows.used[table as usize],
            height: rows.heights[table as usize],
        };
        Table::ALL.iter().map(size).collect()
    }

    /// Adds the rows of the step. Just before a table grows is where a segment may end well.
    fn settle(&mut self) {
        let mut grows = false;
        for &(table, count) in &self.pending {
            let used = &mut self.rows.used[table as usize];
            *used += count;
            grows |= *used > self.rows.heights[table as usize];
        }
        if grows {
            let rows = Rows::new(self.rows.used);
            // Once full, the segment ends before this step, unless an earlier end is better.
            self.full = self.steps > 0 && rows.cells > self.budget;
            let better = self.best.as_ref().is_none_or(|best| self.is_cheaper_than(best));
            if better && (self.steps >= self.least || self.full) {
                let mut before = self.rows.clone();
                for &(table, count) in &self.pending {
                    before.used[table as usize] -= count;
                }
                self.best = Some((self.steps, before));
            }
            self.rows = rows;
        }
        self.pending.clear();
    }

    /// Whether an instruction costs at most as many cells now as at another point.
    fn is_cheaper_than(&self, (steps, rows): &(u64, Rows)) -> bool {
        let cost = |cells: u64, steps: u64| u128::from(cells) * u128::from(steps);
        cost(self.rows.cells, *steps) <= cost(rows.cells, self.steps)
    }

    fn fetch(&mut self, pc: u64) {
        let fetched = pc
            .checked_sub(self.code.addresses().start)
            .and_then(|offset| self.fetched.get_mut(offset as usize / 4));
        if let Some(fetched) = fetched
            && !*fetched
        {
            *fetched = true;
            self.pending.push((Table::Program, 1));
            self.touch((pc / LEAF_BYTES) as u32);
        }
    }

    /// Counts an access to a memory word.
    fn access(&mut self, word: u64, time: u64, changes: bool) {
        let state = self.words.entry(word).or_default();
        let before = *state;
        *state = Word { time, changed: before.changed || changes };
        if before.time == 0 {
            self.touch(leaf_of(word));
        } else if time - before.time > MAX_PASSED {
            self.pending.push((Table::Refresh, 1));
        }
        if changes && !before.changed {
            self.change(leaf_of(word));
        }
    }

    /// Counts a leaf, and the nodes above it, if it is touched for the first time.
    fn touch(&mut self, leaf: u32) {
        if let Entry::Vacant(entry) = self.leaves.entry(leaf) {
            entry.insert(self.steps);
            self.pending.push((Table::Leaf, 1));
            let nodes = insert_path(&mut self.nodes, (FIRST_LEAF + leaf) / 2);
            self.pending.push((Table::Node, nodes));
            self.pending.push((Table::Poseidon2, nodes + 1));
        }
    }

    /// Counts what must be hashed again because a leaf changes.
    fn change(&mut self, leaf: u32) {
        let nodes = insert_path(&mut self.changed, FIRST_LEAF + leaf);
        self.pending.push((Table::Poseidon2, nodes));
    }
}

/// Inserts a node and all above it; gives how many were not there.
fn insert_path(nodes: &mut HashSet<u32>, mut node: u32) -> usize {
    let mut count = 0;
    while node > 0 && nodes.insert(node) {
        node /= 2;
        count += 1;
    }
    count
}

/// Whether the step reads a preimage. No table accesses the key and the index that it names.
fn reads_preimage(step: &Step) -> bool {
    matches!(step.access, Some(Access::Preimage { .. }))
}

/// Memory words that a step accesses.
fn memory_words(step: &Step) -> &[MemoryWord] {
    if reads_preimage(step) { &[] } else { &step.words }
}

/// Registers that a step accesses, with the time of each access.
fn registers(step: &Step, time: u64) -> impl Iterator<Item = (u8, u64)> {
    let op = step.instruction.map(|instruction| instruction.op);
    let [(rs1, _), (rs2, _)] = step.reads;
    let reads = [
        op.is_some_and(|op| !matches!(op, Op::Jal | Op::Auipc)).then_some((rs1, time)),
        op.is_some_and(|op| op == Op::Ecall || reads_rs2(op)).then_some((rs2, time + 1)),
    ];
    let more = if reads_preimage(step) { [(0, 0); 2] } else { step.more_reads };
    let more = more.into_iter().filter(|(register, _)| *register != 0);
    let more = more.map(move |(register, _)| (register, time + 1));
    let write = step.write.map(|write| (write.register, time + 3));
    reads.into_iter().flatten().chain(more).chain(write)
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeCharacteristicRing;
    use p3_matrix::{Matrix, dense::RowMajorMatrix};

    use super::*;
    use crate::{
        Execution,
        config::config,
        key::prover_data,
        witness::{
            Witness,
            tests::{busy, idle_read, instruction, precompiles, preimages, program},
        },
    };

    #[test]
    fn columns_are_those_of_the_proof_system() {
        let lookups = prover_data(&config()).common.lookups;
        for (table, lookups) in Table::ALL.iter().zip(lookups) {
            let columns = COLUMNS[*table as usize];
            assert_eq!(columns.lookups, CHALLENGE_DEGREE * (lookups.len() + 1), "{table:?}");
        }
    }

    /// The rows counted are those of the traces, but for nodes that get back the digest that they had.
    #[test]
    fn sizes_are_those_of_the_traces() {
        let runs = [(busy(2000), 14, 3), (precompiles(), 14, 1), (idle_read(), 15, 1)];
        for (program, log_steps, expected) in runs {
            let steps = 1 << log_steps;
            let mut execution = Execution::new(&program, preimages(), steps).expect("a size");
            let mut segments = 0;
            while let Some((input, _)) = execution.next_segment().expect("the program halts") {
                let witness = Witness::new(&input).expect("a witness");
                for (size, trace) in execution.sizes().iter().zip(&witness.traces) {
                    check(size, trace);
                }
                segments += 1;
            }
            assert!(segments >= expected);
        }
    }

    fn check(size: &TableSize, trace: &RowMajorMatrix<Val>) {
        assert_eq!(size.height, trace.height(), "{}", size.name);
        assert_eq!(size.columns.trace, trace.width(), "{}", size.name);
        let is_used = |row: &usize| {
            let cells = trace.row_slice(*row).expect("invariant: row of the trace");
            cells.iter().any(|cell| *cell != Val::ZERO)
        };
        // Rows of these tables are not zero where they are not in use, or zero where they are.
        let others = ["poseidon2", "boundary", "decode", "keccak_round", "lookup"];
        if !others.contains(&size.name) {
            assert_eq!(size.rows, (0..size.height).filter(is_used).count(), "{}", size.name);
        }
    }

    /// Precompiles take so many cells that a segment ends before half its instructions.
    #[test]
    fn precompiles_fill_a_segment() {
        use Op::*;
        let i = instruction;
        let program = program(&[
            i(Lui, 10, 0, 0, 0x2000),
            i(Addi, 17, 0, 0, 3),
            i(Addi, 6, 0, 0, 2000),
            // Loop.
            i(Ecall, 0, 0, 0, 0),
            i(Addi, 6, 6, 0, -1),
            i(Bne, 0, 6, 0, -8),
            i(Addi, 17, 0, 0, 0),
            i(Addi, 10, 0, 0, 0),
            i(Ecall, 0, 0, 0, 0),
        ]);
        let mut execution = Execution::new(&program, preimages(), 1 << 13).expect("a size");
        let mut steps = 0;
        while let Some((input, _)) = execution.next_segment().expect("the program halts") {
            let cells = |size: &TableSize| size.height * size.columns.total();
            let cells: usize = execution.sizes().iter().map(cells).sum();
            assert!(cells as u64 <= LEAST_BUDGET, "{cells}");
            assert!(input.steps() < 1 << 12);
            steps += input.steps();
        }
        assert_eq!(steps, 3 + 3 * 2000 + 3);
    }
}
