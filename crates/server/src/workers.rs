//! Registered workers as the leader sees them: who lives, whom it sends tasks to, and which.
//!
//! 1. Signs of life are kept in the memory of the leader. While nothing changes, nothing is written
//!    to the log, however many workers there are.
//! 2. A new leader gives every worker a whole session from its own election on, so that none ends
//!    early; and none lasts longer than one session more (G8).
//! 3. What is assigned is decided by `apply`. What a stream sends has been decided.
//! 4. A lease whose assignment this leader does not know to have been sent is sent when the worker
//!    connects again: the live ones come first on every connection.

mod assignments;
mod ending;
mod look;
mod outlook;
mod scheduler;
mod sessions;
mod streams;
mod watch;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ferry_core::Command;
use ferry_replica::Replica;
use ferry_scheduler::Paces;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub(crate) use assignments::{Assignments, Form, LINES};
pub(crate) use ending::{Announced, Ending};
pub(crate) use sessions::{Presence, Sessions};
pub(crate) use streams::{Item, Streams};

/// What this node knows of workers beside the replicated state. Of use while it leads.
#[derive(Default)]
pub(crate) struct Workers {
    /// Who lives.
    pub(crate) sessions: Sessions,
    /// Who takes assignments.
    pub(crate) streams: Streams,
    /// Assignments that were made, by this node as the leader.
    pub(crate) assigned: AtomicU64,
    /// Assignments that `apply` refused.
    pub(crate) refused: AtomicU64,
    /// Sessions that this node ended as the leader.
    pub(crate) ended: AtomicU64,
    /// Leases that are about to end.
    ending: Ending,
    /// How long tasks take.
    paces: Mutex<Paces>,
    /// Rung when there may be something to assign.
    bell: Notify,
}

impl Workers {
    /// There may be something to assign: look.
    pub(crate) fn wake(&self) {
        self.bell.notify_one();
    }

    /// Announces the leases that a command ends, if anybody gets what it is assigned. Whoever proposes
    /// it wakes the scheduler behind it.
    pub(crate) fn announce(&self, command: &Command) -> Option<Announced<'_>> {
        let Command::Settle(settle) = command else { return None };
        if self.streams.len() == 0 { None } else { self.ending.announce(&settle.items) }
    }

    /// Notes how long a task of a kind took at a worker. Every node does, so that a new leader
    /// knows what the one before it knew.
    pub(crate) fn served(&self, worker: &str, kind: &str, took: Duration) {
        self.paces().note(kind, worker, u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    }

    /// Forgets what was learned of a worker that is registered no more.
    pub(crate) fn forget(&self, worker: &str) {
        self.paces().forget(worker);
    }

    fn paces(&self) -> MutexGuard<'_, Paces> {
        // What a panicked holder left is a hint like any other.
        self.paces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends sessions and assigns tasks for as long as this node leads, time and again, until `stop`.
pub(crate) async fn run(replica: Replica, workers: Arc<Workers>, stop: CancellationToken) {
    let watch = watch::run(&replica, &workers, &stop);
    let schedule = scheduler::run(&replica, &workers, &stop);
    futures::join!(watch, schedule);
}
