//! How a transaction that is refused in the middle is undone.

use std::collections::{BTreeMap, BTreeSet};

use ferry_types::TaskId;

use super::applying::Applying;
use super::dirty::Mark;
use super::measured::Count;
use super::queue::Queue;
use super::task::Task;
use crate::row::{CountersRow, WorkflowRow};

/// What was there before a transaction touched it.
#[derive(Debug)]
pub(crate) struct Journal {
    counters: CountersRow,
    tasks: BTreeMap<TaskId, Option<Task>>,
    ended: BTreeMap<TaskId, bool>,
    new_queues: BTreeSet<u32>,
    drained_queues: Vec<(u32, Queue)>,
    /// By queue and key.
    turns: BTreeMap<(u32, Box<str>), Option<u64>>,
    /// By their first task.
    workflows: BTreeMap<TaskId, Option<WorkflowRow>>,
    dirty: Mark,
    /// How many events were told.
    events: usize,
    /// By queue, what is to be counted if it succeeds.
    pub(crate) counts: Vec<(u32, Count)>,
}

impl Applying<'_> {
    /// Begins to remember.
    pub(crate) fn begin(&mut self) {
        self.journal = Some(Journal {
            counters: self.machine.counters,
            tasks: BTreeMap::new(),
            ended: self.machine.ended.clone(),
            new_queues: BTreeSet::new(),
            drained_queues: Vec::new(),
            turns: BTreeMap::new(),
            workflows: BTreeMap::new(),
            dirty: self.dirty.mark(),
            events: self.events.len(),
            counts: Vec::new(),
        });
    }

    /// Lets stand what was done since [`begin`](Self::begin).
    pub(crate) fn commit(&mut self) {
        let Some(journal) = self.journal.take() else { return };
        for (queue, count) in journal.counts {
            self.count(queue, count);
        }
    }

    /// Undoes what was done since [`begin`](Self::begin).
    pub(crate) fn roll_back(&mut self) {
        let Some(journal) = self.journal.take() else { return };
        let (tasks, queues) = (&mut self.machine.tasks, &mut self.machine.queues);
        for (number, queue) in journal.drained_queues {
            queues.insert_deleted(number, queue);
        }
        for row in journal.workflows.values().copied().flatten() {
            tasks.workflows.put(row);
        }
        for id in journal.tasks.keys().copied() {
            if tasks.get(id).is_some() {
                tasks.remove(id, queues);
            }
        }
        for (id, task) in journal.tasks {
            if let Some(task) = task {
                tasks.insert(id, task, queues);
            }
        }
        for ((number, key), turn) in journal.turns {
            if queues.contains(number) {
                queues.change_lane(number, &key, tasks.table(), |lane| lane.turn = turn);
            }
        }
        let is_new = |(first, row): (TaskId, Option<WorkflowRow>)| row.is_none().then_some(first);
        let new_workflows = journal.workflows.into_iter().filter_map(is_new);
        new_workflows.for_each(|first| tasks.workflows.remove(first));
        self.events.forget(journal.events, &journal.new_queues);
        journal.new_queues.into_iter().for_each(|number| queues.delete(number));
        self.machine.ended = journal.ended;
        self.machine.counters = journal.counters;
        self.dirty.reset(journal.dirty);
    }

    /// Remembers a task as it is before it is touched.
    pub(crate) fn remember(&mut self, id: TaskId) {
        if let Some(journal) = &mut self.journal {
            let task = self.machine.tasks.get(id);
            journal.tasks.entry(id).or_insert_with(|| task.cloned());
            if let Some((number, key)) = task.and_then(|task| Some((task.queue, task.key()?))) {
                self.remember_turn(number, &Box::from(key));
            }
        }
    }

    /// Remembers the turn of a key before one of its tasks is touched.
    pub(crate) fn remember_turn(&mut self, number: u32, key: &str) {
        if let Some(journal) = &mut self.journal {
            let turn = || self.machine.queues.any(number).choice.lanes.get(key)?.turn;
            journal.turns.entry((number, key.into())).or_insert_with(turn);
        }
    }

    /// Remembers a workflow as it is before it is touched.
    pub(crate) fn remember_workflow(&mut self, first: TaskId) {
        if let Some(journal) = &mut self.journal {
            let row = || self.machine.tasks.workflows.row(first).copied();
            journal.workflows.entry(first).or_insert_with(row);
        }
    }

    /// Remembers that a queue is new.
    pub(crate) fn remember_new_queue(&mut self, number: u32) {
        if let Some(journal) = &mut self.journal {
            journal.new_queues.insert(number);
        }
    }

    /// Remembers a deleted queue that goes with its last task.
    pub(crate) fn remember_drained_queue(&mut self, number: u32, queue: Queue) {
        if let Some(journal) = &mut self.journal {
            journal.drained_queues.push((number, queue));
        }
    }
}
