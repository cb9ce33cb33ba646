//! Where a task is in its life, and what follows from that alone.

use ferry_types::{LeaseToken, Timestamp};

use super::task::Task;
use crate::state::StateName;

/// Where a task is in its life, with what is true there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TaskState {
    /// Not before `due`, as its producer asked.
    Scheduled,
    /// Not before the tasks that it waits for have ended.
    Blocked,
    /// Any worker may take it.
    Ready,
    /// Whoever shows the token may settle it until the lease runs out.
    Leased(Held),
    /// Failed; not before `due`.
    Retrying,
    /// Done under the lease with this token.
    Succeeded { token: LeaseToken, finished_at: Timestamp, kept_until: Timestamp },
    /// Out of attempts; kept forever without `kept_until`.
    Dead { finished_at: Timestamp, kept_until: Option<Timestamp> },
    /// Called off, perhaps while a lease held it.
    Cancelled { lease: Option<CalledOff>, finished_at: Timestamp, kept_until: Timestamp },
    /// Not done in time.
    Expired { finished_at: Timestamp, kept_until: Timestamp },
}

/// A lease.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) token: LeaseToken,
    pub(crate) expires_at: Timestamp,
    /// How long it was last asked to be, in milliseconds.
    pub(crate) length_ms: u64,
    pub(crate) worker: Option<Box<str>>,
}

/// The lease that held a task when it was cancelled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CalledOff {
    pub(crate) held: Box<Held>,
    /// Whether it stands: its holder has not learned it, and its time has not come.
    pub(crate) stands: bool,
}

/// What the last lease on a task leaves behind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LastLease {
    pub(crate) started_at: Timestamp,
    /// What the last failure said; leases that have not failed keep it.
    pub(crate) error: Option<Box<str>>,
}

impl Task {
    /// When time alone will move it.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        match self.state() {
            TaskState::Scheduled | TaskState::Retrying => {
                Some(self.ttl_end().map_or(self.due(), |end| end.min(self.due())))
            }
            TaskState::Blocked | TaskState::Ready => self.ttl_end(),
            TaskState::Leased(held) => Some(held.expires_at),
            TaskState::Cancelled { lease: Some(lease), .. } if lease.stands => {
                Some(lease.held.expires_at)
            }
            TaskState::Succeeded { kept_until, .. }
            | TaskState::Cancelled { kept_until, .. }
            | TaskState::Expired { kept_until, .. } => Some(*kept_until),
            TaskState::Dead { kept_until, .. } => *kept_until,
        }
    }

    /// When it ended, if it is kept only so that it can be asked for.
    pub(crate) fn finished_at(&self) -> Option<Timestamp> {
        match self.state() {
            TaskState::Scheduled
            | TaskState::Blocked
            | TaskState::Ready
            | TaskState::Leased(_)
            | TaskState::Retrying
            | TaskState::Dead { .. } => None,
            TaskState::Cancelled { .. } if self.is_held() => None,
            TaskState::Succeeded { finished_at, .. }
            | TaskState::Cancelled { finished_at, .. }
            | TaskState::Expired { finished_at, .. } => Some(*finished_at),
        }
    }

    /// Whether the queue's bounds count it.
    pub(crate) fn is_unfinished(&self) -> bool {
        match self.state() {
            TaskState::Scheduled
            | TaskState::Blocked
            | TaskState::Ready
            | TaskState::Leased(_)
            | TaskState::Retrying => true,
            TaskState::Succeeded { .. }
            | TaskState::Dead { .. }
            | TaskState::Cancelled { .. }
            | TaskState::Expired { .. } => false,
        }
    }

    /// Whether a lease holds it, or stands although it is cancelled.
    pub(crate) fn is_held(&self) -> bool {
        let stands = |lease: &Option<CalledOff>| lease.as_ref().is_some_and(|lease| lease.stands);
        match self.state() {
            TaskState::Leased(_) => true,
            TaskState::Cancelled { lease, .. } => stands(lease),
            TaskState::Scheduled
            | TaskState::Blocked
            | TaskState::Ready
            | TaskState::Retrying
            | TaskState::Succeeded { .. }
            | TaskState::Dead { .. }
            | TaskState::Expired { .. } => false,
        }
    }

    /// The lease that holds it, or held it when it was cancelled.
    pub(crate) fn last_held(&self) -> Option<&Held> {
        if let TaskState::Cancelled { lease: Some(lease), .. } = self.state() {
            return Some(&lease.held);
        }
        if let TaskState::Leased(held) = self.state() { Some(held) } else { None }
    }
}

impl TaskState {
    /// The state without what is true in it.
    pub(crate) fn name(&self) -> StateName {
        match self {
            Self::Scheduled => StateName::Scheduled,
            Self::Blocked => StateName::Blocked,
            Self::Ready => StateName::Ready,
            Self::Leased(_) => StateName::Leased,
            Self::Retrying => StateName::Retrying,
            Self::Succeeded { .. } => StateName::Succeeded,
            Self::Dead { .. } => StateName::Dead,
            Self::Cancelled { .. } => StateName::Cancelled,
            Self::Expired { .. } => StateName::Expired,
        }
    }
}
