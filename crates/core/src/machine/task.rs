//! A task as the memory holds it: a million of them wait, so what these do not have is boxed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ferry_types::{LogIndex, Priority, TaskId, Timestamp};

use super::history::History;
use super::member::Member;
use super::needs::Needs;
pub(crate) use super::task_state::{CalledOff, Held, LastLease, TaskState};
use crate::command::{Firing, NewTask, QueueSettings, RetryPolicy, Unique};

/// A task without its payload and result, which only the disk holds.
#[derive(Clone, Debug, PartialEq)]
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
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Story {
    pub(crate) state: TaskState,
    /// When it is due, or was last.
    pub(crate) due: Timestamp,
    /// What it was leased for last, if it ever was.
    pub(crate) last_lease: Option<LastLease>,
    /// What its producer asked for beyond the queue's settings.
    pub(crate) wishes: Option<Box<Wishes>>,
    pub(crate) history: History,
}

/// What a producer asked for beyond the queue's settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Wishes {
    pub(crate) max_attempts: Option<u32>,
    pub(crate) lease_ms: Option<u64>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) task_type: Option<Box<str>>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) traceparent: Option<Box<str>>,
    pub(crate) ttl: Option<Ttl>,
    pub(crate) key: Option<Box<str>>,
    /// In order, each once.
    pub(crate) locks: Box<[Box<str>]>,
    /// What it needs of its worker.
    pub(crate) needs: Option<Arc<Needs>>,
    pub(crate) ties: Option<Box<Ties>>,
    /// The firing of a schedule that it is of.
    pub(crate) firing: Option<Box<Firing>>,
}

/// What binds a task to others.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ties {
    /// What no other task of its queue may have meanwhile.
    pub(crate) unique: Option<Unique>,
    /// What it was to come after, as its producer asked.
    pub(crate) depends_on: Vec<TaskId>,
    /// Those of them that it waits for.
    pub(crate) waits_for: BTreeSet<TaskId>,
    /// Whether it runs even if one of them fails.
    pub(crate) run_on_failure: bool,
    /// Its place in a workflow.
    pub(crate) member: Option<Member>,
}

/// How long a task may take to be done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ttl {
    pub(crate) length_ms: u64,
    /// Moves when the task is made due at another time.
    pub(crate) ends_at: Timestamp,
}

impl Task {
    /// The task that `new` describes, enqueued at `now` by the entry at `index`, and blocked by the
    /// tasks that it waits for.
    pub(crate) fn new(
        queue: u32,
        new: NewTask,
        waits_for: BTreeSet<TaskId>,
        now: Timestamp,
        index: LogIndex,
    ) -> Self {
        let due = new.run_at_ms.map_or(now + millis(new.delay_ms), Timestamp::from_millis);
        let ttl = |length_ms| Ttl { length_ms, ends_at: due.max(now) + millis(length_ms) };
        let state = match (waits_for.is_empty(), due <= now) {
            (false, _) => TaskState::Blocked,
            (true, true) => TaskState::Ready,
            (true, false) => TaskState::Scheduled,
        };
        let ties = Ties {
            unique: new.unique,
            depends_on: new.depends_on.into_iter().map(TaskId::new).collect(),
            waits_for,
            run_on_failure: new.run_on_dependency_failure,
            member: None,
        };
        let wishes = Wishes {
            max_attempts: new.max_attempts,
            lease_ms: new.lease_ms,
            retry: new.retry,
            task_type: new.task_type.map(Into::into),
            labels: new.labels,
            traceparent: new.traceparent.map(Into::into),
            ttl: new.ttl_ms.map(ttl),
            ties: ties.boxed(),
            key: new.key.map(Into::into),
            locks: each_once(new.locks),
            needs: Needs::shared(new.resources, new.selector),
            firing: new.firing.map(Box::new),
        };
        Self {
            enqueued_at: now,
            index,
            queue,
            payload_bytes: u32::try_from(new.payload.len()).expect("a frame is far below 4 GiB"),
            attempt: 0,
            priority: clamped(new.priority),
            payload_is_bytes: new.payload_is_bytes,
            story: Story { wishes: wishes.boxed(), ..Story::new(state, due) }.boxed(now),
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

    /// What binds it to others.
    pub(crate) fn ties(&self) -> Option<&Ties> {
        self.wishes().and_then(|wishes| wishes.ties.as_deref())
    }

    /// When its time to be done ends, if it has one.
    pub(crate) fn ttl_end(&self) -> Option<Timestamp> {
        self.wishes().and_then(|wishes| wishes.ttl).map(|ttl| ttl.ends_at)
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

    /// Makes it due at `now`, as if its producer had asked for that.
    pub(crate) fn make_due(&mut self, now: Timestamp) {
        let story = self.story_mut();
        (story.state, story.due) = (TaskState::Ready, now);
        if let Some(ttl) = story.wishes.as_mut().and_then(|wishes| wishes.ttl.as_mut()) {
            ttl.ends_at = now + millis(ttl.length_ms);
        }
        let enqueued_at = self.enqueued_at;
        self.story = self.story.take().and_then(|story| story.boxed(enqueued_at));
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
        let state = &mut self.story.as_mut()?.state;
        if let TaskState::Leased(held) = state { Some(held) } else { None }
    }

    /// Has it wait no longer for a task that has ended.
    pub(crate) fn waits_no_longer_for(&mut self, dependency: TaskId, now: Timestamp) {
        let story = self.story_mut();
        let ties = story.wishes.as_mut().and_then(|wishes| wishes.ties.as_mut());
        let Some(ties) = ties else { return };
        ties.waits_for.remove(&dependency);
        if ties.waits_for.is_empty() && matches!(story.state, TaskState::Blocked) {
            let is_due = story.due <= now;
            story.state = if is_due { TaskState::Ready } else { TaskState::Scheduled };
        }
    }

    /// Cancels it. The lease that holds it stands.
    pub(crate) fn call_off(&mut self, finished_at: Timestamp, kept_until: Timestamp) {
        let story = self.story_mut();
        let state = std::mem::replace(&mut story.state, TaskState::Ready);
        let lease = if let TaskState::Leased(held) = state {
            Some(CalledOff { held: Box::new(held), stands: true })
        } else {
            None
        };
        story.state = TaskState::Cancelled { lease, finished_at, kept_until };
    }

    /// Lets go of the lease on a cancelled task.
    pub(crate) fn free(&mut self) {
        if let TaskState::Cancelled { lease: Some(lease), .. } = &mut self.story_mut().state {
            lease.stands = false;
        }
    }

    /// Keeps what a failure said; one that said nothing leaves what an earlier one did.
    pub(crate) fn set_error(&mut self, error: Option<&str>) {
        if let (Some(last), Some(error)) = (&mut self.story_mut().last_lease, error) {
            last.error = Some(error.into());
        }
    }

    pub(crate) fn story_mut(&mut self) -> &mut Story {
        let due = self.enqueued_at;
        self.story.get_or_insert_with(|| Box::new(Story::new(TaskState::Ready, due)))
    }
}

impl Story {
    /// That of a task with this state, and nothing else to tell.
    pub(crate) fn new(state: TaskState, due: Timestamp) -> Self {
        Self { state, due, last_lease: None, wishes: None, history: History::default() }
    }

    /// The story in its box, or nothing if it is that of a task which only waits, so that equal
    /// tasks are equal in memory.
    pub(crate) fn boxed(self, enqueued_at: Timestamp) -> Option<Box<Self>> {
        let Self { state, due, last_lease, wishes, history } = &self;
        let only_waits = matches!(state, TaskState::Ready)
            && *due == enqueued_at
            && last_lease.is_none()
            && wishes.is_none()
            && history.is_empty();
        (!only_waits).then(|| Box::new(self))
    }
}

impl Wishes {
    /// The wishes in their box, or nothing if there are none.
    pub(crate) fn boxed(self) -> Option<Box<Self>> {
        let Self {
            max_attempts,
            lease_ms,
            retry,
            task_type,
            labels,
            traceparent,
            ttl,
            ties,
            key,
            locks,
            needs,
            firing,
        } = &self;
        let none = max_attempts.is_none()
            && lease_ms.is_none()
            && retry.is_none()
            && task_type.is_none()
            && labels.is_empty()
            && traceparent.is_none()
            && ttl.is_none()
            && ties.is_none()
            && key.is_none()
            && locks.is_empty()
            && needs.is_none()
            && firing.is_none();
        (!none).then(|| Box::new(self))
    }
}

impl Ties {
    /// The ties in their box, or nothing if there are none.
    pub(crate) fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Names in order, without repetitions.
fn each_once(mut names: Vec<String>) -> Box<[Box<str>]> {
    if names.is_empty() {
        return Box::default();
    }
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(Into::into).collect()
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
        assert!(size_of::<Story>() <= 136, "{} bytes", size_of::<Story>());
    }
}
