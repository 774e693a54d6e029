//! The contract that verifies the statement, with the addresses of the others.

use std::fmt::Write as _;

use super::constraints::Part;
use super::source::{self, SolidityFile};
use super::{Circuit, GenerateError};
use crate::final_proof::encoding::fixed_bytes;
use crate::tables::PUBLIC_VALUES;

/// The contract of the statement.
pub(super) fn contract(
    circuit: &Circuit<'_>,
    parts: &[Part],
) -> Result<SolidityFile, GenerateError> {
    let name = format!("{}Verifier", circuit.name);
    let mut out = source::preamble();
    let _ = write!(
        out,
        "import {{IFinalConstraints, IFinalOpening, IFinalVerifier}} from \"src/verifier/IFinalVerifier.sol\";\n\
         import {{StarkVerifier}} from \"src/verifier/StarkVerifier.sol\";\n\n\
         /// @title {name}\n\
         /// @notice The verifier of final proofs of circuit \"{}\".\n\
         contract {name} is StarkVerifier {{\n",
        circuit.label,
    );
    addresses(&mut out, parts);
    let _ = write!(
        out,
        "\n    /// @inheritdoc IFinalVerifier\n    \
         function circuit() external pure returns (string memory) {{\n        \
         return \"{}\";\n    }}\n\n",
        circuit.label,
    );
    source::key(&mut out, circuit);
    let _ = write!(
        out,
        "\n    function publicValueCount() public pure override returns (uint256) {{\n        \
         return {PUBLIC_VALUES};\n    }}\n",
    );
    shape(&mut out, circuit, parts)?;
    let seeds = &circuit.seeds;
    let statement =
        [&seeds.statement[..], &seeds.commitment, &circuit.key.preprocessed_root].concat();
    source::bytes(
        &mut out,
        "_statementSeed",
        "Seeds of the tables and of the commitment, root over the preprocessed columns",
        &statement,
    );
    source::bytes(&mut out, "_lookupSeed", "Seed of the lookup argument", &seeds.lookup);
    source::bytes(&mut out, "_gkrSeed", "Seed of the fractional reduction", &seeds.gkr);
    source::bytes(&mut out, "_zerocheckSeed", "Seed of the zerocheck", &seeds.zerocheck);
    source::bytes(&mut out, "_sumcheckSeed", "Seed of the sumcheck", &seeds.sumcheck);
    out.push_str("}\n");
    Ok(SolidityFile { name, source: out })
}

/// Constructor and addresses.
fn addresses(out: &mut String, parts: &[Part]) {
    let count = parts.len();
    out.push_str("    IFinalOpening private immutable _openingPart;\n");
    for i in 0..count {
        let _ = writeln!(out, "    IFinalConstraints private immutable _part{i};");
    }
    let _ = write!(
        out,
        "\n    /// @param opening The opening's contract.\n    \
         /// @param parts The tables' contracts:"
    );
    for (i, part) in parts.iter().enumerate() {
        let _ = write!(out, "{} {}", if i == 0 { "" } else { "," }, part.file.name);
    }
    let _ = write!(
        out,
        ".\n    constructor(IFinalOpening opening, IFinalConstraints[{count}] memory parts) {{\n        \
         if (opening.verifyingKey() != verifyingKey()) revert PartMismatch(address(opening));\n        \
         for (uint256 i = 0; i < {count}; ++i) {{\n            \
         if (parts[i].verifyingKey() != verifyingKey()) revert PartMismatch(address(parts[i]));\n        \
         }}\n        _openingPart = opening;\n",
    );
    for i in 0..count {
        let _ = writeln!(out, "        _part{i} = parts[{i}];");
    }
    out.push_str(
        "    }\n\n    function _opening() internal view override returns (IFinalOpening) {\n        \
         return _openingPart;\n    }\n\n    \
         function _constraints(uint256 part) internal view override returns (IFinalConstraints) {\n",
    );
    for i in 0..count {
        let last = i + 1 == count;
        let condition = if last { String::new() } else { format!("if (part == {i}) ") };
        let _ = writeln!(out, "        {condition}return _part{i};");
    }
    out.push_str("    }\n");
}

fn shape(out: &mut String, circuit: &Circuit<'_>, parts: &[Part]) -> Result<(), GenerateError> {
    let shape = &circuit.shape;
    let lookup = &circuit.lookup;
    let _ = write!(
        out,
        "\n    function _shape() internal pure override returns (Shape memory shape) {{\n        \
         shape.lookupVariables = {};\n        shape.messageWidth = {};\n        \
         shape.rounds = {};\n        shape.degree = {};\n        \
         shape.counts = {};\n        shape.fixedBytes = {};\n        shape.oodSamples = {};\n        \
         shape.values = {};\n        shape.transcriptCapacity = {};\n        \
         shape.tables = new Table[]({});\n",
        shape.lookup_variables,
        lookup.max_width,
        shape.sumcheck_rounds,
        shape.sumcheck_degree,
        shape.counts(),
        fixed_bytes(shape),
        shape.ood_samples,
        shape.values(),
        capacity(circuit),
        circuit.tables.len(),
    );
    for (i, &log_height) in circuit.key.log_heights.iter().enumerate() {
        let instance = lookup
            .instances
            .iter()
            .find(|instance| instance.air_index == i)
            .ok_or(GenerateError::Unsupported("a table without lookups"))?;
        let _ = writeln!(
            out,
            "        shape.tables[{i}] = Table({{logHeight: {log_height}, firstBlock: {}, interactions: {}}});",
            instance.base_offset >> log_height,
            instance.bus_ids.len(),
        );
    }
    let _ = writeln!(out, "        shape.parts = new Part[]({});", parts.len());
    for (i, part) in parts.iter().enumerate() {
        let _ = writeln!(
            out,
            "        shape.parts[{i}] = Part({{table: {}, constraintsBehind: {}}});",
            part.table, part.constraints_behind,
        );
    }
    out.push_str("    }\n");
    Ok(())
}

/// All seeds at once and what is absorbed with them: more than there ever is between two draws.
fn capacity(circuit: &Circuit<'_>) -> usize {
    let seeds = &circuit.seeds;
    let all = [
        &seeds.statement,
        &seeds.commitment,
        &seeds.lookup,
        &seeds.gkr,
        &seeds.zerocheck,
        &seeds.sumcheck,
    ];
    let degree = circuit.shape.sumcheck_degree;
    let bytes: usize = all.iter().map(|seed| seed.len()).sum();
    (bytes + 8 * PUBLIC_VALUES + 24 * degree + 512).next_multiple_of(32)
}
