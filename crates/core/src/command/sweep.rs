//! Commands that go through the tasks of a queue. An entry does a bounded part of it; the reply says
//! where the next one goes on.

use std::collections::BTreeMap;

/// Where a sweep stands.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Sweep {
    /// The number of the last task that it has looked at.
    #[prost(uint64, tag = "1")]
    pub after: u64,
    /// Tasks from this number on came after it began, and stay as they are.
    #[prost(uint64, tag = "2")]
    pub before: u64,
    /// How many tasks it has changed so far.
    #[prost(uint64, tag = "3")]
    pub done: u64,
}

/// Removes tasks of a queue. Leased tasks stay.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Purge {
    /// The queue's name.
    #[prost(string, tag = "1")]
    pub queue: String,
    /// Which tasks.
    #[prost(enumeration = "PurgedState", tag = "2")]
    pub state: i32,
    /// Where to go on; at the beginning without it.
    #[prost(message, optional, tag = "3")]
    pub from: Option<Sweep>,
}

/// Which tasks are purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum PurgedState {
    /// All that no worker holds.
    All = 0,
    /// Those that a worker could take.
    Ready = 1,
    /// Those out of attempts.
    Dead = 2,
}

/// Gives dead tasks of a queue all their attempts again: they are ready, at their old places.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Redrive {
    /// The queue's name.
    #[prost(string, tag = "1")]
    pub queue: String,
    /// Which of them.
    #[prost(message, required, tag = "2")]
    pub filter: DeadFilter,
    /// How many at most, over all steps.
    #[prost(uint64, optional, tag = "3")]
    pub max: Option<u64>,
    /// Where to go on; at the beginning without it.
    #[prost(message, optional, tag = "4")]
    pub from: Option<Sweep>,
}

/// Which dead tasks are meant: those that everything fits which is given.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DeadFilter {
    /// Only of this type.
    #[prost(string, optional, tag = "1")]
    pub task_type: Option<String>,
    /// Only with this ordering key.
    #[prost(string, optional, tag = "2")]
    pub key: Option<String>,
    /// Only with all of these labels.
    #[prost(btree_map = "string, string", tag = "3")]
    pub labels: BTreeMap<String, String>,
    /// Only those whose last error contains this text.
    #[prost(string, optional, tag = "4")]
    pub error: Option<String>,
}
