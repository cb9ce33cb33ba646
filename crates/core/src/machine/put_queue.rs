use ferry_types::QueueName;
use ferry_types::limits::{KEYS_SETTLED_MAX, QUEUES_MAX};

use super::applying::Applying;
use super::queue::Queue;
use super::relane::changes_keys;
use crate::Rejection;
use crate::command::{PutQueue, QueueSettings};
use crate::rejection::{QueueLimit, QueueNotFound, TooManyKeys};
use crate::reply::QueuePut;

impl Applying<'_> {
    /// Creates a queue or replaces its settings. A bound lowered below the present drops nothing.
    pub(crate) fn put_queue(&mut self, command: PutQueue) -> Result<QueuePut, Rejection> {
        let PutQueue { queue: name, settings } = command;
        let Some(number) = self.machine.queues.number(&name) else {
            let number = self.create_queue(&name, settings)?;
            return Ok(QueuePut { created: true, status: self.queue_status(number) });
        };
        let queue = self.machine.queues.any(number);
        if changes_keys(&queue.settings, &settings) && queue.choice.lanes.len() > KEYS_SETTLED_MAX {
            let limit = KEYS_SETTLED_MAX as u64;
            return Err(Rejection::TooManyKeys(TooManyKeys { queue: name, limit }));
        }
        self.change_settings(number, settings);
        Ok(QueuePut { created: false, status: self.queue_status(number) })
    }

    /// Adds a queue, whose name is free, and gives its number.
    pub(crate) fn create_queue(
        &mut self,
        name: &str,
        settings: QueueSettings,
    ) -> Result<u32, Rejection> {
        // The door lets no other names in; one in the log still gets an answer.
        let Ok(parsed) = name.parse::<QueueName>() else {
            return Err(Rejection::QueueNotFound(QueueNotFound { queue: name.into() }));
        };
        if self.machine.queues.len() >= QUEUES_MAX {
            return Err(Rejection::QueueLimit(QueueLimit { limit: QUEUES_MAX as u64 }));
        }
        let number = self.machine.counters.next_queue;
        self.machine.counters.next_queue += 1;
        let keyless_turn = settings.fair.then(|| self.machine.counters.take_turn());
        let mut queue = Queue::new(parsed, settings);
        queue.keyless_turn = keyless_turn;
        let is_new = self.machine.queues.insert(number, queue);
        assert!(is_new, "a queue's number is given once");
        self.remember_new_queue(number);
        self.dirty.queues.insert(number);
        Ok(number)
    }
}
