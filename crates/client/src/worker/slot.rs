use std::sync::Arc;
use std::time::Duration;

use ferry_api::{Code, DequeueRequest, SettledItem, Settlement, TaskDocument};
use tokio::sync::watch;

use super::{Event, Outcome, Worker, hold};
use crate::Error;

/// The pause after the cluster could not be asked: the call before it has tried for long already.
const PAUSE: Duration = Duration::from_millis(500);

/// How often a worker that ends with the last task looks whether there is one left.
const LOOK: Duration = Duration::from_millis(500);

/// One of a worker's loops: takes a task, handles it, and settles it with the next dequeue.
pub(super) struct Slot<H> {
    worker: Arc<Worker>,
    handler: Arc<H>,
    stopped: watch::Receiver<bool>,
    /// The outcome of the last task, until it is answered.
    settle: Option<Settlement>,
}

impl<H, F> Slot<H>
where
    H: Fn(TaskDocument) -> F + Send + Sync + 'static,
    F: Future<Output = Outcome> + Send + 'static,
{
    /// A slot that has not begun.
    pub(super) fn new(
        worker: Arc<Worker>,
        handler: Arc<H>,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        Self { worker, handler, stopped, settle: None }
    }

    /// Works until the worker is stopped or, if asked for, the queues are empty.
    pub(super) async fn run(mut self) -> Result<(), Error> {
        while !self.is_stopped() {
            match self.worker.client.dequeue(&self.request()).await {
                Ok(mut answer) => {
                    self.settled(&answer.settled);
                    match answer.tasks.pop() {
                        Some(task) => self.settle = self.work(task).await,
                        None if self.is_drained().await => return Ok(()),
                        None => {}
                    }
                }
                Err(error) => {
                    if let Err(refusal) = self.wait_out(error).await {
                        // The refused dequeue did not settle the last task either.
                        return self.settle_last().await.and(Err(refusal));
                    }
                }
            }
        }
        self.settle_last().await
    }

    fn request(&self) -> DequeueRequest {
        let worker = &self.worker;
        DequeueRequest {
            queues: worker.queues.clone(),
            max: 1,
            wait_ms: millis(if worker.until_empty { worker.wait.min(LOOK) } else { worker.wait }),
            lease_ms: worker.lease.map(millis),
            worker: worker.name.clone(),
            settle: self.settle.iter().cloned().collect(),
        }
    }

    /// Handles a task, unless the worker was stopped while it came.
    async fn work(&self, task: TaskDocument) -> Option<Settlement> {
        let lease = task.lease.as_ref()?.id;
        let outcome = if self.is_stopped() {
            Outcome::Released
        } else {
            (self.worker.listener)(Event::Taken(&task));
            let handled = (self.handler)(task.clone());
            let Some(outcome) = hold::while_held(&self.worker.client, &task, handled).await else {
                (self.worker.listener)(Event::Lost(&task));
                return None;
            };
            (self.worker.listener)(Event::Handled(&task, &outcome));
            outcome
        };
        Some(Settlement { lease, action: outcome.into() })
    }

    /// Settles the last task when there is no next dequeue to take it along.
    async fn settle_last(mut self) -> Result<(), Error> {
        if let Some(last) = self.settle.take() {
            let answer = self.worker.client.settle(vec![last]).await?;
            self.settled(&answer.settled);
        }
        Ok(())
    }

    fn settled(&mut self, items: &[SettledItem]) {
        self.settle = None;
        for item in items {
            (self.worker.listener)(Event::Settled(item));
        }
    }

    async fn is_drained(&self) -> bool {
        if !self.worker.until_empty {
            return false;
        }
        for queue in &self.worker.queues {
            match self.worker.client.queue(queue).await {
                Ok(document) if document.counts.unfinished() == 0 => {}
                // The next dequeue tells what is wrong.
                Ok(_) | Err(_) => return false,
            }
        }
        true
    }

    /// Passes a refusal on; tells of trouble and waits.
    async fn wait_out(&mut self, error: Error) -> Result<(), Error> {
        let passes = match &error {
            Error::Refused(problem) => problem.code == Code::TooManyWaiters,
            Error::Invalid(_) => false,
            Error::NotWritten { .. } | Error::Unknown { .. } => true,
        };
        if !passes {
            return Err(error);
        }
        (self.worker.listener)(Event::Trouble(&error));
        let stopped = self.stopped.wait_for(|stopped| *stopped);
        // Stopped or not, the loop looks again at what there is to do.
        let _ = tokio::time::timeout(PAUSE, stopped).await;
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
