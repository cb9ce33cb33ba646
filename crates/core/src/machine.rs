//! SKELETON: to be replaced by the real machine.
use ferry_types::{LogIndex, TaskId, Timestamp};

use crate::row::{CountersRow, IdempotencyRow, QueueRow, TaskRow};
use crate::{Change, Effect, Entry, QueueView, Rejection, Reply, TaskFilter, TaskView};

/// What an entry did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// An outcome per proposal, in order.
    pub outcomes: Vec<Outcome>,
    /// Hints for the leader's shell, merged: at most one wake a queue and one alarm.
    pub effects: Vec<Effect>,
    /// The rows to store, each at most once.
    pub changes: Vec<Change>,
}

/// What a proposal got.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The answer, or why there is none.
    pub result: Result<Reply, Rejection>,
    /// Whether the answer was kept from an earlier proposal under the same key.
    pub replayed: bool,
}

/// The state of every queue and task, the same on every node at the same index.
#[derive(Default)]
pub struct Machine {}

/// A machine while its rows are read back from the disk, in any order.
#[derive(Default)]
pub struct Restoring {}

impl Restoring {
    /// The row of counters.
    pub fn counters(&mut self, row: CountersRow) { let _ = row; todo!() }
    /// A queue.
    pub fn queue(&mut self, row: QueueRow) { let _ = row; todo!() }
    /// A task.
    pub fn task(&mut self, row: TaskRow) { let _ = row; todo!() }
    /// A kept answer.
    pub fn idempotency(&mut self, row: IdempotencyRow) { let _ = row; todo!() }
    /// The machine, or what is wrong with its rows.
    pub fn finish(self) -> Result<Machine, String> { todo!() }
}

impl Machine {
    /// Applies a committed entry.
    pub fn apply(&mut self, index: LogIndex, entry: Entry) -> Applied { let _ = (index, entry); todo!() }
    /// Replicated time.
    pub fn now(&self) -> Timestamp { todo!() }
    /// When the next task falls due, a lease or a retention runs out.
    pub fn next_alarm(&self) -> Option<Timestamp> { todo!() }
    /// A task.
    pub fn task(&self, id: TaskId) -> Option<TaskView> { let _ = id; todo!() }
    /// The number the next task will have.
    pub fn next_task(&self) -> TaskId { todo!() }
    /// A queue.
    pub fn queue(&self, name: &str) -> Option<QueueView> { let _ = name; todo!() }
    /// Queues by name, after `after`, at most `limit`.
    pub fn queues(&self, after: Option<&str>, limit: usize) -> Vec<QueueView> { let _ = (after, limit); todo!() }
    /// Ready tasks of a queue; `None` if there is no such queue. O(log queues).
    pub fn ready(&self, name: &str) -> Option<u64> { let _ = name; todo!() }
    /// Tasks that fit, in id order, after `after`, at most `limit`, and where to go on. Looks at a
    /// bounded number of tasks, so a page may be short and still have a successor.
    pub fn tasks(&self, filter: &TaskFilter, after: Option<TaskId>, limit: usize) -> (Vec<TaskView>, Option<TaskId>) { let _ = (filter, after, limit); todo!() }
    /// Every invariant, for tests: the first that does not hold, in words.
    pub fn check(&self) -> Result<(), String> { todo!() }
}
