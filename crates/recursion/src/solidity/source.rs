//! Pieces of Solidity source.

use std::fmt::Write as _;

use super::Circuit;

/// A generated contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SolidityFile {
    /// Name of the contract; the file is `<name>.sol`.
    pub name: String,
    /// The source.
    pub source: String,
}

/// Bytes in one line of a literal.
const LINE: usize = 40;

/// Licence, version and a word on where the file comes from.
pub(super) fn preamble() -> String {
    "// SPDX-License-Identifier: MIT OR Apache-2.0\n\
     // Written by `cargo xtask verifier` from a verifying key. Do not edit.\n\
     pragma solidity 0.8.37;\n\n"
        .to_owned()
}

/// The function that names the key.
pub(super) fn key(out: &mut String, circuit: &Circuit<'_>) {
    let _ = write!(
        out,
        "    function verifyingKey() public pure override returns (bytes32) {{\n        \
         return {};\n    }}\n",
        word(&circuit.key_hash),
    );
}

/// A function that returns constant bytes.
pub(super) fn bytes(out: &mut String, name: &str, what: &str, value: &[u8]) {
    let _ = write!(
        out,
        "\n    /// @dev {what}: {} bytes.\n    \
         function {name}() internal pure override returns (bytes memory) {{\n        \
         return {};\n    }}\n",
        value.len(),
        literal(value, 12),
    );
}

/// A literal of bytes, over as many lines as it needs.
pub(super) fn literal(value: &[u8], indent: usize) -> String {
    let lines: Vec<String> =
        value.chunks(LINE).map(|line| format!("hex\"{}\"", hex(line))).collect();
    match lines.as_slice() {
        [] => "\"\"".to_owned(),
        [line] => line.clone(),
        lines => {
            let break_ = format!("\n{}", " ".repeat(indent));
            format!("{break_}{}", lines.join(&break_))
        }
    }
}

/// A word.
pub(super) fn word(value: &[u8; 32]) -> String {
    format!("0x{}", hex(value))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
