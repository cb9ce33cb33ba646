//! Events on their way to one client. What it has not taken yet is not read from the disk, so that
//! a slow one holds one chunk and no more.

use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use ferry_core::row::EventRow;
use ferry_replica::{ReadError, Replica};
use ferry_types::{LogIndex, QueueName};
use futures::{Stream, stream};
use tokio_util::sync::CancellationToken;

use crate::translate;

/// The media type of server-sent events.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";
/// Bytes of rows that are read at a time.
const CHUNK_BYTES: usize = 64 << 10;
/// How long the stream is silent at most, so that everybody on the way knows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The events after an index.
pub(crate) struct EventStream {
    replica: Replica,
    stopping: CancellationToken,
    /// The last entry that is dealt with.
    last: LogIndex,
    /// Only of this queue.
    queue: Option<QueueName>,
    has_begun: bool,
}

impl EventStream {
    /// Begins after `after`.
    pub(crate) fn new(
        replica: Replica,
        stopping: CancellationToken,
        after: LogIndex,
        queue: Option<QueueName>,
    ) -> Self {
        Self { replica, stopping, last: after, queue, has_begun: false }
    }

    /// The text of the stream, piece by piece.
    pub(crate) fn into_chunks(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(self, |mut events| async {
            let chunk = events.next().await?;
            Some((Ok(chunk), events))
        })
    }

    /// The next piece; `None` where the stream ends.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.has_begun {
            // So that the client gets the head of the answer at once.
            self.has_begun = true;
            return Some(Bytes::from_static(b": events\n\n"));
        }
        loop {
            let applied = self.replica.applied_index();
            let rows = self.read().await?;
            let is_behind = !rows.is_empty();
            let text = self.text(&rows);
            self.last = rows.last().map_or(self.last.max(applied), |row| LogIndex::new(row.index));
            if !text.is_empty() {
                return Some(text.into());
            }
            if !is_behind && let Some(sign) = self.wait().await? {
                return Some(sign);
            }
        }
    }

    /// What comes next on the disk; `None` if it is there no more, or the node stops.
    async fn read(&self) -> Option<Vec<EventRow>> {
        if self.stopping.is_cancelled() {
            return None;
        }
        let (reader, after) = (self.replica.clone(), self.last);
        let read = move || reader.events(after, CHUNK_BYTES);
        // If the disk fails, the node stops anyway.
        let rows = tokio::task::spawn_blocking(read).await.ok()?.ok()?;
        let oldest = self.replica.view(|_, machine| machine.events_from());
        // A reader that was too slow is told so when it comes back.
        (oldest.get() <= after.get().saturating_add(1)).then_some(rows)
    }

    /// Returns when there may be more: at once, or after a sign of life. `None` if the node stops.
    async fn wait(&self) -> Option<Option<Bytes>> {
        let next = LogIndex::new(self.last.get().saturating_add(1));
        tokio::select! {
            applied = self.replica.applied(next, KEEP_ALIVE) => match applied {
                Ok(_) => Some(None),
                Err(ReadError::NotReached { .. }) => Some(Some(self.sign_of_life())),
                Err(ReadError::NoLeader | ReadError::Stopped) => None,
            },
            () = self.stopping.cancelled() => None,
        }
    }

    /// A comment. A client that hears of one queue alone is told how far it has come, so that it
    /// can go on from there.
    fn sign_of_life(&self) -> Bytes {
        match self.queue {
            Some(_) => format!(": alive\nid: {}\n\n", self.last).into(),
            None => Bytes::from_static(b": alive\n\n"),
        }
    }

    fn text(&self, rows: &[EventRow]) -> String {
        let mut text = String::new();
        for row in rows {
            let Some(event) = translate::events(row, self.queue.as_ref()) else { continue };
            let data = serde_json::to_string(&event).expect("an event has a JSON form");
            write!(text, "id: {}\ndata: {data}\n\n", row.index).expect("a string takes all");
        }
        text
    }
}
