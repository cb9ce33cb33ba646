use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::task_id::number;
use crate::{Invalid, TaskId};

/// A workflow: the number of its first task, which no other has. Written `w42` at the border, where
/// it is opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkflowId(TaskId);

impl WorkflowId {
    /// The workflow that begins with this task.
    pub const fn new(first_task: TaskId) -> Self {
        Self(first_task)
    }

    /// Its first task.
    pub const fn first_task(self) -> TaskId {
        self.0
    }
}

impl FromStr for WorkflowId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let first_task = text.strip_prefix('w').and_then(number).map(TaskId::new);
        first_task.map(Self).ok_or(Invalid {
            what: "a workflow id",
            grammar: "an id that a submission returned, for example w42",
        })
    }
}

impl TryFrom<String> for WorkflowId {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<WorkflowId> for String {
    fn from(id: WorkflowId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for WorkflowId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "w{}", self.0.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        assert_eq!("w42".parse(), Ok(WorkflowId::new(TaskId::new(42))));
        assert_eq!(WorkflowId::new(TaskId::new(42)).to_string(), "w42");
        for text in ["", "w", "42", "w042", "w+1", "w-1", "t42", "W1", "w18446744073709551616"] {
            assert!(text.parse::<WorkflowId>().is_err(), "{text:?} passed for an id");
        }
    }
}
