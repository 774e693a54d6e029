//! The committed RISC-V program that every lane proves.

use alloy_primitives::B256;

/// `sha256sum`'s line for each program.
const SUMS: &str = include_str!("../../../guests/elf/SHA256SUMS");

/// SHA-256 of the state transition's ELF, which the seats of ZK and optimistic lanes pin.
pub(crate) fn hash() -> B256 {
    let mut lines = SUMS.lines().filter_map(|line| line.split_once("  "));
    let (digits, _) =
        lines.find(|(_, name)| *name == "stf.elf").expect("invariant: the program is committed");
    digits.parse().expect("invariant: sha256sum prints 64 hex digits")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_program_has_a_hash() {
        assert_ne!(super::hash(), alloy_primitives::B256::ZERO);
    }
}
