use bytes::Bytes;
use ferry_types::{LogIndex, TaskId};

use crate::row::{
    CountersRow, EndedRow, EventRow, IdempotencyRow, LaneRow, LeadersRow, LimitRow, QueueRow,
    ScheduleRow, TaskRow, WaitRow, WorkerRow, WorkflowRow,
};

/// A row to write or to remove, so that the disk holds what the memory does. Within one entry each
/// row appears at most once, as it is after the entry.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most changes are tasks")]
pub enum Change {
    /// The one row of counters.
    PutCounters(CountersRow),
    /// A queue's settings.
    PutQueue(QueueRow),
    /// By the queue's number.
    DeleteQueue(u32),
    /// A task without its payload and result.
    PutTask(TaskRow),
    /// The task with its payload and result.
    DeleteTask(TaskId),
    /// A task's payload; never changes.
    PutPayload(TaskId, Bytes),
    /// A task's result; never changes.
    PutResult(TaskId, Bytes),
    /// A kept answer.
    PutIdempotency(IdempotencyRow),
    /// By its row number.
    DeleteIdempotency(u64),
    /// A task that ended while others wait for it.
    PutEnded(EndedRow),
    /// By the task's number.
    DeleteEnded(TaskId),
    /// What the entry did to tasks.
    PutEvents(EventRow),
    /// What the entry of this index did, if it did anything.
    DeleteEvents(LogIndex),
    /// The one row of leaders.
    PutLeaders(LeadersRow),
    /// A named limit.
    PutLimit(LimitRow),
    /// By the limit's name.
    DeleteLimit(Box<str>),
    /// The turn of a key.
    PutLane(LaneRow),
    /// By the queue's number and the key.
    DeleteLane(u32, Box<str>),
    /// A registered worker.
    PutWorker(WorkerRow),
    /// By the worker's name.
    DeleteWorker(Box<str>),
    /// A workflow.
    PutWorkflow(WorkflowRow),
    /// By its first task.
    DeleteWorkflow(TaskId),
    /// That a task of a workflow waits for another task.
    PutWait(WaitRow),
    /// By the task, and the one that it waited for.
    DeleteWait(TaskId, TaskId),
    /// A schedule.
    PutSchedule(Box<ScheduleRow>),
    /// By the schedule's name.
    DeleteSchedule(Box<str>),
}

impl Change {
    /// The task that it stores, with its row, or removes.
    pub fn task(&self) -> Option<(TaskId, Option<&TaskRow>)> {
        match self {
            Self::PutTask(row) => Some((TaskId::new(row.id), Some(row))),
            Self::DeleteTask(id) => Some((*id, None)),
            Self::PutCounters(_)
            | Self::PutQueue(_)
            | Self::DeleteQueue(_)
            | Self::PutPayload(..)
            | Self::PutResult(..)
            | Self::PutIdempotency(_)
            | Self::DeleteIdempotency(_)
            | Self::PutEnded(_)
            | Self::DeleteEnded(_)
            | Self::PutEvents(_)
            | Self::DeleteEvents(_)
            | Self::PutLeaders(_)
            | Self::PutLimit(_)
            | Self::DeleteLimit(_)
            | Self::PutLane(_)
            | Self::DeleteLane(..)
            | Self::PutWorker(_)
            | Self::DeleteWorker(_)
            | Self::PutWorkflow(_)
            | Self::DeleteWorkflow(_)
            | Self::PutWait(_)
            | Self::DeleteWait(..)
            | Self::PutSchedule(_)
            | Self::DeleteSchedule(_) => None,
        }
    }
}
