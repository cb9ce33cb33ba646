use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ferry_types::TaskId;

use super::Machine;
use super::task::{Task, TaskState};
use crate::row::{CountersRow, EndedRow, WaitRow};
use crate::{Change, Effect};

/// What an entry has touched, so that each row is stored once, as it is in the end.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    pub(crate) queues: BTreeSet<u32>,
    /// Numbers may repeat.
    pub(crate) tasks: Vec<TaskId>,
    pub(crate) payloads: Vec<(TaskId, Bytes)>,
    pub(crate) results: Vec<(TaskId, Bytes)>,
    pub(crate) answers: BTreeSet<u64>,
    /// By name.
    pub(crate) limits: BTreeSet<Box<str>>,
    /// By name.
    pub(crate) schedules: BTreeSet<Box<str>>,
    /// By queue and key.
    pub(crate) lanes: BTreeSet<(u32, Box<str>)>,
    /// By name.
    pub(crate) workers: BTreeSet<Box<str>>,
    /// Workers that may get what they could not before.
    pub(crate) room: BTreeSet<Box<str>>,
    /// Workers of which a lease ran out.
    pub(crate) lapsed: BTreeSet<Box<str>>,
    /// What workers have done, for effects.
    pub(crate) served: Vec<Effect>,
    /// Tasks by queue that may be taken although it was not they that changed.
    pub(crate) stirred: BTreeMap<u32, u64>,
    /// Leases by named limit that it counts no more.
    pub(crate) freed_limits: BTreeMap<Box<str>, u64>,
    /// Tasks that ended while others wait for them, or that nobody waits for any more.
    pub(crate) ended: BTreeSet<TaskId>,
    /// By their first task.
    pub(crate) workflows: BTreeSet<TaskId>,
    /// Tasks of workflows, and what they wait for or have. Pairs may repeat.
    pub(crate) waits: Vec<(TaskId, TaskId)>,
}

/// How far an entry had come.
#[derive(Debug)]
pub(crate) struct Mark {
    queues: BTreeSet<u32>,
    ended: BTreeSet<TaskId>,
    workflows: BTreeSet<TaskId>,
    waits: usize,
    tasks: usize,
    payloads: usize,
    results: usize,
    served: usize,
}

/// What an entry did to the rows.
pub(crate) struct Stored {
    /// Each row at most once.
    pub(crate) changes: Vec<Change>,
    /// Tasks by queue that may be taken since, and more perhaps.
    pub(crate) woken: BTreeMap<u32, u64>,
}

impl Dirty {
    /// Nothing yet, with room for what as many proposals mostly touch.
    pub(crate) fn with_room(proposals: usize) -> Self {
        let payloads = Vec::with_capacity(proposals);
        Self { tasks: Vec::with_capacity(2 * proposals), payloads, ..Self::default() }
    }

    /// How far the entry has come.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            queues: self.queues.clone(),
            ended: self.ended.clone(),
            workflows: self.workflows.clone(),
            waits: self.waits.len(),
            tasks: self.tasks.len(),
            payloads: self.payloads.len(),
            results: self.results.len(),
            served: self.served.len(),
        }
    }

    /// Forgets what was touched since, which is as it was.
    pub(crate) fn reset(&mut self, mark: Mark) {
        self.queues = mark.queues;
        self.ended = mark.ended;
        self.workflows = mark.workflows;
        self.waits.truncate(mark.waits);
        self.tasks.truncate(mark.tasks);
        self.payloads.truncate(mark.payloads);
        self.results.truncate(mark.results);
        self.served.truncate(mark.served);
    }

    /// The rows as they are after the entry. Each task is looked up once.
    pub(crate) fn store(mut self, machine: &Machine, before: CountersRow) -> Stored {
        self.tasks.sort_unstable();
        self.tasks.dedup();
        let tasks = self.tasks.len() + self.payloads.len() + self.results.len();
        let rows = 1 + self.queues.len() + tasks + self.answers.len();
        let mut changes = Vec::with_capacity(rows);
        if machine.counters != before {
            changes.push(Change::PutCounters(machine.counters));
        }
        changes.extend(self.queues.into_iter().map(|number| match machine.queues.row(number) {
            Some(row) => Change::PutQueue(row),
            None => Change::DeleteQueue(number),
        }));
        let (mut woken, mut gone) = (BTreeMap::<u32, u64>::new(), Vec::new());
        for id in self.tasks {
            let Some(task) = machine.tasks.get(id) else {
                gone.push(id);
                changes.push(Change::DeleteTask(id));
                continue;
            };
            // One that the entry touched became ready in it: nothing else happens to a ready task.
            if matches!(task.state(), TaskState::Ready) {
                *woken.entry(task.queue).or_default() += 1;
            }
            changes.push(Change::PutTask(task.to_row(id)));
        }
        for (number, tasks) in self.stirred {
            *woken.entry(number).or_default() += tasks;
        }
        // A task that is gone takes its payload and result along.
        let is_there = |(id, _): &(TaskId, Bytes)| gone.binary_search(id).is_err();
        let payloads = self.payloads.into_iter().filter(is_there);
        changes.extend(payloads.map(|(id, payload)| Change::PutPayload(id, payload)));
        let results = self.results.into_iter().filter(is_there);
        changes.extend(results.map(|(id, result)| Change::PutResult(id, result)));
        changes.extend(self.answers.into_iter().map(|number| match machine.answers.row(number) {
            Some(row) => Change::PutIdempotency(row),
            None => Change::DeleteIdempotency(number),
        }));
        changes.extend(self.ended.into_iter().map(|id| match machine.ended.get(&id) {
            Some(failed) => Change::PutEnded(EndedRow { task: id.get(), failed: *failed }),
            None => Change::DeleteEnded(id),
        }));
        changes.extend(self.limits.into_iter().map(
            |name| match machine.queues.limits.row(&name) {
                Some(row) => Change::PutLimit(row),
                None => Change::DeleteLimit(name),
            },
        ));
        changes.extend(self.lanes.into_iter().map(|(queue, key)| {
            match machine.queues.lane_row(queue, &key) {
                Some(row) => Change::PutLane(row),
                None => Change::DeleteLane(queue, key),
            }
        }));
        changes.extend(self.workers.into_iter().map(
            |name| match machine.queues.workers.row(&name) {
                Some(row) => Change::PutWorker(row),
                None => Change::DeleteWorker(name),
            },
        ));
        changes.extend(self.workflows.into_iter().map(|first| {
            let row = machine.tasks.workflows.row(first);
            row.map_or(Change::DeleteWorkflow(first), |row| Change::PutWorkflow(*row))
        }));
        self.waits.sort_unstable();
        self.waits.dedup();
        changes.extend(self.waits.into_iter().map(|(id, dependency)| {
            let waits = machine.tasks.get(id).and_then(Task::own_waits);
            if waits.is_some_and(|waits| waits.contains(&dependency)) {
                Change::PutWait(WaitRow { task: id.get(), dependency: dependency.get() })
            } else {
                Change::DeleteWait(id, dependency)
            }
        }));
        changes.extend(self.schedules.into_iter().map(|name| match machine.schedules.row(&name) {
            Some(row) => Change::PutSchedule(Box::new(row)),
            None => Change::DeleteSchedule(name),
        }));
        Stored { changes, woken }
    }
}
