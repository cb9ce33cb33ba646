//! What readers see of the state.

use ferry_types::{QueueName, Timestamp};

use crate::command::QueueSettings;
use crate::rejection::StateCounts;
use crate::row::TaskRow;
use crate::state::StateName;

/// A task without its payload and result.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskView {
    /// Its queue.
    pub queue: QueueName,
    /// All else, as it is stored.
    pub row: TaskRow,
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
}
