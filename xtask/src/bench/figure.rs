//! A figure, and the machine that it is of.

use serde::{Deserialize, Serialize};
use serde_json::Number;

/// The machine that measured.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
}

/// One figure. Examples print it as a line of JSON.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Row {
    /// Which of the suite's tables the figure stands in, if the suite has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) table: Option<String>,
    /// What several figures are of. They stand in one line of the table, a column each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<String>,
    pub(crate) name: String,
    pub(crate) value: Number,
    /// Empty for a count of what the name says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) unit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) goal: Option<Goal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// What a figure should be, in its own unit.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Goal {
    AtMost(Number),
    AtLeast(Number),
}

impl Row {
    /// A figure of a table with a figure a line.
    pub(crate) fn new(name: impl Into<String>, value: impl Into<Number>, unit: &str) -> Self {
        let (name, value, unit) = (name.into(), value.into(), unit.into());
        Self { table: None, of: None, name, value, unit, goal: None, note: None }
    }

    /// The same figure in the table `table`.
    pub(crate) fn in_table(self, table: &str) -> Self {
        Self { table: Some(table.into()), ..self }
    }

    /// The same figure in the line `of`.
    pub(crate) fn of(self, of: &str) -> Self {
        Self { of: Some(of.into()), ..self }
    }

    /// Whether both say the same of the same.
    pub(super) fn is_same_figure(&self, other: &Self) -> bool {
        (&self.table, &self.of, &self.name) == (&other.table, &other.of, &other.name)
    }
}
