//! The registered workers. The number of a session is drawn from the counter of the fencing tokens,
//! so the leases under a worker's name that have larger tokens are those of its session, and no
//! task needs to say in which session it was leased.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use ferry_types::TaskId;

use super::task::Task;
use super::worker::Worker;
use crate::row::WorkerRow;

/// All registered workers.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Workers {
    by_session: BTreeMap<u64, Worker>,
    sessions: BTreeMap<Box<str>, u64>,
    /// Those that may get a lease more.
    open: BTreeSet<u64>,
}

impl Workers {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_session.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_session.len()
    }

    /// The session of the worker with this name.
    pub(crate) fn session(&self, name: &str) -> Option<u64> {
        self.sessions.get(name).copied()
    }

    /// The worker with this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Worker> {
        self.by_session.get(self.sessions.get(name)?)
    }

    /// The worker of a session.
    pub(crate) fn of(&self, session: u64) -> Option<&Worker> {
        self.by_session.get(&session)
    }

    /// Changes the worker of a session, if there is one.
    pub(crate) fn change(&mut self, session: u64, change: impl FnOnce(&mut Worker)) {
        if let Some(worker) = self.by_session.get_mut(&session) {
            change(worker);
            if worker.free_slots() > 0 {
                self.open.insert(session);
            } else {
                self.open.remove(&session);
            }
        }
    }

    /// Those that may get a lease more, with their sessions.
    pub(crate) fn open(&self) -> impl ExactSizeIterator<Item = (u64, &Worker)> {
        self.open.iter().map(|session| (*session, &self.by_session[session]))
    }

    /// The workers after `after` with their sessions, by name.
    pub(crate) fn after(&self, after: Option<&str>) -> impl Iterator<Item = (u64, &Worker)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let sessions = self.sessions.range::<str, _>((start, Bound::Unbounded));
        sessions.filter_map(|(_, session)| Some((*session, self.by_session.get(session)?)))
    }

    /// Adds a worker in a new session; tells whether its name and the session's number were free.
    pub(crate) fn insert(&mut self, session: u64, worker: Worker) -> bool {
        let name_is_new = self.sessions.insert(worker.name.clone(), session).is_none();
        let is_new = self.by_session.insert(session, worker).is_none();
        self.change(session, |_| {});
        is_new && name_is_new
    }

    /// Removes a worker with its session.
    pub(crate) fn remove(&mut self, session: u64) -> Option<Worker> {
        let worker = self.by_session.remove(&session)?;
        self.open.remove(&session);
        self.sessions.remove(&worker.name);
        Some(worker)
    }

    /// The session that the lease on a task counts in, if one does.
    pub(crate) fn holding(&self, task: &Task) -> Option<u64> {
        if self.is_empty() || !task.is_held() {
            return None;
        }
        let held = task.last_held()?;
        let session = self.session(held.worker.as_deref()?)?;
        (held.token.get() > session).then_some(session)
    }

    /// Follows the lease on a task from one session to another, of which mostly one is none.
    pub(crate) fn follow(
        &mut self,
        (id, task): (TaskId, &Task),
        before: Option<u64>,
        after: Option<u64>,
    ) {
        if before == after {
            return;
        }
        let needs = task.needs();
        let needs = needs.map(|needs| &**needs);
        if let Some(session) = before {
            self.change(session, |worker| worker.let_go(id, needs));
        }
        if let Some(session) = after {
            self.change(session, |worker| worker.hold(id, needs));
        }
    }

    /// The row of a worker.
    pub(crate) fn row(&self, name: &str) -> Option<WorkerRow> {
        let session = self.session(name)?;
        self.of(session).map(|worker| worker.to_row(session))
    }

    /// The same workers before any task: for tests.
    pub(crate) fn without_tasks(&self) -> Self {
        let mut bare = Self::default();
        for (session, Worker { name, settings, draining, .. }) in &self.by_session {
            let mut worker = Worker::new(name, settings.clone());
            worker.draining = *draining;
            bare.insert(*session, worker);
        }
        bare
    }
}
