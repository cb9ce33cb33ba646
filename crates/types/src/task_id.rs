use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// A task's number: unique in the cluster, rising in enqueue order, assigned by `apply`.
/// Written `t42` at the border, where it is opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaskId(u64);

impl TaskId {
    /// The task with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for TaskId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.strip_prefix('t').and_then(number).map(Self).ok_or(Invalid {
            what: "a task id",
            grammar: "an id that an enqueue returned, for example t42",
        })
    }
}

/// A decimal number in its only spelling: no sign, no leading zero.
pub(crate) fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (text.as_bytes()[0].is_ascii_digit() && (text == "0" || !text.starts_with('0')))
        .then_some(number)
}

impl TryFrom<String> for TaskId {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<TaskId> for String {
    fn from(id: TaskId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "t{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        assert_eq!("t42".parse(), Ok(TaskId::new(42)));
        assert_eq!(TaskId::new(42).to_string(), "t42");
        for text in ["", "t", "42", "t042", "t+1", "t-1", "t 1", "T1", "t18446744073709551616"] {
            assert!(text.parse::<TaskId>().is_err(), "{text:?} passed for an id");
        }
    }
}
