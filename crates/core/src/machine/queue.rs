use std::collections::BTreeSet;

use ferry_types::{Priority, QueueName, TaskId};

use super::bucket::Bucket;
use super::choice::Choice;
use super::id_set::IdSet;
use super::rank::{By, Rank};
use super::task::{Task, TaskState};
use crate::command::QueueSettings;
use crate::rejection::StateCounts;

/// A queue with its counts and the order of its ready tasks.
#[derive(Debug, PartialEq)]
pub(crate) struct Queue {
    pub(crate) name: QueueName,
    pub(crate) settings: QueueSettings,
    /// Whether it gives no tasks for now.
    pub(crate) paused: bool,
    counts: StateCounts,
    /// Payload bytes of unfinished tasks.
    bytes: u64,
    /// Tasks that a lease holds, cancelled ones as well.
    held: u64,
    /// Of its rate.
    pub(crate) bucket: Bucket,
    /// The turn of its tasks without a key, if it is fair.
    pub(crate) keyless_turn: Option<u64>,
    /// What it chooses from beside its plain tasks.
    pub(crate) choice: Choice,
    /// Plain tasks by priority, each in enqueue order.
    ready: [IdSet; Priority::COUNT],
    /// Those out of attempts.
    dead: IdSet,
    /// Unique keys, and those that have or had them. Only the last of a key can have it still.
    unique: BTreeSet<(String, TaskId)>,
    /// All of its tasks, in whatever state.
    members: IdSet,
}

impl Queue {
    /// A queue without tasks.
    pub(crate) fn new(name: QueueName, settings: QueueSettings) -> Self {
        Self {
            name,
            settings,
            paused: false,
            counts: StateCounts::default(),
            bytes: 0,
            held: 0,
            bucket: Bucket::default(),
            keyless_turn: None,
            choice: Choice::default(),
            ready: Default::default(),
            dead: IdSet::default(),
            unique: BTreeSet::new(),
            members: IdSet::default(),
        }
    }

    /// The same queue before any task, with the turns that its keys have: for tests.
    pub(crate) fn without_tasks(&self) -> Self {
        let mut bare = Self::new(self.name.clone(), self.settings.clone());
        (bare.paused, bare.bucket) = (self.paused, self.bucket);
        bare.keyless_turn = self.keyless_turn;
        for (key, lane) in &self.choice.lanes {
            bare.choice.change_lane(key, |bare| bare.turn = lane.turn);
        }
        bare
    }

    /// How many tasks are in which state.
    pub(crate) fn counts(&self) -> StateCounts {
        self.counts
    }

    /// Payload bytes of unfinished tasks.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many tasks a lease holds, cancelled ones as well.
    pub(crate) const fn held(&self) -> u64 {
        self.held
    }

    /// Whether nothing but its plain tasks decides what it gives.
    pub(crate) fn is_plain(&self) -> bool {
        let firsts = [By::Priority, By::Turn].map(|by| self.choice.firsts(by));
        let needing = [By::Priority, By::Turn].map(|by| self.choice.needing(by));
        !self.paused
            && self.settings.max_concurrency.is_none()
            && self.settings.rate.is_none()
            && firsts.iter().chain(&needing).all(|firsts| firsts.is_empty())
    }

    /// The first plain task that is ready: highest priority first, then enqueue order (I6).
    pub(crate) fn first_plain(&self) -> Option<Rank> {
        let highest_first = (0..).zip(self.ready.iter().rev());
        let mut firsts = highest_first.filter_map(|(below, ids)| Some((below, ids.first()?)));
        firsts.next().map(|(below, id)| Rank::below_highest(below, id))
    }

    /// The plain tasks that are ready, in their order.
    pub(crate) fn plain(&self) -> impl Iterator<Item = Rank> {
        let highest_first = (0..).zip(self.ready.iter().rev());
        highest_first
            .flat_map(|(below, ids)| ids.after(None).map(move |id| Rank::below_highest(below, id)))
    }

    /// The ready task that was enqueued first, whatever its priority.
    pub(crate) fn oldest_ready(&self) -> Option<TaskId> {
        self.ready.iter().chain([&self.choice.ready]).filter_map(IdSet::first).min()
    }

    /// Those out of attempts after `after`, in enqueue order.
    pub(crate) fn dead_after(&self, after: Option<TaskId>) -> impl Iterator<Item = TaskId> {
        self.dead.after(after)
    }

    /// The task that had a unique key last, and may have it still.
    pub(crate) fn last_with(&self, unique: &str) -> Option<TaskId> {
        let key = |id| (unique.to_owned(), TaskId::new(id));
        self.unique.range(key(0)..=key(u64::MAX)).next_back().map(|(_, id)| *id)
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
        self.held += u64::from(task.is_held());
        if matches!(task.state(), TaskState::Ready) && task.is_plain() {
            self.ready[usize::from(task.priority.get())].insert(id);
        }
        if matches!(task.state(), TaskState::Dead { .. }) {
            self.dead.insert(id);
        }
        if let Some(unique) = task.may_have_unique() {
            self.unique.insert((unique.key.clone(), id));
        }
    }

    /// Undoes [`mark`](Self::mark), for a member that is about to change.
    pub(crate) fn unmark(&mut self, id: TaskId, task: &Task) {
        *count_of(&mut self.counts, task.state()) -= 1;
        if task.is_unfinished() {
            self.bytes -= u64::from(task.payload_bytes);
        }
        self.held -= u64::from(task.is_held());
        if matches!(task.state(), TaskState::Ready) && task.is_plain() {
            self.ready[usize::from(task.priority.get())].remove(id);
        }
        if matches!(task.state(), TaskState::Dead { .. }) {
            self.dead.remove(id);
        }
        if let Some(unique) = task.may_have_unique() {
            self.unique.remove(&(unique.key.clone(), id));
        }
    }
}

/// The count of the tasks in a state.
pub(crate) fn count_of<'a>(counts: &'a mut StateCounts, state: &TaskState) -> &'a mut u64 {
    match state {
        TaskState::Scheduled => &mut counts.scheduled,
        TaskState::Blocked => &mut counts.blocked,
        TaskState::Ready => &mut counts.ready,
        TaskState::Leased(_) => &mut counts.leased,
        TaskState::Retrying => &mut counts.retrying,
        TaskState::Succeeded { .. } => &mut counts.succeeded,
        TaskState::Dead { .. } => &mut counts.dead,
        TaskState::Cancelled { .. } => &mut counts.cancelled,
        TaskState::Expired { .. } => &mut counts.expired,
    }
}
