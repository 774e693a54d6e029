//! The verifier of a segment and of a whole run.

use std::{
    iter,
    sync::{Mutex, mpsc},
    thread,
};

use oneslot_riscv::Program;
use oneslot_stark::Challenge;
use p3_air::{Air, BaseAir, symbolic::AirLayout};
use p3_batch_stark::{
    CommonData, folder::VerifierConstraintFolderWithLookups, symbolic::get_max_constraint_degree,
    verify_batch,
};
use p3_goldilocks::Goldilocks;
use p3_lookup::{InteractionSymbolicBuilder, LogUpGadget};

use crate::{
    Error, PublicValues, SegmentProof,
    bus::HALTED_PC,
    config::{Config, config, config_with},
    key::prover_data,
    memory::ProgramImage,
    mmcs::{DeferredOpening, SegmentMmcs},
    tables::Table,
};

/// Threads of one verification, at most.
const THREADS: usize = 8;

/// A table whose degree is known: the library asks for it in every verification, by way of symbolic constraints, and
/// takes the highest of those and of the one that a table states.
struct KnownDegree {
    table: Table,
    degree: usize,
}

impl KnownDegree {
    fn new(table: Table) -> Self {
        let layout = AirLayout::from_air::<Goldilocks>(&table);
        let gadget = LogUpGadget::new();
        let degree =
            get_max_constraint_degree::<_, Challenge, _, _>(&table, layout, 1, &[], &gadget);
        Self { table, degree }
    }
}

impl BaseAir<Goldilocks> for KnownDegree {
    fn width(&self) -> usize {
        self.table.width()
    }

    fn preprocessed_width(&self) -> usize {
        BaseAir::preprocessed_width(&self.table)
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        self.table.main_next_row_columns()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        self.table.preprocessed_next_row_columns()
    }

    fn num_public_values(&self) -> usize {
        self.table.num_public_values()
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(self.degree)
    }
}

impl Air<InteractionSymbolicBuilder<Goldilocks, Challenge>> for KnownDegree {
    /// Nothing: the degree is known, and the lookups' constraints are added by the library.
    fn eval(&self, _: &mut InteractionSymbolicBuilder<Goldilocks, Challenge>) {}
}

impl Air<VerifierConstraintFolderWithLookups<'_, Config>> for KnownDegree {
    fn eval(&self, builder: &mut VerifierConstraintFolderWithLookups<'_, Config>) {
        self.table.eval(builder);
    }
}

/// Verifies segments. Making one commits to the preprocessed columns, once for all segments.
pub struct Verifier {
    tables: Vec<KnownDegree>,
    common: CommonData<Config>,
    mmcs: SegmentMmcs,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier {
    /// Verifier for any program.
    pub fn new() -> Self {
        let tables = Table::ALL.iter().map(|table| KnownDegree::new(*table)).collect();
        Self { tables, common: prover_data(&config()).common, mmcs: SegmentMmcs::new() }
    }

    /// Verifies one segment: that a machine with the program of the public values goes from their start to their end.
    ///
    /// # Errors
    /// [`Error::Invalid`] or [`Error::TooLarge`].
    pub fn verify_segment(&self, proof: &SegmentProof) -> Result<(), Error> {
        proof.public.check()?;
        proof.check_heights()?;
        let public_values = public_values(&proof.public);
        let (deferred, openings) = mpsc::channel();
        let openings = Mutex::new(openings);
        let hashing = || {
            let next = || openings.lock().expect("no thread panicked").recv();
            let verdict = |opening: DeferredOpening| opening.verify(&self.mmcs);
            // All of them, also behind a refused one.
            iter::from_fn(|| next().ok()).map(verdict).fold(Ok(()), Result::and)
        };
        // More than half of the work is the hashing of openings, on whose outcome nothing but the verdict depends. The
        // other threads do it, and this one, too, when it is done with the rest.
        let (rest, openings) = thread::scope(|scope| {
            let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS);
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(hashing)).collect();
            // The channel ends with the configuration.
            let config = config_with(SegmentMmcs::deferring(deferred));
            let rest =
                verify_batch(&config, &self.tables, &proof.proof, &public_values, &self.common);
            drop(config);
            let verdict = hashing();
            let others = others.into_iter().map(|thread| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            (rest, others.fold(verdict, Result::and))
        });
        let rest = rest.map_err(|error| format!("{error:?}"));
        let openings = openings.map_err(|error| format!("{error:?}"));
        rest.and(openings).map_err(|why| Error::Invalid { segment: proof.public.segment, why })
    }

    /// Verifies all segments of a run, and that they chain from the start of `program` to a halt.
    ///
    /// # Errors
    /// The first segment that is invalid or does not follow on the one before.
    pub fn verify_run<'a>(
        &self,
        program: &Program,
        proofs: impl IntoIterator<Item = &'a SegmentProof>,
    ) -> Result<Outcome, Error> {
        let mut chain = SegmentChain::new(program);
        for proof in proofs {
            self.verify_segment(proof)?;
            chain.push(&proof.public)?;
        }
        chain.finish()
    }
}

/// Public values of each table, in the tables' order.
pub(crate) fn public_values(public: &PublicValues) -> Vec<Vec<Goldilocks>> {
    Table::ALL
        .iter()
        .map(|table| match table {
            Table::Boundary => public.for_boundary(),
            Table::Leaf => public.for_leaf(),
            _ => Vec::new(),
        })
        .collect()
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Number of segments.
    pub segments: u64,
    /// Exit code. 0 is success.
    pub exit_code: u64,
    /// Committed output; `None` if the program committed none.
    pub output: Option<[u8; 32]>,
}

/// Checks that the public values of segments follow on each other, from a program's start to its halt.
///
/// The values must come from verified segments.
#[derive(Clone, Debug)]
pub struct SegmentChain {
    image: ProgramImage,
    segments: u64,
    last: Option<PublicValues>,
}

impl SegmentChain {
    /// A chain that must begin at the start of `program`.
    pub fn new(program: &Program) -> Self {
        Self { image: ProgramImage::new(program), segments: 0, last: None }
    }

    /// Adds the next segment.
    ///
    /// # Errors
    /// [`Error::Chain`] with the first value that does not fit.
    pub fn push(&mut self, public: &PublicValues) -> Result<(), Error> {
        let segment = self.segments;
        let (pc, root) = match &self.last {
            None => (self.image.entry, self.image.root),
            Some(last) => (last.end_pc, last.end_root),
        };
        fit(segment, "the segment's number", segment, public.segment)?;
        fit(segment, "the program", self.image.id, public.program)?;
        fit(segment, "the code range", self.image.code, public.code)?;
        fit(segment, "the first pc", pc, public.start_pc)?;
        fit(segment, "the memory root at the start", root, public.start_root)?;
        self.segments += 1;
        self.last = Some(*public);
        Ok(())
    }

    /// Ends the chain: the last segment must halt.
    ///
    /// # Errors
    /// [`Error::Chain`] if the run is not at its end.
    pub fn finish(self) -> Result<Outcome, Error> {
        let Some(last) = self.last else {
            return Err(Error::Chain {
                segment: 0,
                what: "the number of segments",
                expected: "at least 1".to_owned(),
                got: "0".to_owned(),
            });
        };
        fit(self.segments - 1, "the pc at the end (1: halted)", HALTED_PC, last.end_pc)?;
        Ok(Outcome {
            segments: self.segments,
            exit_code: last.exit_code,
            output: last.committed.then_some(last.output),
        })
    }
}

fn fit<T: PartialEq + std::fmt::Debug>(
    segment: u64,
    what: &'static str,
    expected: T,
    got: T,
) -> Result<(), Error> {
    if expected == got {
        return Ok(());
    }
    let [expected, got] = [expected, got].map(|value| format!("{value:?}"));
    Err(Error::Chain { segment, what, expected, got })
}

#[cfg(test)]
mod tests {
    use oneslot_riscv::Preimages;
    use p3_maybe_rayon::prelude::*;

    use super::*;
    use crate::{
        Execution, Prover,
        witness::tests::{busy, segments},
    };

    /// A run of eight segments and more, each proven from the bytes of its input, verified from the bytes of its proof.
    #[test]
    fn a_run_is_proven_segment_by_segment() {
        let program = busy(330);
        let (prover, verifier) = (Prover::new(), Verifier::new());
        let segments = segments(&program, 1 << 10);
        assert!(segments.len() >= 8, "{}", segments.len());
        let proofs: Vec<_> = segments
            .par_iter()
            .map(|(input, public)| {
                let input = crate::SegmentInput::from_bytes(&input.to_bytes()).expect("an input");
                let proof = prover.prove_segment(&input).expect("a proof");
                assert_eq!(proof.public, *public);
                SegmentProof::from_bytes(&proof.to_bytes()).expect("a proof")
            })
            .collect();
        let outcome = verifier.verify_run(&program, &proofs).expect("valid");
        assert_eq!((outcome.segments, outcome.exit_code), (segments.len() as u64, 0));
        assert_eq!(outcome.output.expect("output")[..8], 5_u64.to_le_bytes());

        // Segments that are missing, doubled, in another order, or of another program. None of these is refused for its
        // proof, so the chain alone decides.
        let refused = |proofs: &[&SegmentProof]| {
            let mut chain = SegmentChain::new(&program);
            let pushed = proofs.iter().try_for_each(|proof| chain.push(&proof.public));
            pushed.and_then(|()| chain.finish().map(drop)).expect_err("refused");
        };
        let all: Vec<_> = proofs.iter().collect();
        refused(&[]);
        refused(&all[1..]);
        refused(&all[..all.len() - 1]);
        refused(&[&all[..1], &all[2..]].concat());
        refused(&[&all[..1], &all[..]].concat());
        refused(&[&all[1..2], &all[..1], &all[2..]].concat());
        verifier.verify_run(&busy(331), &proofs).expect_err("another program");
    }

    /// The same code with other precompiles is another program, so which it uses is no choice of the prover.
    #[test]
    fn the_mask_of_precompiles_is_part_of_the_program() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../guests/elf/fibonacci.elf");
        let elf = std::fs::read(path).expect("the committed program");
        let program = Program::from_elf(&elf).expect("a program");
        let other = program.with_precompiles(0).expect("it has a mask");
        let segment = |program: &Program| {
            let preimages = Preimages::input(&20_u64.to_le_bytes());
            let mut execution = Execution::new(program, preimages, 1 << 10).expect("a size");
            execution.next_segment().expect("halts").expect("a segment")
        };
        let ((input, public), (_, another)) = (segment(&program), segment(&other));
        assert_ne!(public.program, another.program);
        assert_ne!(public.start_root, another.start_root);
        assert_eq!((public.output, public.code), (another.output, another.code));

        let proof = Prover::new().prove_segment(&input).expect("a proof");
        let verifier = Verifier::new();
        verifier.verify_run(&program, [&proof]).expect("valid");
        verifier.verify_run(&other, [&proof]).expect_err("proven with other precompiles");
        let what = |program: &Program, public: &PublicValues| match SegmentChain::new(program)
            .push(public)
            .expect_err("another program")
        {
            Error::Chain { what, .. } => what,
            error => panic!("{error}"),
        };
        assert_eq!(what(&other, &public), "the program");
        assert_eq!(what(&program, &another), "the program");
        // A prover that takes the other identity still starts from its own memory.
        let relabelled = PublicValues { program: another.program, ..public };
        assert_eq!(what(&other, &relabelled), "the memory root at the start");
    }
}
