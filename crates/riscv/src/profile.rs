//! Where a program spends its instructions.

use std::collections::HashMap;

use crate::{Program, Symbols, observer::Observer};

/// How often each instruction of a program was executed. A read of a missing preimage counts, although it was not taken.
#[derive(Clone, Debug)]
pub struct Profile {
    base: u64,
    counts: Vec<u64>,
}

impl Observer for Profile {
    #[inline(always)]
    fn fetch(&mut self, slot: usize) {
        if let Some(count) = self.counts.get_mut(slot) {
            *count += 1;
        }
    }
}

impl Profile {
    /// Profile with all counts zero.
    pub fn new(program: &Program) -> Self {
        Self { base: program.0.base, counts: vec![0; program.0.code.len()] }
    }

    /// Addresses of executed instructions with their counts, in order of address.
    pub fn counts(&self) -> impl Iterator<Item = (u64, u64)> {
        (self.base..).step_by(4).zip(self.counts.iter().copied()).filter(|(_, count)| *count > 0)
    }

    /// Instructions of each function (itself, without what it calls), most first; `None` collects addresses without
    /// a function.
    pub fn by_function<'a>(&self, symbols: &'a Symbols) -> Vec<(Option<&'a str>, u64)> {
        let mut totals = HashMap::new();
        for (address, count) in self.counts() {
            *totals.entry(symbols.function(address)).or_insert(0) += count;
        }
        let mut totals: Vec<_> = totals.into_iter().collect();
        totals.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        totals
    }
}
