use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

/// What waits to be written to a connection: all that the clients of a connection add while one
/// write is under way leaves with the next.
///
/// It is bounded by the clients' windows, since each waits for answers before it adds more.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    is_closed: bool,
}

impl Outbox {
    /// Adds what `write` writes.
    pub(crate) fn push(&self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut waiting = self.waiting();
        let was_empty = waiting.bytes.is_empty();
        write(&mut waiting.bytes);
        drop(waiting);
        if was_empty {
            self.changed.notify_one();
        }
    }

    /// Lets the connection end once everything is written.
    pub(crate) fn close(&self) {
        self.waiting().is_closed = true;
        self.changed.notify_one();
    }

    /// Writes until the outbox is closed or the connection is lost.
    pub(crate) async fn write_to(&self, mut connection: OwnedWriteHalf) {
        let mut bytes = Vec::new();
        loop {
            let is_closed = {
                let mut waiting = self.waiting();
                bytes.clear();
                std::mem::swap(&mut bytes, &mut waiting.bytes);
                waiting.is_closed
            };
            if bytes.is_empty() {
                if is_closed {
                    return;
                }
                self.changed.notified().await;
            } else if connection.write_all(&bytes).await.is_err() {
                // The reader sees the same end, and tells those who wait.
                return;
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // The bytes are whole messages after every push, so a panic elsewhere spoils nothing.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
