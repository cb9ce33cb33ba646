//! Limits, turns and workers, read back from the disk.

use super::Machine;
use super::bucket::Bucket;
use super::limits::Limit;
use super::worker::Worker;
use crate::row::{LaneRow, LimitRow, WorkerRow};

impl Machine {
    /// A named limit, before any task.
    pub(crate) fn restore_limit(&mut self, row: LimitRow) -> Result<(), String> {
        let LimitRow { limit: name, settings, full_at_ns } = row;
        if self.queues.limits.get(&name).is_some() {
            return Err(format!("the limit {name} is there twice"));
        }
        let bucket = Bucket::from_row(full_at_ns);
        self.queues.limits.insert(&name, Limit { settings, bucket, held: 0 });
        Ok(())
    }

    /// A registered worker, before any task.
    pub(crate) fn restore_worker(&mut self, row: WorkerRow) -> Result<(), String> {
        let WorkerRow { worker: name, session, settings, draining } = row;
        if session >= self.counters.next_token {
            return Err(format!("the session of the worker {name} has not begun yet"));
        }
        let mut worker = Worker::new(&name, settings);
        worker.draining = draining;
        if self.queues.workers.insert(session, worker) {
            return Ok(());
        }
        Err(format!("the worker {name} is there twice, or its session is"))
    }

    /// The turn of a key, before any task.
    pub(crate) fn restore_lane(&mut self, row: LaneRow) -> Result<(), String> {
        let LaneRow { queue, key, turn } = row;
        if !self.queues.contains(queue) {
            return Err(format!("the queue {queue} of the key {key} is missing"));
        }
        if turn >= self.counters.next_turn {
            return Err(format!("the turn of the key {key} was not given yet"));
        }
        let choice = &mut self.queues.any_mut(queue).choice;
        if choice.change_lane(&key, |lane| lane.turn.replace(turn)).is_some() {
            return Err(format!("the key {key} is there twice"));
        }
        Ok(())
    }
}
