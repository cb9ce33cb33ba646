//! What this node counts of a queue for itself: neither stored nor compared.

use ferry_types::Timestamp;

use super::applying::Applying;
use super::rates::Rates;
use super::task::Task;
use super::traffic::Traffic;
use crate::event::EventName;
use crate::row::TaskEvent;
use crate::state::StateName;

/// What is counted of a queue.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) rates: Rates,
    pub(crate) traffic: Traffic,
}

/// Something to count.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    /// So many tasks were enqueued, and so many of them were ready at once.
    Enqueued { tasks: u64, ready: u64 },
    /// A task became ready later.
    Ready,
    /// A worker has done a task that it had since then.
    Acked { started_at: Option<Timestamp> },
    /// A worker has failed with a task that it had since then.
    Nacked { started_at: Option<Timestamp> },
}

impl Measured {
    /// Nothing yet.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { rates: Rates::default(), traffic: Traffic::new(now) }
    }

    fn count(&mut self, now: Timestamp, count: Count) {
        match count {
            Count::Enqueued { tasks, ready } => {
                self.rates.count(now, tasks, 0);
                if ready > 0 {
                    self.traffic.arrived(now, ready);
                }
            }
            Count::Ready => self.traffic.arrived(now, 1),
            Count::Acked { started_at } => {
                self.rates.count(now, 0, 1);
                started_at.into_iter().for_each(|at| self.traffic.served(now, at));
            }
            Count::Nacked { started_at } => {
                started_at.into_iter().for_each(|at| self.traffic.served(now, at));
            }
        }
    }
}

impl Applying<'_> {
    /// Counts something of a queue; in a transaction only once that succeeds.
    pub(crate) fn count(&mut self, queue: u32, count: Count) {
        if let Some(journal) = &mut self.journal {
            return journal.counts.push((queue, count));
        }
        let now = self.machine.now();
        let measured = self.machine.measured.entry(queue).or_insert_with(|| Measured::new(now));
        measured.count(now, count);
    }

    /// Counts a task that a worker has just got.
    pub(crate) fn count_lease(&mut self, task: &Taken, worker: Option<&str>) {
        let (now, queue) = (self.machine.now(), task.queue);
        let queues = &self.machine.queues;
        let leased = queues.any(queue).held();
        let registered = |name: &str| queues.workers.named(name);
        let slots = |name: &str| registered(name).map_or(1, |worker| worker.settings.slots.into());
        let measured = self.machine.measured.entry(queue).or_insert_with(|| Measured::new(now));
        measured.traffic.taken(now, task.due, worker, slots, leased);
    }
}

/// A task before a worker gets it.
pub(crate) struct Taken {
    queue: u32,
    /// When it was ready, if it has not been tried and that is known.
    due: Option<Timestamp>,
}

impl Taken {
    pub(crate) fn new(task: &Task) -> Self {
        let is_tied = task.ties().is_some_and(|ties| !ties.depends_on.is_empty());
        let is_known = task.attempt == 0 && !is_tied;
        Self { queue: task.queue, due: is_known.then(|| task.due().max(task.enqueued_at)) }
    }
}

/// Whether a task has come to those that wait for a worker, other than back from one who did not try.
pub(crate) fn has_arrived(event: &TaskEvent) -> bool {
    event.state == i32::from(StateName::Ready)
        && matches!(
            event.event(),
            EventName::Due
                | EventName::Nacked
                | EventName::Retried
                | EventName::Redriven
                | EventName::RunNow
                | EventName::Unblocked
        )
}
