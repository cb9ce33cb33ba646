//! A task as the memory holds it: a million of them wait, so what these do not have is boxed.

use std::collections::BTreeMap;

use ferry_types::{LeaseToken, LogIndex, Priority, Timestamp};

use crate::command::{NewTask, QueueSettings, RetryPolicy};
use crate::state::StateName;

/// A task without its payload and result, which only the disk holds.
#[derive(Debug, PartialEq)]
pub(crate) struct Task {
    pub(crate) enqueued_at: Timestamp,
    /// The entry that changed it last.
    pub(crate) index: LogIndex,
    /// Its queue's number.
    pub(crate) queue: u32,
    pub(crate) payload_bytes: u32,
    /// Leases that count, so far.
    pub(crate) attempt: u32,
    pub(crate) priority: Priority,
    /// Whether the payload is bytes and not JSON.
    pub(crate) payload_is_bytes: bool,
    /// Nothing for a task that is ready since its enqueue and has no wishes.
    pub(crate) story: Option<Box<Story>>,
}

/// What distinguishes a task from those that only wait.
#[derive(Debug, PartialEq)]
pub(crate) struct Story {
    pub(crate) state: TaskState,
    /// When it is due, or was last.
    pub(crate) due: Timestamp,
    /// What it was leased for last, if it ever was.
    pub(crate) last_lease: Option<LastLease>,
    /// What its producer asked for beyond the queue's settings.
    pub(crate) wishes: Option<Box<Wishes>>,
}

/// Where a task is in its life, with what is true there.
#[derive(Debug, PartialEq)]
pub(crate) enum TaskState {
    /// Not before `due`, as its producer asked.
    Scheduled,
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
}

/// A lease.
#[derive(Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) token: LeaseToken,
    pub(crate) expires_at: Timestamp,
    /// How long it was last asked to be, in milliseconds.
    pub(crate) length_ms: u64,
    pub(crate) worker: Option<Box<str>>,
}

/// What the last lease on a task leaves behind.
#[derive(Debug, PartialEq)]
pub(crate) struct LastLease {
    pub(crate) started_at: Timestamp,
    /// What the last failure said; leases that have not failed keep it.
    pub(crate) error: Option<Box<str>>,
}

/// What a producer asked for beyond the queue's settings.
#[derive(Debug, PartialEq)]
pub(crate) struct Wishes {
    pub(crate) max_attempts: Option<u32>,
    pub(crate) lease_ms: Option<u64>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) task_type: Option<Box<str>>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) traceparent: Option<Box<str>>,
}

impl Task {
    /// The task that `new` describes, enqueued at `now` by the entry at `index`.
    pub(crate) fn new(queue: u32, new: NewTask, now: Timestamp, index: LogIndex) -> Self {
        let delay = std::time::Duration::from_millis(new.delay_ms);
        let due = new.run_at_ms.map_or(now + delay, Timestamp::from_millis);
        let state = if due <= now { TaskState::Ready } else { TaskState::Scheduled };
        let wishes = Wishes {
            max_attempts: new.max_attempts,
            lease_ms: new.lease_ms,
            retry: new.retry,
            task_type: new.task_type.map(Into::into),
            labels: new.labels,
            traceparent: new.traceparent.map(Into::into),
        };
        Self {
            enqueued_at: now,
            index,
            queue,
            payload_bytes: u32::try_from(new.payload.len()).expect("a frame is far below 4 GiB"),
            attempt: 0,
            priority: clamped(new.priority),
            payload_is_bytes: new.payload_is_bytes,
            story: Story { state, due, last_lease: None, wishes: wishes.boxed() }.boxed(now),
        }
    }

    pub(crate) fn state(&self) -> &TaskState {
        self.story.as_ref().map_or(&TaskState::Ready, |story| &story.state)
    }

    /// When it is due, or was last.
    pub(crate) fn due(&self) -> Timestamp {
        self.story.as_ref().map_or(self.enqueued_at, |story| story.due)
    }

    /// What it was leased for last, if it ever was.
    pub(crate) fn last_lease(&self) -> Option<&LastLease> {
        self.story.as_ref().and_then(|story| story.last_lease.as_ref())
    }

    /// What its producer asked for beyond the queue's settings.
    pub(crate) fn wishes(&self) -> Option<&Wishes> {
        self.story.as_ref().and_then(|story| story.wishes.as_deref())
    }

    /// When time alone will move it.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        match self.state() {
            TaskState::Scheduled | TaskState::Retrying => Some(self.due()),
            TaskState::Ready => None,
            TaskState::Leased(held) => Some(held.expires_at),
            TaskState::Succeeded { kept_until, .. } => Some(*kept_until),
            TaskState::Dead { kept_until, .. } => *kept_until,
        }
    }

    /// Whether the queue's bounds count it.
    pub(crate) fn is_unfinished(&self) -> bool {
        !matches!(self.state(), TaskState::Succeeded { .. } | TaskState::Dead { .. })
    }

    /// Whether no further attempt is left.
    pub(crate) fn is_used_up(&self, settings: &QueueSettings) -> bool {
        let wish = self.wishes().and_then(|wishes| wishes.max_attempts);
        let max_attempts = wish.unwrap_or(settings.max_attempts);
        max_attempts != 0 && self.attempt >= max_attempts
    }

    /// How it backs off.
    pub(crate) fn retry(&self, settings: &QueueSettings) -> RetryPolicy {
        self.wishes().and_then(|wishes| wishes.retry).unwrap_or(settings.retry)
    }

    /// How long a lease on it lasts, unless the dequeue says otherwise.
    pub(crate) fn lease_ms(&self, settings: &QueueSettings) -> u64 {
        self.wishes().and_then(|wishes| wishes.lease_ms).unwrap_or(settings.lease_ms)
    }

    /// Moves it on in its life.
    pub(crate) fn set_state(&mut self, state: TaskState) {
        self.story_mut().state = state;
    }

    /// Has it wait until `due`.
    pub(crate) fn set_due(&mut self, due: Timestamp) {
        self.story_mut().due = due;
    }

    /// Gives it to a worker.
    pub(crate) fn lease(&mut self, held: Held, started_at: Timestamp) {
        let story = self.story_mut();
        story.state = TaskState::Leased(held);
        let error = story.last_lease.take().and_then(|last| last.error);
        story.last_lease = Some(LastLease { started_at, error });
    }

    /// The lease that holds it.
    pub(crate) fn held_mut(&mut self) -> Option<&mut Held> {
        match &mut self.story.as_mut()?.state {
            TaskState::Leased(held) => Some(held),
            TaskState::Scheduled
            | TaskState::Ready
            | TaskState::Retrying
            | TaskState::Succeeded { .. }
            | TaskState::Dead { .. } => None,
        }
    }

    /// Keeps what the failure of the present lease said.
    pub(crate) fn set_error(&mut self, error: Option<&str>) {
        if let Some(last) = &mut self.story_mut().last_lease {
            last.error = error.map(Into::into);
        }
    }

    fn story_mut(&mut self) -> &mut Story {
        let due = self.enqueued_at;
        let waiting = || Story { state: TaskState::Ready, due, last_lease: None, wishes: None };
        self.story.get_or_insert_with(|| Box::new(waiting()))
    }
}

impl TaskState {
    /// The state without what is true in it.
    pub(crate) fn name(&self) -> StateName {
        match self {
            Self::Scheduled => StateName::Scheduled,
            Self::Ready => StateName::Ready,
            Self::Leased(_) => StateName::Leased,
            Self::Retrying => StateName::Retrying,
            Self::Succeeded { .. } => StateName::Succeeded,
            Self::Dead { .. } => StateName::Dead,
        }
    }
}

impl Story {
    /// The story in its box, or nothing if it is that of a task which only waits, so that equal
    /// tasks are equal in memory.
    pub(crate) fn boxed(self, enqueued_at: Timestamp) -> Option<Box<Self>> {
        let Self { state, due, last_lease, wishes } = &self;
        let only_waits = matches!(state, TaskState::Ready)
            && *due == enqueued_at
            && last_lease.is_none()
            && wishes.is_none();
        (!only_waits).then(|| Box::new(self))
    }
}

impl Wishes {
    /// The wishes in their box, or nothing if there are none.
    pub(crate) fn boxed(self) -> Option<Box<Self>> {
        let Self { max_attempts, lease_ms, retry, task_type, labels, traceparent } = &self;
        let none = max_attempts.is_none()
            && lease_ms.is_none()
            && retry.is_none()
            && task_type.is_none()
            && labels.is_empty()
            && traceparent.is_none();
        (!none).then(|| Box::new(self))
    }
}

/// The door refuses priorities above the highest; one in the log still gets an answer.
fn clamped(priority: u32) -> Priority {
    let highest = u32::try_from(Priority::COUNT - 1).expect("there are ten");
    let number = u8::try_from(priority.min(highest)).expect("at most the highest");
    Priority::new(number).expect("at most the highest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_task_is_small() {
        assert!(size_of::<Task>() <= 40, "{} bytes", size_of::<Task>());
        assert!(size_of::<Story>() <= 104, "{} bytes", size_of::<Story>());
    }
}
