//! Who has registered, what their leases use, and who may get what.

use std::collections::{BTreeMap, BTreeSet};

use ferry_core::command::{Assign, Assignment, EndSessions, PutWorker, Session, WorkerSettings};
use ferry_core::rejection::WorkerNotFound;
use ferry_core::reply::{
    Assigned, AssignedItem, AssignmentOutcome, Lease, NotAssigned, NotAssignedReason,
    SessionsEnded, WorkerDeleted, WorkerDrained, WorkerPut, WorkerStatus,
};
use ferry_core::row::WorkerRow;
use ferry_core::{Rejection, Reply, StateName};

use super::order::is_held;
use super::{Reference, Task};

/// A registered worker.
#[derive(Clone)]
pub(crate) struct Worker {
    session: u64,
    settings: WorkerSettings,
    draining: bool,
}

/// Whom a queue is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Taker<'a> {
    Unregistered,
    Registered(&'a str),
    Anybody,
}

/// What can be seen of a worker.
#[derive(Debug, PartialEq)]
pub(crate) struct WorkerFacts {
    pub(crate) name: String,
    pub(crate) session: u64,
    pub(crate) settings: WorkerSettings,
    pub(crate) draining: bool,
    pub(crate) used: BTreeMap<String, u64>,
    pub(crate) held: BTreeSet<u64>,
}

/// What a task needs of its worker.
pub(crate) fn needs(task: &Task) -> (&BTreeMap<String, u64>, &BTreeMap<String, String>) {
    (&task.row.resources, &task.row.selector)
}

impl Reference {
    pub(crate) fn taker<'a>(&self, worker: Option<&'a str>) -> Taker<'a> {
        let registered = worker.filter(|name| self.workers.contains_key(*name));
        registered.map_or(Taker::Unregistered, Taker::Registered)
    }

    pub(crate) fn has_room_for(&self, taker: Taker<'_>) -> bool {
        let Taker::Registered(name) = taker else { return true };
        let Worker { settings, draining, .. } = &self.workers[name];
        !draining && self.held_by(name).count() < settings.slots as usize
    }

    /// Whether whoever asks has what a task needs, a slot apart.
    pub(crate) fn suits(&self, task: &Task, taker: Taker<'_>) -> bool {
        match taker {
            Taker::Unregistered => task.row.resources.is_empty() && task.row.selector.is_empty(),
            Taker::Registered(name) => self.is_selected(task, name) && self.is_enough(task, name),
            Taker::Anybody => true,
        }
    }

    fn is_selected(&self, task: &Task, worker: &str) -> bool {
        let labels = &self.workers[worker].settings.labels;
        task.row.selector.iter().all(|(label, value)| labels.get(label) == Some(value))
    }

    fn is_enough(&self, task: &Task, worker: &str) -> bool {
        let used = self.used_by(worker);
        task.row.resources.iter().all(|(resource, amount)| {
            let all = self.workers[worker].settings.resources.get(resource).unwrap_or(&0);
            used.get(resource).unwrap_or(&0) + amount <= *all
        })
    }

    /// The tasks that are held by leases of a worker's session.
    fn held_by(&self, worker: &str) -> impl Iterator<Item = &Task> {
        let session = self.workers[worker].session;
        let is_of = move |task: &&Task| {
            let is_its = task.row.worker.as_deref() == Some(worker);
            is_held(task) && is_its && task.row.token > Some(session)
        };
        self.tasks.iter().filter(is_of)
    }

    fn used_by(&self, worker: &str) -> BTreeMap<String, u64> {
        let mut used = BTreeMap::<String, u64>::new();
        for (resource, amount) in self.held_by(worker).flat_map(|task| &task.row.resources) {
            *used.entry(resource.clone()).or_default() += amount;
        }
        used.retain(|_, amount| *amount > 0);
        used
    }

    pub(crate) fn worker_facts(&self) -> Vec<WorkerFacts> {
        let facts = |(name, worker): (&String, &Worker)| WorkerFacts {
            name: name.clone(),
            session: worker.session,
            settings: worker.settings.clone(),
            draining: worker.draining,
            used: self.used_by(name),
            held: self.held_by(name).map(|task| task.row.id).collect(),
        };
        self.workers.iter().map(facts).collect()
    }

    pub(crate) fn put_worker(&mut self, PutWorker { worker, settings }: PutWorker) -> Reply {
        let old = self.workers.get(&worker).map(|worker| worker.session);
        self.leases_so_far += u64::from(old.is_none());
        let session = old.unwrap_or(self.leases_so_far);
        let put = Worker { session, settings, draining: false };
        self.workers.insert(worker.clone(), put);
        let status = Some(Box::new(self.worker_status(&worker)));
        Reply::WorkerPut(WorkerPut { created: old.is_none(), session, status })
    }

    /// A worker as it stands.
    fn worker_status(&self, name: &str) -> WorkerStatus {
        let Worker { session, settings, draining } = self.workers[name].clone();
        WorkerStatus {
            row: WorkerRow { worker: name.into(), session, settings, draining },
            leases: self.held_by(name).count() as u64,
            used: self.used_by(name),
        }
    }

    pub(crate) fn drain_worker(&mut self, name: &str) -> Result<Reply, Rejection> {
        self.workers.get_mut(name).ok_or_else(|| not_found(name))?.draining = true;
        let status = self.worker_status(name);
        let (leases, status) = (status.leases, Some(Box::new(status)));
        Ok(Reply::WorkerDrained(WorkerDrained { leases, status }))
    }

    pub(crate) fn delete_worker(&mut self, name: &str) -> Result<Reply, Rejection> {
        if !self.workers.contains_key(name) {
            return Err(not_found(name));
        }
        let leases = self.worker_goes(name, "worker deleted");
        Ok(Reply::WorkerDeleted(WorkerDeleted { leases }))
    }

    pub(crate) fn end_sessions(&mut self, EndSessions { sessions }: &EndSessions) -> Reply {
        let mut reply = SessionsEnded { seen: sessions.len() as u32, ..SessionsEnded::default() };
        for Session { worker, session } in sessions {
            if self.workers.get(worker).is_some_and(|known| known.session == *session) {
                reply.ended += 1;
                reply.leases += self.worker_goes(worker, "session ended");
            }
        }
        Reply::SessionsEnded(reply)
    }

    fn worker_goes(&mut self, name: &str, error: &str) -> u64 {
        let held: Vec<u64> = self.held_by(name).map(|task| task.row.id).collect();
        for id in &held {
            let task = self.task_mut(*id);
            let (is_left_over, is_leased) = (task.is_left_over(), task.is(StateName::Leased));
            match (is_left_over, is_leased) {
                (true, _) => {}
                (false, true) => self.lease_is_over(*id, error),
                (false, false) => self.learns(*id),
            }
            self.turns_follow();
        }
        self.workers.remove(name);
        held.len() as u64
    }

    pub(crate) fn assign(&mut self, Assign { items }: &Assign) -> Reply {
        let mut outcomes = Vec::new();
        for item in items {
            outcomes.push(match self.assign_one(item) {
                Ok(lease) => AssignmentOutcome::Leased(lease),
                Err((reason, not_before_ms)) => {
                    let reason = reason.into();
                    AssignmentOutcome::Refused(NotAssigned { reason, not_before_ms })
                }
            });
            self.turns_follow();
        }
        let items = outcomes.into_iter().map(|outcome| AssignedItem { outcome: Some(outcome) });
        Reply::Assigned(Assigned { items: items.collect() })
    }

    fn assign_one(
        &mut self,
        Assignment { task: id, to }: &Assignment,
    ) -> Result<Lease, (NotAssignedReason, Option<u64>)> {
        let Some(worker) = self.workers.get(&to.worker).filter(|w| w.session == to.session) else {
            return Err((NotAssignedReason::SessionEnded, None));
        };
        let known = |task: &&Task| task.row.id == *id && !task.is_left_over();
        let Some(task) = self.tasks.iter().find(known) else {
            return Err((NotAssignedReason::TaskNotFound, None));
        };
        let is_too_late = task.row.ttl_ends_at_ms.is_some_and(|end| end <= self.now);
        let assigns = self.queues[&task.queue].settings.assign.is_some();
        let at = self.not_before(task);
        let reason = if worker.draining {
            NotAssignedReason::Draining
        } else if !task.is(StateName::Ready) || is_too_late {
            NotAssignedReason::NotReady
        } else if !assigns || !worker.settings.queues.contains(&task.queue) {
            NotAssignedReason::NotServed
        } else if !self.may_be_taken(task, &task.queue) {
            NotAssignedReason::HeldBack
        } else if at > self.now {
            return Err((NotAssignedReason::HeldBack, Some(at)));
        } else if !self.has_room_for(Taker::Registered(&to.worker)) {
            NotAssignedReason::NoSlot
        } else if !self.is_selected(task, &to.worker) {
            NotAssignedReason::NotSelected
        } else if !self.is_enough(task, &to.worker) {
            NotAssignedReason::NoResources
        } else {
            let lease = self.lease(*id, None, Some(to.worker.clone()));
            self.is_delivered(*id);
            return Ok(lease);
        };
        Err((reason, None))
    }
}

fn not_found(worker: &str) -> Rejection {
    Rejection::WorkerNotFound(WorkerNotFound { worker: worker.into() })
}
