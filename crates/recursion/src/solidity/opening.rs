//! The contract that verifies the opening.

use std::fmt::Write as _;

use super::Circuit;
use super::source::{self, SolidityFile};
use crate::final_proof::{INTERLEAVING, PREPROCESSED_WIDTH};

/// Bytes of an extension element.
const EXTENSION: usize = 24;

/// The contract of the opening.
pub(super) fn contract(circuit: &Circuit<'_>) -> SolidityFile {
    let name = format!("{}Opening", circuit.name);
    let mut out = source::preamble();
    let _ = write!(
        out,
        "import {{WhirOpening}} from \"src/verifier/WhirOpening.sol\";\n\n\
         /// @title {name}\n\
         /// @notice The opening of the columns of circuit \"{}\": {} variables, {} codewords.\n\
         contract {name} is WhirOpening {{\n",
        circuit.label,
        circuit.shape.variables,
        circuit.shape.codewords.len(),
    );
    source::key(&mut out, circuit);
    shape(&mut out, circuit);
    seeds(&mut out, circuit);
    out.push_str("}\n");
    SolidityFile { name, source: out }
}

fn shape(out: &mut String, circuit: &Circuit<'_>) {
    let shape = &circuit.shape;
    let stacked_tables = circuit.layout.stacked_tables();
    let _ = write!(
        out,
        "\n    function _shape() internal pure override returns (Shape memory shape) {{\n        \
         shape.variables = {};\n        \
         shape.lowBits = {};\n        \
         shape.oodSamples = {};\n        \
         shape.foldPowBits = {};\n        \
         shape.preprocessedRoot = {};\n        \
         shape.transcriptCapacity = {};\n        \
         shape.codewords = new Codeword[]({});\n",
        shape.variables,
        // The cells of one position in a row are those of its lowest variables.
        PREPROCESSED_WIDTH.trailing_zeros(),
        shape.ood_samples,
        shape.first_fold.pow_bits,
        source::word(&circuit.key.preprocessed_root),
        capacity(circuit),
        shape.codewords.len(),
    );
    for (i, word) in shape.codewords.iter().enumerate() {
        let _ = write!(
            out,
            "        shape.codewords[{i}] = Codeword({{\n            \
             folding: {},\n            depth: {},\n            queries: {},\n            \
             queryPowBits: {},\n            variables: {},\n            oodSamples: {},\n            \
             foldPowBits: {}\n        }});\n",
            word.folding,
            word.depth,
            word.queries,
            word.query_pow_bits,
            word.variables,
            word.ood_samples,
            word.fold.pow_bits,
        );
    }
    let _ = writeln!(out, "        shape.tables = new StackedTable[]({});", stacked_tables.len());
    let mut cells = 0;
    for (i, stacked) in stacked_tables.iter().enumerate() {
        let arity = stacked.log_height + INTERLEAVING.trailing_zeros() as usize;
        let used: Vec<String> = (0..INTERLEAVING).map(|s| stacked.used(s).to_string()).collect();
        let _ = write!(
            out,
            "        shape.tables[{i}] = StackedTable({{\n            \
             logHeight: {},\n            slot: {},\n            width: {},\n            \
             used: [uint256({}), {}]\n        }});\n",
            stacked.log_height,
            cells >> arity,
            stacked.width,
            used[0],
            used[1..].join(", "),
        );
        cells += stacked.width << arity;
    }
    out.push_str("    }\n");
}

/// The most bytes that are absorbed between two draws, rounded up generously.
fn capacity(circuit: &Circuit<'_>) -> usize {
    let seeds = &circuit.seeds;
    let values: usize = seeds.values.iter().map(Vec::len).sum();
    let last = circuit.shape.codewords.last().map_or(0, |word| word.variables);
    let first = values
        + circuit.shape.values() * EXTENSION
        + seeds.answer.len()
        + seeds.whir.len()
        + seeds.batching.len();
    let fold = seeds.folds.iter().map(Vec::len).max().unwrap_or(0);
    (first.max(EXTENSION << last) + fold + 512).next_multiple_of(32)
}

fn seeds(out: &mut String, circuit: &Circuit<'_>) {
    let seeds = &circuit.seeds;
    source::bytes(out, "_oodSeed", "Seed of an answer outside the domain", &seeds.answer);
    source::bytes(out, "_whirSeed", "Seed of WHIR", &seeds.whir);
    source::bytes(out, "_batchingSeed", "Seed of the batching challenge", &seeds.batching);
    out.push_str(
        "\n    function _valuesSeed(uint256 table, uint256 position) internal pure override returns (bytes memory) {\n",
    );
    let mut values = seeds.values.iter();
    for (i, stacked) in circuit.layout.stacked_tables().iter().enumerate() {
        for position in (0..INTERLEAVING).filter(|&position| stacked.used(position) > 0) {
            let value = values.next().expect("invariant: one seed for each position in use");
            let _ = write!(
                out,
                "        if (table == {i} && position == {position}) {{\n            return {};\n        }}\n",
                source::literal(value, 16),
            );
        }
    }
    out.push_str("        return \"\";\n    }\n");
    out.push_str(
        "\n    function _sumcheckSeed(uint256 index) internal pure override returns (bytes memory) {\n",
    );
    for (i, value) in seeds.folds.iter().enumerate().filter(|(_, value)| !value.is_empty()) {
        let _ = write!(
            out,
            "        if (index == {i}) {{\n            return {};\n        }}\n",
            source::literal(value, 16),
        );
    }
    out.push_str("        return \"\";\n    }\n");
}
