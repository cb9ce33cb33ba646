use std::collections::BTreeSet;

use bytes::Bytes;
use ferry_types::TaskId;

use super::Machine;
use crate::Change;
use crate::row::CountersRow;

/// What an entry has touched, so that each row is stored once, as it is in the end.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    pub(crate) queues: BTreeSet<u32>,
    /// Numbers may repeat.
    pub(crate) tasks: Vec<TaskId>,
    pub(crate) payloads: Vec<(TaskId, Bytes)>,
    pub(crate) results: Vec<(TaskId, Bytes)>,
    pub(crate) answers: BTreeSet<u64>,
}

impl Dirty {
    /// The touched tasks, each once, in order.
    pub(crate) fn settle_tasks(&mut self) {
        self.tasks.sort_unstable();
        self.tasks.dedup();
    }

    /// The rows as they are after the entry. A task that is gone takes its payload and result
    /// along, so these are not stored for it.
    pub(crate) fn into_changes(self, machine: &Machine, before: CountersRow) -> Vec<Change> {
        let mut changes = Vec::with_capacity(1 + self.tasks.len() + self.payloads.len());
        if machine.counters != before {
            changes.push(Change::PutCounters(machine.counters));
        }
        changes.extend(self.queues.into_iter().map(|number| match machine.queues.row(number) {
            Some(row) => Change::PutQueue(row),
            None => Change::DeleteQueue(number),
        }));
        changes.extend(self.tasks.into_iter().map(|id| match machine.tasks.get(id) {
            Some(task) => Change::PutTask(task.to_row(id)),
            None => Change::DeleteTask(id),
        }));
        let is_there = |(id, _): &(TaskId, Bytes)| machine.tasks.get(*id).is_some();
        let payloads = self.payloads.into_iter().filter(is_there);
        changes.extend(payloads.map(|(id, payload)| Change::PutPayload(id, payload)));
        let results = self.results.into_iter().filter(is_there);
        changes.extend(results.map(|(id, result)| Change::PutResult(id, result)));
        changes.extend(self.answers.into_iter().map(|number| match machine.answers.row(number) {
            Some(row) => Change::PutIdempotency(row),
            None => Change::DeleteIdempotency(number),
        }));
        changes
    }
}
