//! A table's constraints and interactions as one list of operations without repetition.

use std::collections::HashMap;
use std::sync::Arc;

use p3_air::symbolic::{AirLayout, BaseEntry, BaseLeaf, SymbolicExpr, SymbolicExpression};
use p3_field::PrimeField64;
use p3_lookup::InteractionSymbolicBuilder;

use super::GenerateError;
use crate::field::{Challenge, Val};
use crate::tables::Table;

/// Number of an operation.
pub(super) type Id = usize;

/// An operation; its arguments have smaller numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    Constant(u64),
    Column(usize),
    PublicValue(usize),
    IsFirstRow,
    IsLastRow,
    IsTransition,
    Add(Id, Id),
    Sub(Id, Id),
    Mul(Id, Id),
}

/// A message to the bus.
#[derive(Clone, Debug)]
pub(super) struct Interaction {
    pub(super) bus: String,
    pub(super) fields: Vec<Id>,
    pub(super) count: Id,
}

/// Everything that a table asserts.
#[derive(Clone, Debug, Default)]
pub(super) struct Expressions {
    pub(super) operations: Vec<Operation>,
    /// In the order of the AIR.
    pub(super) constraints: Vec<Id>,
    /// In the order of the AIR.
    pub(super) interactions: Vec<Interaction>,
    known: HashMap<Operation, Id>,
    /// Shared expressions already seen, by address; the expressions outlive the conversion.
    seen: HashMap<usize, Id>,
}

impl Expressions {
    /// The expressions of a table.
    pub(super) fn new(table: &Table) -> Result<Self, GenerateError> {
        let layout = AirLayout::from_air::<Val>(table);
        let builder = InteractionSymbolicBuilder::<Val, Challenge>::from_air(table, layout);
        if !builder.extension_constraints().is_empty() || !builder.local_interactions().is_empty() {
            return Err(GenerateError::Unsupported("extension constraints or local lookups"));
        }
        let mut all = Self::default();
        let constraints = builder.base_constraints();
        for constraint in &constraints {
            let id = all.convert(constraint)?;
            all.constraints.push(id);
        }
        for interaction in builder.global_interactions() {
            let fields = interaction
                .fields
                .iter()
                .map(|field| all.convert(field))
                .collect::<Result<_, _>>()?;
            let count = all.convert(&interaction.count)?;
            let bus = interaction.bus_name.clone();
            all.interactions.push(Interaction { bus, fields, count });
        }
        all.seen.clear();
        Ok(all)
    }

    /// How often each operation is used, by others or by an assertion.
    pub(super) fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.operations.len()];
        for operation in &self.operations {
            if let Operation::Add(x, y) | Operation::Sub(x, y) | Operation::Mul(x, y) = operation {
                uses[*x] += 1;
                uses[*y] += 1;
            }
        }
        self.constraints.iter().for_each(|&id| uses[id] += 1);
        for interaction in &self.interactions {
            uses[interaction.count] += 1;
            interaction.fields.iter().for_each(|&id| uses[id] += 1);
        }
        uses
    }

    fn convert(&mut self, expression: &SymbolicExpression<Val>) -> Result<Id, GenerateError> {
        let operation = match expression {
            SymbolicExpr::Leaf(leaf) => Self::leaf(leaf)?,
            SymbolicExpr::Add { x, y, .. } => Operation::Add(self.shared(x)?, self.shared(y)?),
            SymbolicExpr::Sub { x, y, .. } => Operation::Sub(self.shared(x)?, self.shared(y)?),
            SymbolicExpr::Neg { x, .. } => {
                let x = self.shared(x)?;
                Operation::Sub(self.push(Operation::Constant(0)), x)
            }
            SymbolicExpr::Mul { x, y, .. } => Operation::Mul(self.shared(x)?, self.shared(y)?),
        };
        Ok(self.push(operation))
    }

    fn shared(&mut self, expression: &Arc<SymbolicExpression<Val>>) -> Result<Id, GenerateError> {
        let address = Arc::as_ptr(expression) as usize;
        if let Some(&id) = self.seen.get(&address) {
            return Ok(id);
        }
        let id = self.convert(expression)?;
        self.seen.insert(address, id);
        Ok(id)
    }

    fn leaf(leaf: &BaseLeaf<Val>) -> Result<Operation, GenerateError> {
        Ok(match leaf {
            BaseLeaf::Variable(variable) => match variable.entry {
                BaseEntry::Main { offset: 0 } => Operation::Column(variable.index),
                BaseEntry::Public => Operation::PublicValue(variable.index),
                _ => return Err(GenerateError::Unsupported("next rows and periodic columns")),
            },
            BaseLeaf::IsFirstRow => Operation::IsFirstRow,
            BaseLeaf::IsLastRow => Operation::IsLastRow,
            BaseLeaf::IsTransition => Operation::IsTransition,
            BaseLeaf::Constant(c) => Operation::Constant(c.as_canonical_u64()),
        })
    }

    fn push(&mut self, operation: Operation) -> Id {
        let operation = self.simplify(operation);
        if let Some(same) = self.identity(operation) {
            return same;
        }
        *self.known.entry(operation).or_insert_with(|| {
            self.operations.push(operation);
            self.operations.len() - 1
        })
    }

    /// The argument that an operation only repeats.
    fn identity(&self, operation: Operation) -> Option<Id> {
        let is = |id: Id, value: u64| self.operations[id] == Operation::Constant(value);
        match operation {
            Operation::Add(x, y) | Operation::Sub(x, y) if is(y, 0) => Some(x),
            Operation::Add(x, y) if is(x, 0) => Some(y),
            Operation::Mul(x, y) if is(y, 1) || is(x, 0) => Some(x),
            Operation::Mul(x, y) if is(x, 1) || is(y, 0) => Some(y),
            _ => None,
        }
    }

    /// Evaluates constants and orders the arguments of sums and products.
    fn simplify(&self, operation: Operation) -> Operation {
        let constant = |id: Id| match self.operations[id] {
            Operation::Constant(c) => Some(Val::new(c)),
            _ => None,
        };
        let folded = match operation {
            Operation::Add(x, y) => constant(x).zip(constant(y)).map(|(x, y)| x + y),
            Operation::Sub(x, y) => constant(x).zip(constant(y)).map(|(x, y)| x - y),
            Operation::Mul(x, y) => constant(x).zip(constant(y)).map(|(x, y)| x * y),
            _ => None,
        };
        match (folded, operation) {
            (Some(value), _) => Operation::Constant(value.as_canonical_u64()),
            (None, Operation::Add(x, y)) => Operation::Add(x.min(y), x.max(y)),
            (None, Operation::Mul(x, y)) => Operation::Mul(x.min(y), x.max(y)),
            (None, operation) => operation,
        }
    }
}
