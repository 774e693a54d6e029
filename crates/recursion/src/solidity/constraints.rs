//! The contract that evaluates one table.

use std::fmt::Write as _;

use super::expressions::{Expressions, Id, Operation};
use super::source::{self, SolidityFile};
use super::{Circuit, GenerateError};
use crate::field::Val;
use crate::final_proof::{PreprocessedPart, StackedColumns, WitnessColumn};
use p3_field::PrimeField64;

/// Slots before the columns, see `TableConstraints.sol`.
const FIRST_COLUMN: usize = 9;

/// Statements in one function.
const CHUNK: usize = 48;

/// Estimated bytes of code of the statements in one contract; with the rest of it that stays
/// below the limit of 24,576.
const CODE: usize = 17_000;

/// Nested operations in one statement.
const DEPTH: usize = 6;

/// Coefficients stay below this, see `CubicExtension.sol`.
const LANE: u128 = 1 << 80;

/// What `-` adds to each coefficient.
const LIFT: u128 = 512 * Val::ORDER_U64 as u128;

/// Where a column's value stands in the proof.
#[derive(Clone, Copy, Debug)]
enum Source {
    Whole(usize),
    Halves { lower: usize, upper: usize },
}

/// One contract's share of a table.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Number of the table.
    pub(super) table: usize,
    /// Constraints of the table behind those of this part: the powers of alpha that they count.
    pub(super) constraints_behind: usize,
    /// The contract.
    pub(super) file: SolidityFile,
}

/// The contracts of a table: as many as its code needs.
pub(super) fn contracts(
    circuit: &Circuit<'_>,
    table: usize,
    bus: &str,
) -> Result<Vec<Part>, GenerateError> {
    let expressions = Expressions::new(&circuit.tables[table])?;
    if expressions.interactions.iter().any(|interaction| interaction.bus != bus) {
        return Err(GenerateError::Unsupported("more than one bus"));
    }
    let sources = sources(&circuit.layout, table)?;
    let all = expressions.constraints.len() + expressions.interactions.len();
    let mut parts = Vec::new();
    let mut first = 0;
    while first < all {
        let mut emitter = Emitter::new(&expressions, sources.len());
        let mut end = first;
        while end < all && (end == first || emitter.code() < CODE) {
            emitter.assertion(end);
            end += 1;
        }
        let split = first > 0 || end < all;
        let suffix = if split { (parts.len() + 1).to_string() } else { String::new() };
        let name = format!("{}{:?}{suffix}", circuit.name, circuit.tables[table].kind());
        let constraints = expressions.constraints.len();
        let range = |low: usize, high: usize| first.clamp(low, high)..end.clamp(low, high);
        let what = [
            describe("constraint", range(0, constraints), 0),
            describe("interaction", range(constraints, all), constraints),
        ];
        let file = emitter.file(circuit, name, &sources, &what.concat());
        let constraints_behind = constraints.saturating_sub(end);
        parts.push(Part { table, constraints_behind, file });
        first = end;
    }
    Ok(parts)
}

/// "constraints 3 to 8, " for a range that is not empty.
fn describe(what: &str, range: std::ops::Range<usize>, first: usize) -> String {
    if range.is_empty() {
        return String::new();
    }
    format!("; {what}s {} to {}", range.start - first, range.end - 1 - first)
}

/// Where each column of a table stands among the values in the proof.
fn sources(layout: &StackedColumns, table: usize) -> Result<Vec<Source>, GenerateError> {
    let shape = layout.tables()[table];
    let mut found: Vec<Option<Source>> = vec![None; shape.witness + shape.preprocessed];
    let mut halves = vec![[None; 2]; shape.preprocessed];
    let mut at = 0;
    for stacked in layout.stacked_tables() {
        for position in 0..crate::final_proof::INTERLEAVING {
            for i in 0..stacked.used(position) {
                if position == crate::final_proof::PREPROCESSED_POSITION {
                    let PreprocessedPart { table: owner, column, upper } = stacked.preprocessed[i];
                    match upper {
                        _ if owner != table => {}
                        None => found[shape.witness + column] = Some(Source::Whole(at)),
                        Some(upper) => halves[column][usize::from(upper)] = Some(at),
                    }
                } else {
                    let WitnessColumn { table: owner, column } =
                        stacked.witness[position * stacked.width + i];
                    if owner == table {
                        found[column] = Some(Source::Whole(at));
                    }
                }
                at += 1;
            }
        }
    }
    for (column, parts) in halves.into_iter().enumerate() {
        if let [Some(lower), Some(upper)] = parts {
            found[shape.witness + column] = Some(Source::Halves { lower, upper });
        }
    }
    found
        .into_iter()
        .collect::<Option<_>>()
        .ok_or(GenerateError::Unsupported("a column that is not opened"))
}

/// Writes the function that loads the columns in use: runs of neighbours at once.
fn columns(out: &mut String, sources: &[Source], used: &[bool]) {
    out.push_str(
        "\n    function _columns(Row v, uint256 values, Ext first) internal pure override {\n",
    );
    let mut column = 0;
    let mut halves = false;
    while column < sources.len() {
        let slot = FIRST_COLUMN + column;
        match sources[column] {
            _ if !used[column] => column += 1,
            Source::Whole(at) => {
                let run = sources[column..]
                    .iter()
                    .zip(&used[column..])
                    .enumerate()
                    .take_while(|(i, (source, used))| {
                        **used && matches!(source, Source::Whole(other) if *other == at + i)
                    })
                    .count();
                let _ = writeln!(out, "        _load(v, {slot}, {run}, values, {at});");
                column += run;
            }
            Source::Halves { lower, upper } => {
                let _ = writeln!(
                    out,
                    "        _loadHalves(v, {slot}, values, {lower}, {upper}, first);"
                );
                halves = true;
                column += 1;
            }
        }
    }
    if !halves {
        out.push_str("        first;\n");
    }
    out.push_str("    }\n");
}

/// An expression as Solidity text and the bound of its coefficients.
#[derive(Clone, Debug)]
struct Text {
    text: String,
    bound: u128,
    depth: usize,
    /// Whether it needs parentheses as an operand.
    compound: bool,
}

impl Text {
    fn atom(text: String, bound: u128) -> Self {
        Self { text, bound, depth: 0, compound: false }
    }

    fn operand(&self) -> String {
        if self.compound { format!("({})", self.text) } else { self.text.clone() }
    }
}

struct Emitter<'a> {
    expressions: &'a Expressions,
    used: Vec<bool>,
    uses: Vec<usize>,
    stored: Vec<Option<Text>>,
    statements: Vec<String>,
    next_slot: usize,
}

impl<'a> Emitter<'a> {
    fn new(expressions: &'a Expressions, columns: usize) -> Self {
        Self {
            uses: expressions.uses(),
            stored: vec![None; expressions.operations.len()],
            expressions,
            statements: Vec::new(),
            next_slot: FIRST_COLUMN + columns,
            used: vec![false; columns],
        }
    }

    /// Evaluates a constraint, or behind them an interaction, by its number.
    fn assertion(&mut self, number: usize) {
        if let Some(&constraint) = self.expressions.constraints.get(number) {
            let value = self.checked(constraint, LANE / 2);
            self.statement(&format!("_constraint(v, {value});"));
            return;
        }
        let number = number - self.expressions.constraints.len();
        let expressions = self.expressions;
        let interaction = &expressions.interactions[number];
        let message = self.message(&interaction.fields);
        let count = self.checked(interaction.count, LANE / 2);
        self.statement(&format!("_interaction(v, {number}, {count}, {message});"));
    }

    /// About how many bytes of code the statements become.
    fn code(&self) -> usize {
        let count = |pattern: &str, bytes: usize| -> usize {
            self.statements.iter().map(|s| s.matches(pattern).count() * bytes).sum()
        };
        count("v.at(", 6)
            + count("v.put(", 6)
            + count("_", 13)
            + count("+", 1)
            + count(" - ", 35)
            + count("Ext.wrap(", 9)
    }

    /// The contract of everything evaluated so far.
    fn file(
        &self,
        circuit: &Circuit<'_>,
        name: String,
        sources: &[Source],
        what: &str,
    ) -> SolidityFile {
        let mut out = source::preamble();
        let _ = write!(
            out,
            "import {{Ext}} from \"src/verifier/CubicExtension.sol\";\n\
             import {{Row}} from \"src/verifier/Sumcheck.sol\";\n\
             import {{TableConstraints}} from \"src/verifier/TableConstraints.sol\";\n\n\
             /// @title {name}\n\
             /// @notice Circuit \"{}\": a table of {} columns{what}.\n\
             contract {name} is TableConstraints {{\n",
            circuit.label,
            sources.len(),
        );
        source::key(&mut out, circuit);
        let _ = write!(
            out,
            "\n    function _slots() internal pure override returns (uint256) {{\n        return {};\n    }}\n",
            self.next_slot,
        );
        columns(&mut out, sources, &self.used);
        self.write(&mut out);
        out.push_str("}\n");
        SolidityFile { name, source: out }
    }

    fn statement(&mut self, statement: &str) {
        self.statements.push(statement.to_owned());
    }

    /// The text of an operation with coefficients below `limit`.
    fn checked(&mut self, id: Id, limit: u128) -> String {
        let text = self.text(id);
        Self::below(text, limit).text
    }

    fn below(text: Text, limit: u128) -> Text {
        if text.bound < limit {
            return text;
        }
        let bound = Val::ORDER_U64.into();
        Text { text: format!("_reduce({})", text.text), bound, compound: false, ..text }
    }

    /// The message's fields by Horner's rule in beta, lowest field last.
    fn message(&mut self, fields: &[Id]) -> String {
        let zero = |id: &Id| self.expressions.operations[*id] == Operation::Constant(0);
        let used = fields.len() - fields.iter().rev().take_while(|id| zero(id)).count();
        let mut sum: Option<String> = None;
        for &field in fields[..used].iter().rev() {
            let field = Self::below(self.text(field), 1 << 71);
            sum = Some(match sum {
                None => field.text,
                Some(rest) => {
                    // One statement a field keeps the expressions flat.
                    let slot = self.slot();
                    let field = field.operand();
                    self.statement(&format!("v.put({slot}, _mul({rest}, v.at(BETA)) + {field});"));
                    format!("v.at({slot})")
                }
            });
        }
        sum.unwrap_or_else(|| "Ext.wrap(0)".to_owned())
    }

    fn slot(&mut self) -> usize {
        self.next_slot += 1;
        self.next_slot - 1
    }

    /// The text of an operation. One that is used again, or nested too deeply, gets a slot.
    fn text(&mut self, id: Id) -> Text {
        if let Some(text) = &self.stored[id] {
            return text.clone();
        }
        let p = u128::from(Val::ORDER_U64);
        let text = match self.expressions.operations[id] {
            Operation::Constant(c) => {
                return Text::atom(format!("Ext.wrap({c})"), u128::from(c) + 1);
            }
            Operation::Column(c) => {
                self.used[c] = true;
                return Text::atom(format!("v.at({})", FIRST_COLUMN + c), p);
            }
            Operation::PublicValue(i) => return Text::atom(format!("_public({i})"), p),
            Operation::IsFirstRow => return Text::atom("v.at(FIRST_ROW)".to_owned(), p),
            Operation::IsLastRow => return Text::atom("v.at(LAST_ROW)".to_owned(), p),
            Operation::IsTransition => return Text::atom("v.at(TRANSITION)".to_owned(), LIFT + 2),
            Operation::Add(x, y) => self.sum(x, y),
            Operation::Sub(x, y) => self.difference(x, y),
            Operation::Mul(x, y) => self.product(x, y),
        };
        if self.uses[id] > 1 || text.depth >= DEPTH {
            let slot = self.slot();
            self.statement(&format!("v.put({slot}, {});", text.text));
            let text = Text::atom(format!("v.at({slot})"), text.bound);
            self.stored[id] = Some(text.clone());
            return text;
        }
        text
    }

    fn sum(&mut self, x: Id, y: Id) -> Text {
        let (mut x, mut y) = (self.text(x), self.text(y));
        if x.bound + y.bound >= LANE {
            (x, y) = (Self::below(x, LANE / 2), Self::below(y, LANE / 2));
        }
        Text {
            text: format!("{} + {}", x.text, y.operand()),
            bound: x.bound + y.bound,
            depth: x.depth.max(y.depth) + 1,
            compound: true,
        }
    }

    fn difference(&mut self, x: Id, y: Id) -> Text {
        let x = Self::below(self.text(x), LANE / 2);
        let y = Self::below(self.text(y), LIFT);
        Text {
            text: format!("{} - {}", x.text, y.operand()),
            bound: x.bound + LIFT,
            depth: x.depth.max(y.depth) + 1,
            compound: true,
        }
    }

    fn product(&mut self, x: Id, y: Id) -> Text {
        let p = u128::from(Val::ORDER_U64);
        let constant = |id: Id| match self.expressions.operations[id] {
            Operation::Constant(c) => Some(c),
            _ => None,
        };
        let scaled = constant(x).map(|c| (y, c)).or_else(|| constant(y).map(|c| (x, c)));
        if let Some((id, c)) = scaled {
            let x = self.text(id);
            let text = format!("_scale({}, {c})", x.text);
            return Text { text, bound: p, depth: x.depth + 1, compound: false };
        }
        if x == y {
            let x = self.text(x);
            let text = format!("_square({})", x.text);
            return Text { text, bound: p, depth: x.depth + 1, compound: false };
        }
        let (x, y) = (self.text(x), self.text(y));
        Text {
            text: format!("_mul({}, {})", x.text, y.text),
            bound: p,
            depth: x.depth.max(y.depth) + 1,
            compound: false,
        }
    }

    /// Writes the statements, so many in a function.
    fn write(&self, out: &mut String) {
        let chunks: Vec<&[String]> = self.statements.chunks(CHUNK).collect();
        out.push_str("\n    function _evaluate(Row v) internal pure override {\n");
        for i in 0..chunks.len() {
            let _ = writeln!(out, "        _part{i}(v);");
        }
        out.push_str("    }\n");
        for (i, chunk) in chunks.iter().enumerate() {
            let _ = writeln!(out, "\n    function _part{i}(Row v) private pure {{");
            for statement in *chunk {
                let _ = writeln!(out, "        {statement}");
            }
            out.push_str("    }\n");
        }
    }
}
