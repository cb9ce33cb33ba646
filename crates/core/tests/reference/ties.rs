//! What binds tasks to others: unique keys, dependencies, transactions.

use std::collections::BTreeSet;

use ferry_core::command::{
    Action, LeaseAck, LeaseNack, NewTask, Require, Settlement, Step, Transact,
};
use ferry_core::rejection::{AlreadyExists, LeaseLost, OperationRefused};
use ferry_core::reply::{Accepted, Done, OperationResult, Refused, Transacted};
use ferry_core::row::TaskRow;
use ferry_core::{EventName, Rejection, Reply, StateName};

use super::operate::wrong_state;
use super::{Reference, Task};

impl Task {
    /// Until when it is kept, if it would be until `kept_until` without its unique key.
    pub(crate) fn kept_for_unique(&self, kept_until: u64) -> u64 {
        let until = self.row.unique.as_ref().and_then(|unique| unique.until_ms);
        until.map_or(kept_until, |until| kept_until.max(self.row.enqueued_at_ms + until))
    }

    fn has_unique(&self, key: &str, now: u64) -> bool {
        let Some(unique) = self.row.unique.as_ref().filter(|unique| unique.key == key) else {
            return false;
        };
        match unique.until_ms {
            Some(until) => self.row.enqueued_at_ms + until > now,
            None => self.is_unfinished() || self.is(StateName::Dead),
        }
    }
}

impl Reference {
    pub(crate) fn are_unique(&self, queue: &str, tasks: &[NewTask]) -> Result<(), Rejection> {
        let mut seen: Vec<(&str, u32)> = Vec::new();
        for (place, task) in (0..).zip(tasks) {
            let Some(unique) = &task.unique else { continue };
            let key = unique.key.as_str();
            let has_it = |task: &&Task| task.queue == queue && task.has_unique(key, self.now);
            let holder = self.tasks.iter().find(has_it).map(|task| task.row.id);
            let sibling = seen.iter().find(|(other, _)| *other == key).map(|(_, place)| *place);
            if holder.or(sibling.map(u64::from)).is_some() {
                return Err(Rejection::AlreadyExists(AlreadyExists {
                    task: holder.unwrap_or(0),
                    unique: key.into(),
                    item: (tasks.len() > 1).then_some(place),
                    sibling: sibling.filter(|_| holder.is_none()),
                }));
            }
            seen.push((key, place));
        }
        Ok(())
    }

    /// What a new task waits for, and whether it is not to run at all.
    pub(crate) fn dependencies(&self, new: &NewTask) -> (Vec<u64>, bool) {
        let task = |id: &u64| self.known(*id).expect("dependencies exist");
        let waits: BTreeSet<u64> =
            new.depends_on.iter().copied().filter(|id| task(id).is_unfinished()).collect();
        let fails = |id: &u64| !task(id).is_unfinished() && !task(id).is(StateName::Succeeded);
        let failed = new.depends_on.iter().any(fails) && !new.run_on_dependency_failure;
        (waits.into_iter().collect(), failed)
    }

    pub(crate) fn notes_end(&mut self, id: u64, failed: bool) {
        self.failed.entry(id).or_insert(failed);
    }

    /// Lets everybody know who waits for a task that has ended, again and again, because that ends
    /// others.
    pub(crate) fn unblock(&mut self, which: impl Fn(u64) -> bool) {
        loop {
            let found =
                self.failed.iter().filter(|(id, _)| which(**id)).find_map(|(id, failed)| {
                    let waits = |task: &&Task| {
                        let waits_for = task.waits.iter().chain(&task.row.waits_for);
                        task.is(StateName::Blocked) && waits_for.copied().any(|other| other == *id)
                    };
                    Some((*id, *failed, self.tasks.iter().find(waits)?.row.id))
                });
            let Some((dependency, failed, id)) = found else { return };
            if self.task_mut(id).is_left_over() {
                self.remove(|task| task.row.id == id);
            } else if failed && !self.task_mut(id).row.run_on_dependency_failure
                || self.known(id).is_ok_and(|task| self.is_called_off(task))
            {
                self.ends(id, StateName::Cancelled);
            } else {
                self.waits_no_longer_for(id, dependency);
            }
        }
    }

    fn waits_no_longer_for(&mut self, id: u64, dependency: u64) {
        let (now, index) = (self.now, self.index);
        let task = self.task_mut(id);
        task.waits.retain(|other| *other != dependency);
        if !task.waits.is_empty() {
            return;
        }
        let row = &mut task.row;
        row.waits_for.retain(|other| *other != dependency);
        row.index = index;
        if row.waits_for.is_empty() {
            let due = row.run_at_ms.unwrap_or(row.enqueued_at_ms);
            let state = if due <= now { StateName::Ready } else { StateName::Scheduled };
            self.becomes(id, EventName::Unblocked, state);
        } else {
            self.tell(id, EventName::DependencyEnded, None);
        }
    }

    pub(crate) fn transact(&mut self, transact: Transact) -> Result<Reply, Rejection> {
        let before = self.clone();
        let mut results = Vec::new();
        for (operation, step) in (0..).zip(transact.operations) {
            let step = step.step.expect("the steps give every operation one");
            let lease = match &step {
                Step::Ack(ack) => Some((ack.task, ack.token)),
                Step::Nack(nack) => Some((nack.task, nack.token)),
                Step::Enqueue(_) | Step::Cancel(_) | Step::Require(_) => None,
            };
            match self.step(step) {
                Ok(done) => results.push(OperationResult { done: Some(done) }),
                Err(rejection) => {
                    *self = before;
                    lease.into_iter().for_each(|(task, token)| self.tells_cancelled(task, token));
                    let refused = Some(Box::new(Refused { rejection: Some(rejection) }));
                    let refused = OperationRefused { operation, refused };
                    return Err(Rejection::OperationRefused(refused));
                }
            }
        }
        Ok(Reply::Transacted(Transacted { results }))
    }

    /// The holder of a cancelled task has learned it.
    fn tells_cancelled(&mut self, id: u64, token: u64) {
        let is_told = |task: &&Task| {
            task.is(StateName::Cancelled) && task.row.token == Some(token) && task.row.held
        };
        if self.known(id).ok().filter(is_told).is_some() {
            self.learns(id);
        }
    }

    fn step(&mut self, step: Step) -> Result<Done, Rejection> {
        match step {
            Step::Enqueue(enqueue) => {
                let reply = self.enqueue(enqueue)?;
                let Reply::Enqueued(enqueued) = reply else { panic!("an enqueue: {reply:?}") };
                Ok(Done::Enqueued(enqueued))
            }
            Step::Ack(LeaseAck { task, token, ack }) => {
                let won =
                    |row: &TaskRow| row.state() == StateName::Succeeded && row.token == Some(token);
                if let Some(row) =
                    self.known(task).ok().map(|task| &task.row).filter(|row| won(row))
                {
                    let (state, attempt) = (row.state, row.attempt);
                    return Err(Rejection::LeaseLost(LeaseLost { task, token, state, attempt }));
                }
                let action = Some(Action::Ack(ack));
                self.settle(Settlement { task, token, action }).map(Done::Settled)
            }
            Step::Nack(LeaseNack { task, token, nack }) => {
                let action = Some(Action::Nack(nack));
                self.settle(Settlement { task, token, action }).map(Done::Settled)
            }
            Step::Cancel(cancel) => {
                let reply = self.cancel(cancel.task)?;
                let Reply::TaskChanged(changed) = reply else { panic!("a cancel: {reply:?}") };
                Ok(Done::Cancelled(changed))
            }
            Step::Require(Require { task, state }) => {
                let row = &self.known(task)?.row;
                if row.state != state {
                    return Err(wrong_state(task, row.state()));
                }
                let attempt = row.attempt;
                Ok(Done::Met(Accepted { task, state, attempt, expires_at_ms: None }))
            }
        }
    }
}
