//! Answers to what concerns workers.

use std::collections::BTreeMap;
use std::fmt;

use super::Lease;
use crate::row::WorkerRow;

/// The worker is registered.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WorkerPut {
    /// Whether its session is new.
    #[prost(bool, tag = "1")]
    pub created: bool,
    /// The session's number.
    #[prost(uint64, tag = "2")]
    pub session: u64,
    /// How it stands; always there.
    #[prost(message, optional, boxed, tag = "3")]
    pub status: Option<Box<WorkerStatus>>,
}

/// The worker gets nothing new.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WorkerDrained {
    /// The leases that it holds still.
    #[prost(uint64, tag = "1")]
    pub leases: u64,
    /// How it stands; always there.
    #[prost(message, optional, boxed, tag = "2")]
    pub status: Option<Box<WorkerStatus>>,
}

/// A worker as a command left it, so that who repeats the command is told the same.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WorkerStatus {
    /// What it says about itself, and whether it drains.
    #[prost(message, required, tag = "1")]
    pub row: WorkerRow,
    /// The leases that it holds, cancelled ones as well.
    #[prost(uint64, tag = "2")]
    pub leases: u64,
    /// What they use of its resources; what is not listed is not used.
    #[prost(btree_map = "string, uint64", tag = "3")]
    pub used: BTreeMap<String, u64>,
}

/// The worker is gone.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct WorkerDeleted {
    /// The leases that were given back.
    #[prost(uint64, tag = "1")]
    pub leases: u64,
}

/// Workers are gone.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct SessionsEnded {
    /// The sessions that were seen to, from the first of the command on. The rest is for another
    /// entry: this one has given back as many leases as it may.
    #[prost(uint32, tag = "1")]
    pub seen: u32,
    /// Those of them that ended; the others had ended before.
    #[prost(uint32, tag = "2")]
    pub ended: u32,
    /// The leases that were given back.
    #[prost(uint64, tag = "3")]
    pub leases: u64,
}

/// What became of the assignments.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Assigned {
    /// An outcome per assignment, in order.
    #[prost(message, repeated, tag = "1")]
    pub items: Vec<AssignedItem>,
}

/// What became of an assignment.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct AssignedItem {
    /// Always there.
    #[prost(oneof = "AssignmentOutcome", tags = "1, 2")]
    pub outcome: Option<AssignmentOutcome>,
}

impl AssignedItem {
    /// The lease, if there is one.
    pub const fn lease(&self) -> Option<&Lease> {
        match &self.outcome {
            Some(AssignmentOutcome::Leased(lease)) => Some(lease),
            Some(AssignmentOutcome::Refused(_)) | None => None,
        }
    }
}

/// Whether an assignment was made.
#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum AssignmentOutcome {
    /// It was: the worker has this lease.
    #[prost(message, tag = "1")]
    Leased(Lease),
    /// It changed nothing.
    #[prost(message, tag = "2")]
    Refused(NotAssigned),
}

/// An assignment that was not made.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct NotAssigned {
    /// Why.
    #[prost(enumeration = "NotAssignedReason", tag = "1")]
    pub reason: i32,
    /// When a rate lets the task through, if that alone holds it back.
    #[prost(uint64, optional, tag = "2")]
    pub not_before_ms: Option<u64>,
}

/// Why an assignment was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum NotAssignedReason {
    /// No reason; no assignment has it.
    Unknown = 0,
    /// The worker is gone, or in another session.
    SessionEnded = 1,
    /// The worker drains.
    Draining = 2,
    /// There is no such task.
    TaskNotFound = 3,
    /// The task is not ready, or its time has ended.
    NotReady = 4,
    /// The task's queue does not assign, or not to this worker.
    NotServed = 5,
    /// The queue, a limit, a rate, a lock or a task of the same key holds the task back.
    HeldBack = 6,
    /// The worker has no slot free.
    NoSlot = 7,
    /// The worker has too little left of a resource.
    NoResources = 8,
    /// The worker lacks a label that the task selects.
    NotSelected = 9,
}

impl fmt::Display for NotAssignedReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Unknown => "unknown",
            Self::SessionEnded => "the session has ended",
            Self::Draining => "the worker drains",
            Self::TaskNotFound => "the task does not exist",
            Self::NotReady => "the task is not ready",
            Self::NotServed => "the queue does not assign to the worker",
            Self::HeldBack => "the task is held back",
            Self::NoSlot => "no slot is free",
            Self::NoResources => "a resource is short",
            Self::NotSelected => "a label is missing",
        })
    }
}
