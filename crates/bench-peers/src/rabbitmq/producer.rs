use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ferry_bench::{Load, Producer, RequestError};

use super::channel::Channel;
use super::decoder::Event;
use super::frames::put_publish;

/// A publish that meets the death of the leader is confirmed by the next leader.
const PATIENCE: Duration = Duration::from_secs(10);
/// Unconfirmed publishes of a flood.
const WINDOW: usize = 1_000;
/// Publishes of a flood that are sent in one go.
const PORTION: usize = 100;

/// Publishes with confirms.
pub(crate) struct RabbitProducer {
    channel: Channel,
    queue: String,
    /// The tag of the last publish.
    tag: u64,
}

impl RabbitProducer {
    pub(super) fn new(channel: Channel, queue: &str) -> Self {
        Self { channel, queue: queue.to_owned(), tag: 0 }
    }

    fn publish(&mut self, id: Option<&str>, payload: &[u8]) {
        self.channel.send(|out, channel| put_publish(out, channel, &self.queue, id, payload));
        self.tag += 1;
    }

    fn publish_many(&mut self, load: &Load, tasks: usize) {
        self.channel.send(|out, channel| {
            for _ in 0..tasks {
                put_publish(out, channel, &self.queue, None, &load.payload());
            }
        });
        self.tag += tasks as u64;
    }

    async fn confirm(&mut self) -> Result<Event, RequestError> {
        let event = self.channel.next(PATIENCE).await?;
        event.ok_or_else(|| RequestError::new("no confirm"))
    }

    async fn enqueue_one(&mut self, id: Option<&str>, payload: &[u8]) -> Result<(), RequestError> {
        self.publish(id, payload);
        loop {
            match self.confirm().await? {
                Event::Confirmed { tag, is_stored, .. } if tag >= self.tag => {
                    return if is_stored { Ok(()) } else { Err(refused()) };
                }
                // A publish that was given up is confirmed late.
                Event::Confirmed { .. } => {}
                event @ (Event::Delivered { .. } | Event::Method { .. }) => {
                    return Err(RequestError::new(format!("{event:?} is no confirm")));
                }
            }
        }
    }
}

impl Producer for RabbitProducer {
    async fn enqueue(&mut self, payload: &Bytes) -> Result<(), RequestError> {
        self.enqueue_one(None, payload).await
    }

    async fn enqueue_keyed(&mut self, key: &str, payload: &Bytes) -> Result<(), RequestError> {
        self.enqueue_one(Some(key), payload).await
    }

    async fn flood(&mut self, load: &Load) -> Result<(), RequestError> {
        let mut window = Window::new(self.tag + 1);
        loop {
            while window.len() + PORTION <= WINDOW {
                let tasks = load.take(PORTION);
                if tasks == 0 {
                    break;
                }
                self.publish_many(load, tasks);
                window.sent(Instant::now(), tasks);
            }
            if window.len() == 0 {
                return Ok(());
            }
            let mut event = Some(self.confirm().await?);
            while let Some(confirm) = event {
                let Event::Confirmed { tag, multiple, is_stored } = confirm else {
                    return Err(RequestError::new(format!("{confirm:?} is no confirm")));
                };
                window.confirmed(tag, multiple, |sent| {
                    if is_stored { load.confirmed(sent, 1) } else { load.failed(&refused()) }
                });
                event = self.channel.next_here();
            }
        }
    }
}

fn refused() -> RequestError {
    RequestError::new("a publish was refused")
}

/// Publishes that are not confirmed yet, by tag. Confirms may come out of order.
struct Window {
    /// The tag of the first.
    first: u64,
    /// When each was sent; nothing if it is confirmed and an earlier one is not.
    sent: VecDeque<Option<Instant>>,
}

impl Window {
    fn new(first: u64) -> Self {
        Self { first, sent: VecDeque::with_capacity(WINDOW) }
    }

    /// How many publishes lie between the first unconfirmed and the last.
    fn len(&self) -> usize {
        self.sent.len()
    }

    fn sent(&mut self, at: Instant, tasks: usize) {
        self.sent.extend(std::iter::repeat_n(Some(at), tasks));
    }

    fn confirmed(&mut self, tag: u64, multiple: bool, mut tell: impl FnMut(Instant)) {
        let Some(index) = tag.checked_sub(self.first) else { return };
        let index = usize::try_from(index).expect("a window is small").min(self.sent.len());
        let begin = if multiple { 0 } else { index };
        self.sent.range_mut(begin..(index + 1).min(self.sent.len())).for_each(|sent| {
            if let Some(sent) = sent.take() {
                tell(sent);
            }
        });
        while let Some(None) = self.sent.front() {
            self.sent.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confirms_may_come_out_of_order_and_many_at_once() {
        let mut window = Window::new(11);
        window.sent(Instant::now(), 6);
        let mut confirm = |tag, multiple| {
            let mut told = 0;
            window.confirmed(tag, multiple, |_| told += 1);
            (told, window.len())
        };
        assert_eq!(confirm(12, false), (1, 6));
        assert_eq!(confirm(12, false), (0, 6));
        assert_eq!(confirm(11, false), (1, 4));
        assert_eq!(confirm(15, true), (3, 1));
        assert_eq!(confirm(3, true), (0, 1));
        assert_eq!(confirm(16, true), (1, 0));
        assert_eq!(confirm(99, true), (0, 0));
    }
}
