//! Tests of the rule: the attacks behind it, its table, its other sentences, ranges that overlap,
//! and a search among random histories.

mod attacks;
mod overlap;
mod player;
mod rule;
mod search;
mod support;
mod table;
