//! Cuts a run into segments: the fast first pass, which finds boundaries and memory roots.

use std::collections::BTreeSet;

use oneslot_riscv::{MachineStatus, Preimages, Program};

use crate::{
    Error, PublicValues, SegmentInput,
    bus::HALTED_PC,
    memory::{
        COMMITTED_WORD, EXIT_WORD, MemoryTree, OUTPUT_WORD, ProgramImage, SYSTEM_LEAF,
        SYSTEM_NUMBER, SYSTEM_WORDS, word_numbers,
    },
    metering::TableSize,
    segmentation::Segmentation,
};

/// A run, cut into segments one by one.
#[derive(Debug)]
pub struct Execution {
    run: Segmentation,
    tree: MemoryTree,
    image: ProgramImage,
    segments: u64,
    sizes: Vec<TableSize>,
}

impl Execution {
    /// Run of `program` on `preimages`, in segments of at most `steps` instructions and, but for the last and where calls of
    /// precompiles fill them, at least half as many: each ends where its tables are as full as they get.
    ///
    /// # Errors
    /// [`Error::SegmentSize`] if `steps` is out of range.
    pub fn new(program: &Program, preimages: Preimages, steps: u64) -> Result<Self, Error> {
        Ok(Self {
            run: Segmentation::new(program, preimages, steps)?,
            tree: MemoryTree::initial(program),
            image: ProgramImage::new(program),
            segments: 0,
            sizes: Vec::new(),
        })
    }

    /// Number of segments that such a run has. Faster than to cut them out, as nothing is hashed.
    ///
    /// # Errors
    /// As [`Self::new`] and [`Self::next_segment`].
    pub fn count_segments(
        program: &Program,
        preimages: Preimages,
        steps: u64,
    ) -> Result<u64, Error> {
        let mut run = Segmentation::new(program, preimages, steps)?;
        let mut segments = 0;
        while run.next()?.is_some() {
            segments += 1;
        }
        Ok(segments)
    }

    /// Instructions executed so far.
    pub fn steps(&self) -> u64 {
        self.run.machine.steps()
    }

    /// Tables of the segment cut last. Of those that hash memory, the rows in use are an upper bound.
    pub fn sizes(&self) -> &[TableSize] {
        &self.sizes
    }

    /// Runs to the next boundary: what proves the segment, and what its proof will state. `None` after the halt.
    ///
    /// # Errors
    /// [`Error::NotHalted`] if the program traps or reads a preimage that is missing: only a run that halts can be proven.
    pub fn next_segment(&mut self) -> Result<Option<(SegmentInput, PublicValues)>, Error> {
        let Some(segment) = self.run.next()? else { return Ok(None) };
        let opening = self.tree.open(&segment.leaves);
        let start_root = self.tree.root();
        self.advance_tree(&segment.leaves);
        let machine = &self.run.machine;
        let public = PublicValues {
            program: self.image.id,
            code: self.image.code,
            segment: self.segments,
            start_pc: segment.start_pc,
            end_pc: self.pc(),
            start_root,
            end_root: self.tree.root(),
            committed: machine.output().is_some(),
            exit_code: self.system_words()[EXIT_WORD as usize],
            output: machine.output().unwrap_or_default(),
        };
        let input = SegmentInput {
            image: self.image.clone(),
            segment: self.segments,
            steps: segment.steps,
            start_pc: segment.start_pc,
            opening,
            words_read: segment.words_read,
        };
        self.segments += 1;
        self.sizes = segment.sizes;
        Ok(Some((input, public)))
    }

    /// Brings the tree to the machine's memory, of which only `leaves` can have changed.
    fn advance_tree(&mut self, leaves: &BTreeSet<u32>) {
        let memory = self.run.machine.memory();
        let numbers = leaves.range(..SYSTEM_LEAF).flat_map(|&leaf| word_numbers(leaf));
        let words = numbers.map(|number| {
            (number, memory.word(8 * number).expect("invariant: leaves lie in memory"))
        });
        let system = (SYSTEM_NUMBER..).zip(self.system_words());
        self.tree.update(words.chain(system));
    }

    /// Registers, output, committed flag and exit code, as the tables keep them.
    fn system_words(&self) -> [u64; SYSTEM_WORDS] {
        let mut words = [0; SYSTEM_WORDS];
        words[..32].copy_from_slice(self.run.machine.registers());
        if let Some(output) = self.run.machine.output() {
            for (index, bytes) in output.as_chunks::<8>().0.iter().enumerate() {
                words[OUTPUT_WORD as usize + index] = u64::from_le_bytes(*bytes);
            }
            words[COMMITTED_WORD as usize] = 1;
        }
        if let MachineStatus::Halted { code } = self.run.machine.status() {
            words[EXIT_WORD as usize] = code;
        }
        words
    }

    /// Where control flow stands: the next pc, or the mark of a halt.
    pub fn pc(&self) -> u64 {
        if self.run.machine.status().is_running() { self.run.machine.pc() } else { HALTED_PC }
    }
}

#[cfg(test)]
mod tests {
    use oneslot_riscv::Op;

    use super::*;
    use crate::{
        SegmentChain,
        witness::tests::{instruction, program},
    };

    /// Sums a word of memory `2^26` times, in four instructions each.
    fn long() -> Program {
        use Op::*;
        let i = instruction;
        program(&[
            i(Lui, 5, 0, 0, 0x2000),
            i(Lui, 6, 0, 0, 1 << 26),
            i(Sd, 0, 5, 6, 8),
            // Loop.
            i(Ld, 7, 5, 0, 8),
            i(Add, 8, 8, 7, 0),
            i(Addi, 6, 6, 0, -1),
            i(Bne, 0, 6, 0, -12),
            i(Addi, 17, 0, 0, 0),
            i(Addi, 10, 0, 0, 0),
            i(Ecall, 0, 0, 0, 0),
        ])
    }

    /// Far more instructions than a segment can have: all of them are executed and cut, and the segments chain.
    #[test]
    #[ignore = "takes more than a minute in the dev profile; `cargo xtask bench zkvm-long` cuts as long a run"]
    fn a_run_of_2_to_the_28_instructions_is_cut_into_segments() {
        let program = long();
        let mut execution =
            Execution::new(&program, Preimages::input(&[]), 1 << 22).expect("a size");
        let mut chain = SegmentChain::new(&program);
        let mut steps = 0;
        while let Some((input, public)) = execution.next_segment().expect("the program halts") {
            assert!(input.steps() <= 1 << 22);
            steps += input.steps();
            chain.push(&public).expect("follows on the segment before");
        }
        assert_eq!(steps, (1 << 28) + 6);
        let outcome = chain.finish().expect("halts");
        assert!(outcome.segments >= 64);
    }
}
