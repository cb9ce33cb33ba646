use bytes::Bytes;
use ferry_core::{Outcome, TaskView};
use ferry_types::LogIndex;

/// What the leader answers to a proposal, built once its entry is applied and stored.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The index of the entry.
    pub index: LogIndex,
    /// The machine's answer.
    pub outcome: Outcome,
    /// For a dequeue: the tasks of its leases, in order. One that is gone since is left out.
    pub leased: Vec<LeasedTask>,
}

/// A task as a worker gets it.
#[derive(Clone, Debug)]
pub struct LeasedTask {
    /// The task.
    pub task: TaskView,
    /// Its payload as it came: JSON text, or bytes if `task.row.payload_is_bytes`.
    pub payload: Bytes,
}
