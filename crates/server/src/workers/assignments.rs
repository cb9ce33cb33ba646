//! What one worker gets over its stream: its live leases first, then what it is assigned.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use ferry_core::TaskView;
use ferry_replica::Replica;
use ferry_types::{LeaseId, TaskId};
use futures::{Stream, stream};
use tokio_util::sync::CancellationToken;

use super::streams::{self, Item};
use super::{Presence, Workers};
use crate::event_stream::EVENT_STREAM;
use crate::translate;

/// The media type of lines of JSON.
pub(crate) const LINES: &str = "application/x-ndjson";
/// How long the stream is silent at most, so that everybody on the way knows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(3);
/// Live leases whose payloads are read in one go.
const READ_MAX: usize = 16;

/// How the items are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// An item a line.
    Lines,
    /// Server-sent events.
    Events,
}

impl Form {
    /// The media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Lines => LINES,
            Self::Events => EVENT_STREAM,
        }
    }

    fn sign_of_life(self) -> Bytes {
        Bytes::from_static(match self {
            Self::Lines => b"\n",
            Self::Events => b": alive\n\n",
        })
    }

    fn write(self, item: &Item, text: &mut Vec<u8>) {
        match self {
            Self::Lines => {
                text.extend_from_slice(&item.json);
                text.push(b'\n');
            }
            Self::Events => {
                let lease = item.lease.to_string();
                for part in [b"id: ", lease.as_bytes(), b"\ndata: ", &item.json, b"\n\n"] {
                    text.extend_from_slice(part);
                }
            }
        }
    }
}

/// The assignments of one worker on their way to it.
pub(crate) struct Assignments {
    replica: Replica,
    stopping: CancellationToken,
    form: Form,
    stream: streams::Stream,
    /// Leases that were live when the stream began, and are still to be sent.
    live: Vec<TaskId>,
    /// Those that have been sent of them, which may come again.
    sent: BTreeSet<LeaseId>,
    has_begun: bool,
    _present: Presence,
}

impl Assignments {
    /// Opens the stream of a worker, which ends its earlier one.
    pub(crate) fn open(
        replica: &Replica,
        workers: &Workers,
        worker: &str,
        form: Form,
        stopping: CancellationToken,
    ) -> Self {
        let present = workers.sessions.enter(worker);
        // First, so that nothing is assigned between the look and the stream.
        let stream = workers.streams.open(worker);
        let live = replica.view(|_, machine| {
            machine.worker(worker).map(|view| view.held.iter().copied().collect())
        });
        workers.wake();
        Self {
            replica: replica.clone(),
            stopping,
            form,
            stream,
            live: live.unwrap_or_default(),
            sent: BTreeSet::new(),
            has_begun: false,
            _present: present,
        }
    }

    /// The text of the stream, piece by piece.
    pub(crate) fn into_chunks(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(self, |mut assignments| async {
            let chunk = assignments.next().await?;
            Some((Ok(chunk), assignments))
        })
    }

    /// The next piece; `None` where the stream ends.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.has_begun {
            // So that the client gets the head of the answer at once.
            self.has_begun = true;
            return Some(self.form.sign_of_life());
        }
        while !self.live.is_empty() {
            let text = self.read_live().await?;
            if !text.is_empty() {
                return Some(text);
            }
        }
        loop {
            tokio::select! {
                items = self.stream.next() => {
                    let mut text = Vec::new();
                    for item in items? {
                        if !self.sent.remove(&item.lease) {
                            self.form.write(&item, &mut text);
                        }
                    }
                    if !text.is_empty() {
                        return Some(text.into());
                    }
                }
                () = tokio::time::sleep(KEEP_ALIVE) => return Some(self.form.sign_of_life()),
                () = self.stopping.cancelled() => return None,
            }
        }
    }

    /// The next of the live leases, as many as are still held; `None` if the disk cannot be read.
    async fn read_live(&mut self) -> Option<Bytes> {
        let ids: Vec<TaskId> = self.live.drain(..self.live.len().min(READ_MAX)).collect();
        // By now a lease may have ended, and the task may be another worker's.
        let (index, views) = self.replica.view(|index, machine| {
            let worker = machine.worker(self.stream.worker());
            let held = ids.iter().filter(|id| worker.is_some_and(|view| view.held.contains(id)));
            let views: Vec<TaskView> = held.filter_map(|id| machine.task(*id)).collect();
            (index, views)
        });
        // What the machine shows may be a moment ahead of the disk.
        self.replica.applied(index, KEEP_ALIVE).await.ok()?;
        let reader = self.replica.clone();
        let ids: Vec<TaskId> = views.iter().map(|view| TaskId::new(view.row.id)).collect();
        let payloads = tokio::task::spawn_blocking(move || reader.payloads(&ids)).await;
        // If the disk fails, the node stops anyway.
        let payloads = payloads.ok()?.ok()?;
        let mut text = Vec::new();
        for (view, payload) in views.into_iter().zip(payloads) {
            let document = translate::document(view, payload, None);
            if let Some(lease) = &document.lease {
                let item = Item::new(lease.id, &document);
                self.sent.insert(item.lease);
                self.form.write(&item, &mut text);
            }
        }
        Some(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_a_line_or_an_event() {
        let json = Bytes::from_static(b"{}");
        let item = Item { lease: "l7.9".parse().expect("valid"), json };
        let written = |form: Form| {
            let mut text = Vec::new();
            form.write(&item, &mut text);
            String::from_utf8(text).expect("text")
        };
        assert_eq!(written(Form::Lines), "{}\n");
        assert_eq!(written(Form::Events), "id: l7.9\ndata: {}\n\n");
        assert_eq!(Form::Lines.sign_of_life(), "\n");
        assert!(Form::Events.sign_of_life().starts_with(b":"));
    }
}
