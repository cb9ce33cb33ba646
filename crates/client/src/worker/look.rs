use std::time::Duration;

use ferry_api::AssignPolicy;
use ferry_types::QueueName;

use super::Worker;
use crate::Error;

/// How often a worker that ends with the last task looks whether there is one left.
const UNTIL_EMPTY: Duration = Duration::from_millis(500);
/// How often a registered worker looks which of its queues assign their tasks, otherwise.
const AT_WORK: Duration = Duration::from_secs(30);

/// What a look at a worker's queues finds.
pub(super) struct Look {
    /// The queues whose tasks are not assigned: they are asked for.
    pub(super) pull: Vec<QueueName>,
    /// Whether no queue has an unfinished task.
    pub(super) is_drained: bool,
}

impl Worker {
    /// Looks at the queues.
    ///
    /// # Errors
    /// The first of them that cannot be shown.
    pub(super) async fn look(&self) -> Result<Look, Error> {
        let mut look = Look { pull: Vec::new(), is_drained: true };
        for queue in &self.queues {
            let document = self.client.queue(queue).await?;
            look.is_drained &= document.counts.unfinished() == 0;
            if document.settings.assign == AssignPolicy::Pull {
                look.pull.push(queue.clone());
            }
        }
        Ok(look)
    }

    /// The time between two looks of a registered worker.
    pub(super) const fn look_every(&self) -> Duration {
        if self.until_empty { UNTIL_EMPTY } else { AT_WORK }
    }

    /// How long a dequeue waits, in milliseconds: no longer than until the next look.
    pub(super) fn wait_ms(&self) -> u64 {
        let wait = if self.until_empty { self.wait.min(UNTIL_EMPTY) } else { self.wait };
        u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
    }
}
