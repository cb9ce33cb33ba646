use std::fmt;

use ferry_types::{LogIndex, NodeId};

/// Which entry: no two different entries of a group ever share one. Later terms sort last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId {
    /// The term of the leader that proposed it.
    pub term: u64,
    /// That leader.
    pub node: NodeId,
    /// Its place in the log.
    pub index: LogIndex,
}

impl fmt::Display for LogId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}-{}", self.term, self.node, self.index)
    }
}
