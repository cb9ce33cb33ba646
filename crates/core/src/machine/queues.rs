use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use ferry_types::{QueueName, TaskId};

use super::limits::Limits;
use super::locks::Locks;
use super::queue::Queue;
use super::task::Task;
use super::workers::Workers;
use crate::row::{LaneRow, QueueRow};

/// All queues and what is shared among them: by number, and those that are there for their users by name.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Queues {
    living: BTreeMap<u32, Queue>,
    /// Each has tasks that are yet to be removed, and is kept for their sake alone.
    deleted: BTreeMap<u32, Queue>,
    /// The living ones.
    numbers: BTreeMap<QueueName, u32>,
    /// Those of the living that have tasks to assign: ready ones, and are not paused.
    assigning: BTreeSet<u32>,
    pub(crate) locks: Locks,
    pub(crate) limits: Limits,
    pub(crate) workers: Workers,
}

impl Queues {
    /// The number of the queue with this name.
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// A living queue.
    pub(crate) fn get(&self, number: u32) -> Option<&Queue> {
        self.living.get(&number)
    }

    /// A living queue, to be changed.
    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut Queue> {
        self.living.get_mut(&number)
    }

    /// The queue of a task in the table, living or deleted.
    pub(crate) fn any(&self, number: u32) -> &Queue {
        let living = self.living.get(&number);
        living.or_else(|| self.deleted.get(&number)).expect("a queue outlives its tasks")
    }

    /// The queue of a task in the table, living or deleted, to be changed.
    pub(crate) fn any_mut(&mut self, number: u32) -> &mut Queue {
        self.limits_and(number).1
    }

    /// The limits and the queue of a task in the table, living or deleted.
    pub(crate) fn limits_and(&mut self, number: u32) -> (&mut Limits, &mut Queue) {
        let living = self.living.get_mut(&number);
        let queue = living.or_else(|| self.deleted.get_mut(&number));
        (&mut self.limits, queue.expect("a queue outlives its tasks"))
    }

    /// Whether something beside the task itself may follow what becomes of it.
    pub(crate) fn is_bound(&self, task: &Task) -> bool {
        !task.is_plain() || !self.limits.is_empty()
    }

    /// The name of a queue, living or deleted.
    pub(crate) fn name(&self, number: u32) -> Option<&str> {
        let queue = self.living.get(&number).or_else(|| self.deleted.get(&number))?;
        Some(queue.name.as_str())
    }

    /// Whether a queue has this number, living or deleted.
    pub(crate) fn contains(&self, number: u32) -> bool {
        self.living.contains_key(&number) || self.deleted.contains_key(&number)
    }

    /// How many are living.
    pub(crate) fn len(&self) -> usize {
        self.living.len()
    }

    /// The living ones with their numbers.
    pub(crate) fn living(&self) -> impl Iterator<Item = (u32, &Queue)> {
        self.living.iter().map(|(number, queue)| (*number, queue))
    }

    /// The numbers of all, living or deleted.
    pub(crate) fn numbers_with_deleted(&self) -> impl Iterator<Item = u32> {
        self.living.keys().chain(self.deleted.keys()).copied()
    }

    /// The living ones that have tasks to assign, as far as they themselves go.
    pub(crate) fn assigning(&self) -> impl Iterator<Item = &Queue> {
        self.assigning.iter().filter_map(|number| self.living.get(number))
    }

    /// Takes a new task in.
    pub(crate) fn add(&mut self, id: TaskId, task: &Task) {
        let queue = self.any_mut(task.queue);
        queue.add(id, task);
        if queue.settings.assign.is_some() {
            self.note_assigning(task.queue);
        }
    }

    /// Lets a task go.
    pub(crate) fn remove(&mut self, id: TaskId, task: &Task) {
        let queue = self.any_mut(task.queue);
        queue.remove(id, task);
        if queue.settings.assign.is_some() {
            self.note_assigning(task.queue);
        }
    }

    /// Notes whether a queue has tasks to assign, which its settings, its pause and its tasks decide.
    pub(crate) fn note_assigning(&mut self, number: u32) {
        let Some(queue) = self.living.get(&number) else { return };
        let assigns = queue.settings.assign.is_some();
        if assigns && !queue.paused && queue.counts().ready > 0 {
            self.assigning.insert(number);
        } else {
            self.assigning.remove(&number);
        }
    }

    /// The deleted ones with their numbers.
    pub(crate) fn deleted(&self) -> impl Iterator<Item = (u32, &Queue)> {
        self.deleted.iter().map(|(number, queue)| (*number, queue))
    }

    /// The numbers of the living queues after `after`, by name.
    pub(crate) fn after(&self, after: Option<&str>) -> impl Iterator<Item = u32> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.numbers.range::<str, _>((start, Bound::Unbounded)).map(|(_, number)| *number)
    }

    /// The row of a queue, living or deleted.
    pub(crate) fn row(&self, number: u32) -> Option<QueueRow> {
        let living = self.living.get(&number).map(|queue| (queue, false));
        let deleted = || self.deleted.get(&number).map(|queue| (queue, true));
        let (queue, deleted) = living.or_else(deleted)?;
        let name = queue.name.as_str().into();
        Some(QueueRow {
            id: number,
            name,
            settings: queue.settings.clone(),
            deleted,
            paused: queue.paused,
            full_at_ns: queue.bucket.to_row(),
            keyless_turn: queue.keyless_turn,
        })
    }

    /// The row of a key's turn.
    pub(crate) fn lane_row(&self, number: u32, key: &str) -> Option<LaneRow> {
        let queue = self.living.get(&number).or_else(|| self.deleted.get(&number))?;
        let turn = queue.choice.lanes.get(key)?.turn?;
        Some(LaneRow { queue: number, key: key.into(), turn })
    }

    /// The same queues and limits before any task: for tests.
    pub(crate) fn without_tasks(&self) -> Self {
        let bare = |(number, queue): (&u32, &Queue)| (*number, queue.without_tasks());
        Self {
            living: self.living.iter().map(bare).collect(),
            deleted: self.deleted.iter().map(bare).collect(),
            numbers: self.numbers.clone(),
            assigning: BTreeSet::new(),
            locks: Locks::default(),
            limits: self.limits.without_tasks(),
            workers: self.workers.without_tasks(),
        }
    }

    /// Adds a queue; tells whether its name and number were free.
    pub(crate) fn insert(&mut self, number: u32, queue: Queue) -> bool {
        let number_is_new = !self.contains(number);
        let name_is_new = self.numbers.insert(queue.name.clone(), number).is_none();
        self.living.insert(number, queue);
        name_is_new && number_is_new
    }

    /// Adds a deleted queue that is yet to get its tasks; tells whether its number was free.
    pub(crate) fn insert_deleted(&mut self, number: u32, queue: Queue) -> bool {
        let is_new = !self.contains(number);
        self.deleted.insert(number, queue);
        is_new
    }

    /// Deletes a living queue: its name is free, and it is there no more than its tasks are.
    pub(crate) fn delete(&mut self, number: u32) {
        if let Some(queue) = self.living.remove(&number) {
            self.numbers.remove(&queue.name);
            self.assigning.remove(&number);
            if queue.first_member().is_some() {
                self.deleted.insert(number, queue);
            }
        }
    }

    /// A task of a deleted queue: the one to remove next.
    pub(crate) fn next_leftover(&self) -> Option<TaskId> {
        self.deleted.values().next().and_then(Queue::first_member)
    }

    /// Removes the queue and gives it, if it is deleted and its last task is gone.
    pub(crate) fn remove_drained(&mut self, number: u32) -> Option<Queue> {
        self.deleted.get(&number).filter(|queue| queue.first_member().is_none())?;
        self.deleted.remove(&number)
    }
}
