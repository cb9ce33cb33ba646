use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::task_id::number;
use crate::{Invalid, TaskId};

/// The fencing token of a lease: it only grows over the life of the cluster, so a later lease on
/// anything has the larger one (G2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeaseToken(u64);

impl LeaseToken {
    /// The token with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for LeaseToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

/// One worker's right to settle one attempt of one task. Written `l42.7` at the border: the task's
/// number and the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LeaseId {
    /// The task that is leased.
    pub task: TaskId,
    /// The fencing token that this lease alone bears.
    pub token: LeaseToken,
}

impl FromStr for LeaseId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parts = text.strip_prefix('l').and_then(|rest| rest.split_once('.'));
        let parse = |(task, token)| {
            let (task, token) = (TaskId::new(number(task)?), LeaseToken::new(number(token)?));
            Some(Self { task, token })
        };
        parts.and_then(parse).ok_or(Invalid {
            what: "a lease id",
            grammar: "an id that a dequeue returned, for example l42.7",
        })
    }
}

impl TryFrom<String> for LeaseId {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<LeaseId> for String {
    fn from(id: LeaseId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "l{}.{}", self.task.get(), self.token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let lease = LeaseId { task: TaskId::new(42), token: LeaseToken::new(7) };
        assert_eq!("l42.7".parse(), Ok(lease));
        assert_eq!(lease.to_string(), "l42.7");
        for text in
            ["", "l", "l42", "l42.", "l.7", "l42.07", "l042.7", "l42.7.1", "t42.7", "l42.+7"]
        {
            assert!(text.parse::<LeaseId>().is_err(), "{text:?} passed for an id");
        }
    }
}
