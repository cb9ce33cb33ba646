use std::io;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use super::Flushed;
use super::health::Health;
use super::newest::Newest;

/// Those who wait for one fsync. Answered exactly once: by the engine, or by `Drop` when the
/// engine has stopped without a word.
pub(super) struct Batch {
    pub(super) waiting: Vec<Flushed>,
    pub(super) health: Arc<Health>,
    /// The segment that was begun since the last fsync, to be noted before anyone is answered.
    pub(super) begun: Option<(Arc<Newest>, u64)>,
    /// Told when all are answered.
    pub(super) finished: SyncSender<()>,
}

impl raft_log::Callback for Batch {
    fn send(mut self, result: io::Result<()>) {
        self.answer(result);
    }
}

impl Batch {
    fn answer(&mut self, result: io::Result<()>) {
        if let Err(error) = result.and_then(|()| self.note_begun()) {
            self.health.fail(error);
        }
        for done in self.waiting.drain(..) {
            done(self.health.check());
        }
    }

    fn note_begun(&mut self) -> io::Result<()> {
        match self.begun.take() {
            None => Ok(()),
            Some((newest, segment)) => newest.note(segment).map_err(io::Error::other),
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if !self.waiting.is_empty() {
            self.answer(Err(io::Error::other("the writer of the log has stopped")));
        }
        // Nobody listens any more once the log is closed.
        let _ = self.finished.send(());
    }
}
