use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;

use crate::{Payloads, Recorder, RequestError};

/// What a producer is to enqueue in a flood, and where it says what came of it.
#[derive(Clone, Debug)]
pub struct Load {
    payloads: Arc<Payloads>,
    batch: usize,
    /// Tasks that nobody has taken yet; `u64::MAX` is no bound. Shared by all producers.
    left: Arc<AtomicU64>,
    recorder: Arc<Recorder>,
}

impl Load {
    /// A load of `tasks` tasks (no bound if `None`), shared by those who hold a clone of it.
    pub fn new(
        payloads: Arc<Payloads>,
        batch: usize,
        tasks: Option<u64>,
        recorder: Arc<Recorder>,
    ) -> Self {
        let left = Arc::new(AtomicU64::new(tasks.unwrap_or(u64::MAX)));
        Self { payloads, batch, left, recorder }
    }

    /// A payload for the next task.
    pub fn payload(&self) -> Bytes {
        self.payloads.next()
    }

    /// How many tasks belong into a request, where requests bear several.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Takes up to `most` tasks to send; 0 means that there are no more, and that the producer is
    /// to wait for the answers that are still due, and return.
    pub fn take(&self, most: usize) -> usize {
        if self.recorder.is_closed() {
            return 0;
        }
        let most = most as u64;
        let less =
            |left: u64| Some(if left == u64::MAX { left } else { left.saturating_sub(most) });
        let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        let left = left.unwrap_or_else(|unchanged| unchanged);
        usize::try_from(left.min(most)).expect("no more than was asked for")
    }

    /// `tasks` tasks that were sent at `sent` are durable since just now.
    pub fn confirmed(&self, sent: Instant, tasks: usize) {
        self.recorder.done(sent.elapsed(), tasks);
    }

    /// Where everything is written down.
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// A request failed or was refused.
    pub fn failed(&self, error: &RequestError) {
        self.recorder.failed(error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(tasks: Option<u64>) -> Load {
        Load::new(Arc::new(Payloads::new(16)), 100, tasks, Arc::default())
    }

    #[test]
    fn clones_share_what_is_left() {
        let load = load(Some(250));
        let taken: Vec<_> = (0..4).map(|_| load.clone().take(100)).collect();
        assert_eq!(taken, [100, 100, 50, 0]);
    }

    #[test]
    fn a_load_without_bound_ends_with_the_window() {
        let load = load(None);
        assert_eq!(load.take(100), 100);
        load.recorder.close();
        assert_eq!(load.take(100), 0);
    }
}
