use std::time::Duration;

use ferry_types::limits::{
    DEQUEUE_BYTES_MAX, DEQUEUE_MAX, DUE_PER_ENTRY_MAX, LINES_PER_DEQUEUE_MAX,
};
use ferry_types::{LeaseToken, TaskId};

use super::applying::Applying;
use super::gate::Gate;
use super::measured::Taken;
use super::task::{Held, Task};
use crate::Rejection;
use crate::command::Dequeue;
use crate::event::EventName;
use crate::rejection::QueueNotFound;
use crate::reply::{Dequeued, Lease};

impl Applying<'_> {
    /// Settles, then leases what may be taken: queue by queue as they are named, in each as its order
    /// says (I6), and of a registered worker no more than it has room for. The first task that would make the answer too large ends it, so
    /// that no smaller one overtakes it; the very first is taken whatever its size.
    pub(crate) fn dequeue(&mut self, command: Dequeue) -> Result<Dequeued, Rejection> {
        let Dequeue { queues, max, lease_ms, worker, settle } = command;
        let number = |queue: String| match self.machine.queues.number(&queue) {
            Some(number) => Ok(number),
            None => Err(Rejection::QueueNotFound(QueueNotFound { queue })),
        };
        let queues = queues.into_iter().map(number).collect::<Result<Vec<_>, _>>()?;

        let settled = self.settle_all(settle);
        let (worker, mut lines) = (worker.as_deref(), LINES_PER_DEQUEUE_MAX);
        let (mut leases, mut bytes, mut held_back) = (Vec::new(), 0, Gate::Closed);
        'taking: for queue in queues {
            while leases.len() < max.min(DEQUEUE_MAX) as usize {
                if !self.machine.taker(worker).has_room() {
                    break 'taking;
                }
                let id = match self.next_ready(queue, worker, &mut lines) {
                    Ok(id) => id,
                    Err(gate) => {
                        held_back = held_back.or(gate);
                        break;
                    }
                };
                bytes += self.payload_bytes(id);
                if bytes > DEQUEUE_BYTES_MAX && !leases.is_empty() {
                    break 'taking;
                }
                leases.push(self.lease(id, lease_ms, worker));
            }
        }
        let not_before_ms = match held_back {
            Gate::NotBefore(at) if leases.is_empty() => Some(at.as_millis()),
            Gate::NotBefore(_) | Gate::Open | Gate::Closed => None,
        };
        Ok(Dequeued { settled, leases, not_before_ms })
    }

    /// The task whose turn it is for whoever asks, or what keeps all back. Those before it whose time
    /// has ended are not given any more, even if that has not been moved yet; only so many of them
    /// are looked at (I11).
    fn next_ready(
        &mut self,
        queue: u32,
        worker: Option<&str>,
        lines: &mut usize,
    ) -> Result<TaskId, Gate> {
        for _ in 0..DUE_PER_ENTRY_MAX {
            let queue = self.machine.queues.get(queue).ok_or(Gate::Closed)?;
            let id = self.machine.pick_within(queue, self.machine.taker(worker), lines)?;
            let end = self.machine.tasks.get(id).and_then(Task::ttl_end);
            if end.is_none_or(|end| end > self.machine.now()) {
                return Ok(id);
            }
            self.expire(id);
        }
        Err(Gate::Closed)
    }

    fn payload_bytes(&self, id: TaskId) -> u64 {
        let task = self.machine.tasks.get(id).expect("a ready task is in the table");
        task.payload_bytes.into()
    }

    /// Leases a ready task under the next token (I3).
    pub(crate) fn lease(
        &mut self,
        id: TaskId,
        lease_ms: Option<u64>,
        worker: Option<&str>,
    ) -> Lease {
        let task = self.machine.tasks.get(id).expect("a ready task is in the table");
        let attempt = task.attempt.saturating_add(1);
        let taken = Taken::new(task);
        let settings = self.settings(task.queue);
        let length_ms = lease_ms.unwrap_or(task.lease_ms(settings));
        let has_limits = !self.machine.queues.limits.is_empty();
        let counts = settings.rate.is_some() || settings.fair || has_limits;
        let started_at = self.machine.now();
        let expires_at = started_at + Duration::from_millis(length_ms);
        let token = LeaseToken::new(self.machine.counters.next_token);
        self.machine.counters.next_token += 1;
        if counts {
            self.count_delivery(id);
        }
        self.change_task(id, EventName::Leased, |task| {
            let worker = worker.map(Into::into);
            task.lease(Held { token, expires_at, length_ms, worker }, started_at);
            task.attempt = attempt;
        });
        self.count_lease(&taken, worker);
        Lease {
            task: id.get(),
            token: token.get(),
            attempt,
            started_at_ms: started_at.as_millis(),
            expires_at_ms: expires_at.as_millis(),
        }
    }
}
