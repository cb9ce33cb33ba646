use std::fmt;

use serde::{Deserialize, Serialize};

/// Which Raft group (one log with its machine) a frame, a directory or a metric belongs to.
/// A cluster has the one group [`GroupId::FIRST`] so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupId(u32);

impl GroupId {
    /// The group that every cluster has.
    pub const FIRST: Self = Self(1);

    /// The group with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}
