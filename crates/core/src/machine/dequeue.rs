use std::time::Duration;

use ferry_types::limits::{DEQUEUE_BYTES_MAX, DEQUEUE_MAX, DUE_PER_ENTRY_MAX};
use ferry_types::{LeaseToken, TaskId};

use super::applying::Applying;
use super::task::{Held, Task};
use crate::Rejection;
use crate::command::Dequeue;
use crate::event::EventName;
use crate::rejection::QueueNotFound;
use crate::reply::{Dequeued, Lease};

impl Applying<'_> {
    /// Settles, then leases what is ready: queue by queue as they are named, in each by priority and
    /// then in enqueue order (I6). The first task that would make the answer too large ends it, so
    /// that no smaller one overtakes it; the very first is taken whatever its size.
    pub(crate) fn dequeue(&mut self, command: Dequeue) -> Result<Dequeued, Rejection> {
        let Dequeue { queues, max, lease_ms, worker, settle } = command;
        let number = |queue: String| match self.machine.queues.number(&queue) {
            Some(number) => Ok(number),
            None => Err(Rejection::QueueNotFound(QueueNotFound { queue })),
        };
        let queues = queues.into_iter().map(number).collect::<Result<Vec<_>, _>>()?;

        let settled = self.settle_all(settle);
        let (mut leases, mut bytes) = (Vec::new(), 0);
        'taking: for queue in queues {
            while leases.len() < max.min(DEQUEUE_MAX) as usize
                && let Some(id) = self.next_ready(queue)
            {
                bytes += self.payload_bytes(id);
                if bytes > DEQUEUE_BYTES_MAX && !leases.is_empty() {
                    break 'taking;
                }
                leases.push(self.lease(id, lease_ms, worker.as_deref()));
            }
        }
        Ok(Dequeued { settled, leases })
    }

    /// The task whose turn it is. Those before it whose time has ended are not given any more, even
    /// if that has not been moved yet; only so many of them are looked at (I11).
    fn next_ready(&mut self, queue: u32) -> Option<TaskId> {
        for _ in 0..DUE_PER_ENTRY_MAX {
            let id = self.machine.queues.get(queue)?.next_ready()?;
            let end = self.machine.tasks.get(id).and_then(Task::ttl_end);
            if end.is_none_or(|end| end > self.machine.now()) {
                return Some(id);
            }
            self.expire(id);
        }
        None
    }

    fn payload_bytes(&self, id: TaskId) -> u64 {
        let task = self.machine.tasks.get(id).expect("a ready task is in the table");
        task.payload_bytes.into()
    }

    /// Leases a ready task under the next token (I3).
    fn lease(&mut self, id: TaskId, lease_ms: Option<u64>, worker: Option<&str>) -> Lease {
        let task = self.machine.tasks.get(id).expect("a ready task is in the table");
        let attempt = task.attempt.saturating_add(1);
        let length_ms = lease_ms.unwrap_or(task.lease_ms(self.settings(task.queue)));
        let started_at = self.machine.now();
        let expires_at = started_at + Duration::from_millis(length_ms);
        let token = LeaseToken::new(self.machine.counters.next_token);
        self.machine.counters.next_token += 1;
        self.change_task(id, EventName::Leased, |task| {
            let worker = worker.map(Into::into);
            task.lease(Held { token, expires_at, length_ms, worker }, started_at);
            task.attempt = attempt;
        });
        Lease {
            task: id.get(),
            token: token.get(),
            attempt,
            started_at_ms: started_at.as_millis(),
            expires_at_ms: expires_at.as_millis(),
        }
    }
}
