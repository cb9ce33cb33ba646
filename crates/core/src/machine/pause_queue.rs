use super::applying::Applying;
use crate::Rejection;
use crate::command::PauseQueue;
use crate::reply::QueuePaused;

impl Applying<'_> {
    /// Has a queue give no tasks, or give them again; who waits for it is woken then.
    pub(crate) fn pause_queue(&mut self, command: PauseQueue) -> Result<QueuePaused, Rejection> {
        let PauseQueue { queue: name, paused } = command;
        let number = self.named_queue(&name)?;
        if let Some(queue) = self.machine.queues.get_mut(number)
            && queue.paused != paused
        {
            queue.paused = paused;
            self.machine.queues.note_assigning(number);
            self.dirty.queues.insert(number);
            if !paused {
                self.stir_all(number);
            }
        }
        Ok(QueuePaused { status: self.queue_status(number) })
    }
}
