//! The fuzz targets' properties, on seeded random bytes and on mutations of valid inputs. Deterministic.

use alloy_primitives::keccak256;
use oneslot_stf::devchain::{fuzz, transfers};

/// Hash after hash: random bytes that are the same on every run.
struct Random {
    state: [u8; 32],
    at: usize,
}

impl Random {
    fn new(seed: &str) -> Self {
        Self { state: keccak256(seed).0, at: 0 }
    }

    fn byte(&mut self) -> u8 {
        if self.at == 32 {
            self.state = keccak256(self.state).0;
            self.at = 0;
        }
        self.at += 1;
        self.state[self.at - 1]
    }

    fn below(&mut self, end: usize) -> usize {
        (0..4).fold(0, |number, _| number << 8 | usize::from(self.byte())) % end
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most + 1);
        (0..length).map(|_| self.byte()).collect()
    }

    /// One to four edits: a byte changed, a run cut, doubled or overwritten.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(40)).min(bytes.len());
            match self.below(5) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.byte(),
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let run = bytes[at..end].to_vec();
                    bytes.splice(at..at, run);
                }
                _ => bytes[at..end].fill(self.byte()),
            }
        }
    }
}

#[test]
fn mutated_inputs_give_statements_or_errors() {
    let mut random = Random::new("input");
    for valid in [transfers(2, false), transfers(1, true)] {
        let valid = valid.expect("record").encode();
        fuzz::input(&valid);
        for _ in 0..1_500 {
            let mut bytes = valid.clone();
            random.mutate(&mut bytes);
            fuzz::input(&bytes);
        }
    }
}

#[test]
fn any_batch_has_a_statement() {
    let mut random = Random::new("batch");
    for round in 0..150u8 {
        let mut data = vec![round];
        data.extend(random.bytes(200));
        fuzz::batch(&data);
    }
}

#[test]
fn any_deposits_have_a_statement() {
    let mut random = Random::new("deposits");
    for _ in 0..150 {
        fuzz::deposits(&random.bytes(400));
    }
}

#[test]
fn any_nodes_are_errors_or_a_state() {
    let mut random = Random::new("witness");
    for _ in 0..300 {
        fuzz::witness(&random.bytes(300));
    }
}

#[test]
fn any_preimages_are_errors_or_a_batch_of_nobody() {
    let mut random = Random::new("preimages");
    for _ in 0..300 {
        fuzz::preimages(&random.bytes(400));
    }
}
