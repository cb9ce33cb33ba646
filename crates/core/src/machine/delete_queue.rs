use super::applying::Applying;
use crate::Rejection;
use crate::command::DeleteQueue;
use crate::rejection::{QueueNotEmpty, QueueNotFound};
use crate::reply::QueueDeleted;

impl Applying<'_> {
    /// Removes a queue with its tasks, if they have all succeeded or the caller insists. The one
    /// command whose cost is its queue's size: all tasks go in this entry, so that none is seen
    /// without its queue.
    pub(crate) fn delete_queue(
        &mut self,
        command: &DeleteQueue,
    ) -> Result<QueueDeleted, Rejection> {
        let DeleteQueue { queue: name, force } = command;
        let number = self.machine.queues.number(name);
        let Some((number, queue)) =
            number.and_then(|number| Some((number, self.machine.queues.get(number)?)))
        else {
            return Err(Rejection::QueueNotFound(QueueNotFound { queue: name.clone() }));
        };
        let counts = queue.counts();
        if !force && counts.unfinished() + counts.dead > 0 {
            return Err(Rejection::QueueNotEmpty(QueueNotEmpty { queue: name.clone(), counts }));
        }
        for id in queue.members().clone() {
            self.remove_task(id);
        }
        self.machine.queues.remove(number);
        self.machine.rates.remove(&number);
        self.dirty.queues.insert(number);
        Ok(QueueDeleted {})
    }
}
