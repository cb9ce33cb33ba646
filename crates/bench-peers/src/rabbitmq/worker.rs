use std::time::Duration;

use ferry_bench::{RequestError, Worker};

use super::channel::Channel;
use super::decoder::Event;
use super::frames::put_ack;

/// How long a batch waits for its next task when it has one.
const GRACE: Duration = Duration::from_millis(2);

/// Consumes with a prefetch of as many tasks as it takes in a step.
pub(crate) struct RabbitWorker {
    channel: Channel,
    max: usize,
    /// The tag of the last task that it holds.
    held: Option<u64>,
}

impl RabbitWorker {
    pub(super) fn new(channel: Channel, max: usize) -> Self {
        Self { channel, max, held: None }
    }

    /// The protocol confirms no settlements.
    fn settle(&mut self) {
        if let Some(tag) = self.held.take() {
            self.channel.send(|out, channel| put_ack(out, channel, tag, self.max > 1));
        }
    }
}

impl Worker for RabbitWorker {
    async fn take(
        &mut self,
        wait: Duration,
        seen: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<usize, RequestError> {
        self.settle();
        let mut taken = 0;
        let mut patience = wait;
        while taken < self.max {
            match self.channel.next(patience).await? {
                Some(Event::Delivered { tag, body }) => {
                    taken += 1;
                    self.held = Some(tag);
                    seen(&body);
                    patience = GRACE;
                }
                Some(event) => return Err(RequestError::new(format!("{event:?} is no task"))),
                None => break,
            }
        }
        Ok(taken)
    }

    async fn finish(mut self) -> Result<(), RequestError> {
        self.settle();
        self.channel.close().await
    }
}
