//! What readers see of the state.

use std::collections::{BTreeMap, BTreeSet};

use ferry_types::{LogIndex, NodeId, Priority, QueueName, TaskId, Timestamp};

use crate::command::{LimitSettings, QueueSettings, ScheduleSettings, WorkerSettings};
use crate::event::EventName;
use crate::rejection::StateCounts;
use crate::row::{Skip, TaskRow};
use crate::state::StateName;

/// A task without its payload and result.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskView {
    /// Its queue.
    pub queue: QueueName,
    /// All else, as it is stored, without its history.
    pub row: TaskRow,
}

/// An event in a task's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryView {
    /// The index of the entry that did it.
    pub index: LogIndex,
    /// The entry's replicated time.
    pub at: Timestamp,
    /// What it was.
    pub event: EventName,
    /// The task's state afterwards.
    pub state: StateName,
    /// Leases that counted afterwards.
    pub attempt: u32,
    /// The leader that wrote the entry, if that is still known.
    pub node: Option<NodeId>,
    /// Who got the lease, or held it until then.
    pub worker: Option<String>,
}

/// A queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueView {
    /// Its name.
    pub name: QueueName,
    /// Its settings.
    pub settings: QueueSettings,
    /// Whether it gives no tasks for now.
    pub paused: bool,
    /// How many tasks are in which state.
    pub counts: StateCounts,
    /// Payload bytes of unfinished tasks.
    pub bytes: u64,
    /// When the ready task that was enqueued first was enqueued.
    pub oldest_ready_at: Option<Timestamp>,
    /// Tasks enqueued in the last [`QueueView::RATE_WINDOW`] of replicated time, as far as this
    /// node has applied them since it started. Not part of the replicated state.
    pub enqueued_lately: u64,
    /// Tasks acked in the same window.
    pub acked_lately: u64,
}

impl QueueView {
    /// The window of the `_lately` counts.
    pub const RATE_WINDOW: std::time::Duration = std::time::Duration::from_secs(60);
}

/// Which tasks a browse shows. What is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    /// Only of this queue.
    pub queue: Option<QueueName>,
    /// Only in this state.
    pub state: Option<StateName>,
    /// Only held by this worker.
    pub worker: Option<String>,
    /// Only of this type.
    pub task_type: Option<String>,
    /// Only with this ordering key.
    pub key: Option<String>,
}

/// Whether a dequeue would get a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It would.
    Ready,
    /// It would get none before this time, when a rate lets the next one through.
    NotBefore(Timestamp),
    /// It would get none until something happens.
    Nothing,
}

/// A named limit.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitView {
    /// Its name.
    pub name: String,
    /// What it says.
    pub settings: LimitSettings,
    /// Leased tasks that it binds.
    pub leased: u64,
}

/// A registered worker.
#[derive(Clone, Copy, Debug)]
pub struct WorkerView<'a> {
    /// Its name.
    pub name: &'a str,
    /// The number of its session.
    pub session: u64,
    /// What it says about itself.
    pub settings: &'a WorkerSettings,
    /// Whether it gets nothing new.
    pub draining: bool,
    /// What its leases use of its resources; what is not listed is not used.
    pub used: &'a BTreeMap<String, u64>,
    /// The tasks that its leases hold, cancelled ones as well.
    pub held: &'a BTreeSet<TaskId>,
}

impl WorkerView<'_> {
    /// How many leases it may get; none while it drains.
    pub fn free_slots(&self) -> u64 {
        let slots = if self.draining { 0 } else { self.settings.slots };
        u64::from(slots).saturating_sub(self.held.len() as u64)
    }
}

/// A lease of a registered worker.
#[derive(Clone, Copy, Debug)]
pub struct LeaseView<'a> {
    /// Who has it.
    pub worker: WorkerView<'a>,
    /// What it uses of the worker's resources, if it uses any.
    pub resources: Option<&'a BTreeMap<String, u64>>,
}

/// A ready task that may be assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadyTask<'a> {
    /// Its number.
    pub id: TaskId,
    /// 0 to 9.
    pub priority: Priority,
    /// Its producer's word for its kind.
    pub task_type: Option<&'a str>,
    /// Bytes of its payload.
    pub payload_bytes: u64,
    /// What it takes of its worker's resources, if anything.
    pub resources: Option<&'a BTreeMap<String, u64>>,
    /// The labels that its worker must have, if any.
    pub selector: Option<&'a BTreeMap<String, String>>,
}

/// What the scheduler makes of a ready task that it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It has found a worker. The next may need the same.
    Taken,
    /// There is none; no further task that needs the same is to be shown.
    FitsNobody,
    /// No further task is to be shown.
    Enough,
}

/// A task of a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowTaskView {
    /// The task.
    pub task: TaskView,
    /// What it depends on: the names of tasks of the workflow, and the ids of others and of those
    /// that are gone.
    pub depends_on: Vec<String>,
}

/// A schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleView {
    /// Its name.
    pub name: String,
    /// What it says.
    pub settings: ScheduleSettings,
    /// Which putting of a schedule brought that.
    pub generation: u64,
    /// Its next firing, if there is one; while it is paused, the first that it misses.
    pub next_at: Option<Timestamp>,
    /// When its last pause ended: firings before that were missed.
    pub resumed_at: Timestamp,
    /// The last firing that gave a task.
    pub last_at: Option<Timestamp>,
    /// That task, which may be gone.
    pub last_task: Option<TaskId>,
    /// The last firing that gave no task.
    pub last_skip: Option<Skip>,
}
