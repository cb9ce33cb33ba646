use super::applying::Applying;
use crate::Rejection;
use crate::command::DeleteQueue;
use crate::rejection::{QueueNotEmpty, QueueNotFound};
use crate::reply::QueueDeleted;

impl Applying<'_> {
    /// Removes a queue with its tasks, if they have all succeeded or the caller insists. It is gone
    /// for everybody at once and its name is free; its tasks, which nobody sees without it, are
    /// removed by later entries' [`move_due`](Self::move_due), so many at a time (I11).
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
        self.gone.push(queue.name.clone());
        self.machine.queues.delete(number);
        self.machine.measured.remove(&number);
        self.dirty.queues.insert(number);
        Ok(QueueDeleted {})
    }
}
