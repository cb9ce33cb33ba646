use ferry_core::command::Dequeue;
use ferry_core::reply::{Dequeued, Lease};
use ferry_core::{EventName, Rejection, Reply, StateName};

use super::{Reference, not_found};

impl Reference {
    pub(crate) fn dequeue(&mut self, dequeue: Dequeue) -> Result<Reply, Rejection> {
        let Dequeue { queues, max, lease_ms, worker, settle } = dequeue;
        for queue in &queues {
            if !self.queues.contains_key(queue) {
                return Err(not_found(queue));
            }
        }
        let (now, settled) = (self.now, self.settle_all(settle));
        let (mut leases, mut bytes, mut not_before_ms) = (Vec::new(), 0, None);
        'queues: for queue in &queues {
            while leases.len() < max as usize {
                let taker = self.taker(worker.as_deref());
                if !self.has_room_for(taker) {
                    break 'queues;
                }
                let next = match self.next(queue, taker) {
                    Ok(next) => next,
                    Err(at) => {
                        not_before_ms = at.into_iter().chain(not_before_ms).min();
                        break;
                    }
                };
                if self.task_mut(next).row.ttl_ends_at_ms.is_some_and(|end| end <= now) {
                    self.ends(next, StateName::Expired);
                    self.turns_follow();
                    continue;
                }
                bytes += self.task_mut(next).row.payload_bytes;
                if bytes > 4 * 1_024 * 1_024 && !leases.is_empty() {
                    break 'queues;
                }
                leases.push(self.lease(next, lease_ms, worker.clone()));
                self.is_delivered(next);
                self.turns_follow();
            }
        }
        let not_before_ms = not_before_ms.filter(|_| leases.is_empty());
        Ok(Reply::Dequeued(Dequeued { settled, leases, not_before_ms }))
    }

    pub(crate) fn lease(
        &mut self,
        id: u64,
        lease_ms: Option<u64>,
        worker: Option<String>,
    ) -> Lease {
        self.leases_so_far += 1;
        let (token, now, index) = (self.leases_so_far, self.now, self.index);
        let standard = self.settings(id).lease_ms;
        let row = &mut self.task_mut(id).row;
        let length = lease_ms.or(row.lease_ms).unwrap_or(standard);
        row.state = StateName::Leased.into();
        row.attempt += 1;
        row.token = Some(token);
        row.started_at_ms = Some(now);
        row.expires_at_ms = Some(now + length);
        row.leased_for_ms = Some(length);
        row.worker = worker.clone();
        row.index = index;
        let attempt = row.attempt;
        let expires_at_ms = now + length;
        self.tell(id, EventName::Leased, worker);
        Lease { task: id, token, attempt, started_at_ms: now, expires_at_ms }
    }
}
