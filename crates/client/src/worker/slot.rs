use std::sync::Arc;
use std::time::Duration;

use ferry_api::{DequeueRequest, SettledItem, Settlement, TaskDocument};
use tokio::sync::watch;

use super::{Event, Outcome, Worker, hold};
use crate::Error;

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
                    if let Err(refusal) = self.worker.wait_out(error).await {
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
            wait_ms: worker.wait_ms(),
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
        // The next dequeue tells what is wrong, if anything is.
        self.worker.look().await.is_ok_and(|look| look.is_drained)
    }

    fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
