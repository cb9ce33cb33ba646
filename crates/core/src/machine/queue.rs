use ferry_types::{Priority, QueueName, TaskId};

use super::id_set::IdSet;
use super::task::{Task, TaskState};
use crate::command::QueueSettings;
use crate::rejection::StateCounts;

/// A queue with its counts and the order of its ready tasks.
#[derive(Debug, PartialEq)]
pub(crate) struct Queue {
    pub(crate) name: QueueName,
    pub(crate) settings: QueueSettings,
    counts: StateCounts,
    /// Payload bytes of unfinished tasks.
    bytes: u64,
    /// By priority, each in enqueue order.
    ready: [IdSet; Priority::COUNT],
    /// All of its tasks, in whatever state.
    members: IdSet,
}

impl Queue {
    /// A queue without tasks.
    pub(crate) fn new(name: QueueName, settings: QueueSettings) -> Self {
        Self {
            name,
            settings,
            counts: StateCounts::default(),
            bytes: 0,
            ready: Default::default(),
            members: IdSet::default(),
        }
    }

    /// How many tasks are in which state.
    pub(crate) fn counts(&self) -> StateCounts {
        self.counts
    }

    /// Payload bytes of unfinished tasks.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The ready task whose turn it is: highest priority first, then enqueue order (I6).
    pub(crate) fn next_ready(&self) -> Option<TaskId> {
        self.ready.iter().rev().find_map(IdSet::first)
    }

    /// The ready task that was enqueued first, whatever its priority.
    pub(crate) fn oldest_ready(&self) -> Option<TaskId> {
        self.ready.iter().filter_map(IdSet::first).min()
    }

    /// The task that was enqueued first, in whatever state.
    pub(crate) fn first_member(&self) -> Option<TaskId> {
        self.members.first()
    }

    /// Those of its tasks after `after`, in enqueue order.
    pub(crate) fn members_after(&self, after: Option<TaskId>) -> impl Iterator<Item = TaskId> {
        self.members.after(after)
    }

    /// Takes a new task in.
    pub(crate) fn add(&mut self, id: TaskId, task: &Task) {
        self.members.insert(id);
        self.mark(id, task);
    }

    /// Lets a task go.
    pub(crate) fn remove(&mut self, id: TaskId, task: &Task) {
        self.members.remove(id);
        self.unmark(id, task);
    }

    /// Counts a member in its present state.
    pub(crate) fn mark(&mut self, id: TaskId, task: &Task) {
        *count_of(&mut self.counts, task.state()) += 1;
        if task.is_unfinished() {
            self.bytes += u64::from(task.payload_bytes);
        }
        if matches!(task.state(), TaskState::Ready) {
            self.ready[usize::from(task.priority.get())].insert(id);
        }
    }

    /// Undoes [`mark`](Self::mark), for a member that is about to change.
    pub(crate) fn unmark(&mut self, id: TaskId, task: &Task) {
        *count_of(&mut self.counts, task.state()) -= 1;
        if task.is_unfinished() {
            self.bytes -= u64::from(task.payload_bytes);
        }
        if matches!(task.state(), TaskState::Ready) {
            self.ready[usize::from(task.priority.get())].remove(id);
        }
    }
}

fn count_of<'a>(counts: &'a mut StateCounts, state: &TaskState) -> &'a mut u64 {
    match state {
        TaskState::Scheduled => &mut counts.scheduled,
        TaskState::Ready => &mut counts.ready,
        TaskState::Leased(_) => &mut counts.leased,
        TaskState::Retrying => &mut counts.retrying,
        TaskState::Succeeded { .. } => &mut counts.succeeded,
        TaskState::Dead { .. } => &mut counts.dead,
    }
}
