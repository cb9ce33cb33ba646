//! Tasks to rows and back. A row says everything that the memory does.

use ferry_types::{LeaseToken, LogIndex, Priority, TaskId, Timestamp};

use super::history::History;
use super::member::Member;
use super::needs::Needs;
use super::task::{CalledOff, Held, LastLease, Story, Task, TaskState, Ties, Ttl, Wishes};
use crate::row::TaskRow;
use crate::state::StateName;

impl Task {
    /// The row that holds this task.
    pub(crate) fn to_row(&self, id: TaskId) -> TaskRow {
        let mut row = self.to_row_without_history(id);
        if let Some(history) = self.history() {
            history.fill(&mut row);
        }
        row
    }

    /// The same without its history.
    pub(crate) fn to_row_without_history(&self, id: TaskId) -> TaskRow {
        let due_later = self.due() != self.enqueued_at;
        let mut row = TaskRow {
            id: id.get(),
            queue: self.queue,
            state: self.state().name().into(),
            priority: self.priority.get().into(),
            attempt: self.attempt,
            payload_bytes: self.payload_bytes.into(),
            payload_is_bytes: self.payload_is_bytes,
            enqueued_at_ms: self.enqueued_at.as_millis(),
            index: self.index.get(),
            run_at_ms: due_later.then_some(self.due().as_millis()),
            ..TaskRow::default()
        };
        if let Some(last) = self.last_lease() {
            row.started_at_ms = Some(last.started_at.as_millis());
            row.last_error = last.error.as_deref().map(Into::into);
        }
        if let Some(wishes) = self.wishes() {
            row.max_attempts = wishes.max_attempts;
            row.lease_ms = wishes.lease_ms;
            row.retry = wishes.retry;
            row.task_type = wishes.task_type.as_deref().map(Into::into);
            row.labels.clone_from(&wishes.labels);
            row.traceparent = wishes.traceparent.as_deref().map(Into::into);
            row.ttl_ms = wishes.ttl.map(|ttl| ttl.length_ms);
            row.ttl_ends_at_ms = wishes.ttl.map(|ttl| ttl.ends_at.as_millis());
            row.key = wishes.key.as_deref().map(Into::into);
            row.firing = wishes.firing.as_deref().cloned();
            row.locks = wishes.locks.iter().map(|lock| lock.to_string()).collect();
            if let Some(needs) = &wishes.needs {
                row.resources.clone_from(&needs.resources);
                row.selector.clone_from(&needs.selector);
            }
        }
        if let Some(ties) = self.ties() {
            row.unique = ties.unique.clone();
            row.depends_on = ties.depends_on.iter().map(|id| id.get()).collect();
            match &ties.member {
                Some(Member { workflow, task_ref }) => {
                    row.workflow = Some(workflow.get());
                    row.task_ref = task_ref.to_string();
                }
                None => row.waits_for = ties.waits_for.iter().map(|id| id.get()).collect(),
            }
            row.run_on_dependency_failure = ties.run_on_failure;
        }
        self.state().fill(&mut row);
        row
    }

    /// The task that a row holds, or what the row lacks.
    pub(crate) fn from_row(row: TaskRow) -> Result<Self, String> {
        let id = row.id;
        let state = TaskState::from_row(&row).ok_or(format!("task {id} lacks its state"))?;
        let history =
            History::from_row(&row).ok_or(format!("task {id} has no readable history"))?;
        let priority = u8::try_from(row.priority).ok().and_then(Priority::new);
        let payload_bytes = u32::try_from(row.payload_bytes);
        let enqueued_at = Timestamp::from_millis(row.enqueued_at_ms);
        let last_lease = |started_at| LastLease {
            started_at: Timestamp::from_millis(started_at),
            error: row.last_error.map(Into::into),
        };
        let ties = Ties {
            unique: row.unique,
            depends_on: row.depends_on.into_iter().map(TaskId::new).collect(),
            waits_for: row.waits_for.into_iter().map(TaskId::new).collect(),
            run_on_failure: row.run_on_dependency_failure,
            member: row.workflow.map(|workflow| Member {
                workflow: TaskId::new(workflow),
                task_ref: row.task_ref.into(),
            }),
        };
        let wishes = Wishes {
            max_attempts: row.max_attempts,
            lease_ms: row.lease_ms,
            retry: row.retry,
            task_type: row.task_type.map(Into::into),
            labels: row.labels,
            traceparent: row.traceparent.map(Into::into),
            ttl: row.ttl_ms.zip(row.ttl_ends_at_ms).map(|(length_ms, ends_at)| Ttl {
                length_ms,
                ends_at: Timestamp::from_millis(ends_at),
            }),
            ties: ties.boxed(),
            key: row.key.map(Into::into),
            locks: row.locks.into_iter().map(Into::into).collect(),
            needs: Needs::shared(row.resources, row.selector),
            firing: row.firing.map(Box::new),
        };
        let story = Story {
            state,
            due: row.run_at_ms.map_or(enqueued_at, Timestamp::from_millis),
            last_lease: row.started_at_ms.map(last_lease),
            wishes: wishes.boxed(),
            history,
        };
        Ok(Self {
            enqueued_at,
            index: LogIndex::new(row.index),
            queue: row.queue,
            payload_bytes: payload_bytes
                .map_err(|_| format!("task {id} has too long a payload"))?,
            attempt: row.attempt,
            priority: priority.ok_or(format!("task {id} has no such priority"))?,
            payload_is_bytes: row.payload_is_bytes,
            story: story.boxed(enqueued_at),
        })
    }
}

impl TaskState {
    /// Writes what is true in the state.
    fn fill(&self, row: &mut TaskRow) {
        match self {
            Self::Scheduled | Self::Blocked | Self::Ready | Self::Retrying => {}
            Self::Leased(held) => held.fill(row),
            Self::Succeeded { token, finished_at, kept_until } => {
                row.token = Some(token.get());
                row.finished_at_ms = Some(finished_at.as_millis());
                row.kept_until_ms = Some(kept_until.as_millis());
            }
            Self::Dead { finished_at, kept_until } => {
                row.finished_at_ms = Some(finished_at.as_millis());
                row.kept_until_ms = kept_until.map(Timestamp::as_millis);
            }
            Self::Cancelled { lease, finished_at, kept_until } => {
                if let Some(CalledOff { held, stands }) = lease {
                    held.fill(row);
                    row.held = *stands;
                }
                row.finished_at_ms = Some(finished_at.as_millis());
                row.kept_until_ms = Some(kept_until.as_millis());
            }
            Self::Expired { finished_at, kept_until } => {
                row.finished_at_ms = Some(finished_at.as_millis());
                row.kept_until_ms = Some(kept_until.as_millis());
            }
        }
    }

    /// The state that a row tells, if it tells all of it.
    fn from_row(row: &TaskRow) -> Option<Self> {
        let time = |millis: Option<u64>| millis.map(Timestamp::from_millis);
        let state = match StateName::try_from(row.state).ok()? {
            StateName::Unknown => return None,
            StateName::Scheduled => Self::Scheduled,
            StateName::Blocked => Self::Blocked,
            StateName::Ready => Self::Ready,
            StateName::Retrying => Self::Retrying,
            StateName::Leased => Self::Leased(Held::from_row(row)?),
            StateName::Succeeded => Self::Succeeded {
                token: LeaseToken::new(row.token?),
                finished_at: time(row.finished_at_ms)?,
                kept_until: time(row.kept_until_ms)?,
            },
            StateName::Dead => Self::Dead {
                finished_at: time(row.finished_at_ms)?,
                kept_until: time(row.kept_until_ms),
            },
            StateName::Cancelled => Self::Cancelled {
                lease: match row.token {
                    Some(_) => {
                        let held = Box::new(Held::from_row(row)?);
                        Some(CalledOff { held, stands: row.held })
                    }
                    None => None,
                },
                finished_at: time(row.finished_at_ms)?,
                kept_until: time(row.kept_until_ms)?,
            },
            StateName::Expired => Self::Expired {
                finished_at: time(row.finished_at_ms)?,
                kept_until: time(row.kept_until_ms)?,
            },
        };
        Some(state)
    }
}

impl Held {
    fn fill(&self, row: &mut TaskRow) {
        row.token = Some(self.token.get());
        row.expires_at_ms = Some(self.expires_at.as_millis());
        row.leased_for_ms = Some(self.length_ms);
        row.worker = self.worker.as_deref().map(Into::into);
    }

    fn from_row(row: &TaskRow) -> Option<Self> {
        Some(Self {
            token: LeaseToken::new(row.token?),
            expires_at: Timestamp::from_millis(row.expires_at_ms?),
            length_ms: row.leased_for_ms?,
            worker: row.worker.as_deref().map(Into::into),
        })
    }
}
