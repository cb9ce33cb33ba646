use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ferry_api::TaskDocument;
use ferry_types::LeaseId;
use tokio::sync::mpsc;

/// Assignments that may wait for a client to take them. One that is slower loses its stream, and
/// gets what is live of them first on the next.
const WAITING_MAX: usize = 1_000;
/// Bytes of these, likewise. One may be larger.
const WAITING_BYTES_MAX: usize = 8 << 20;

/// Items that are taken from a stream in one go.
const TAKEN_MAX: usize = 100;

/// The streams of assignments that are open at this node, the newest of each worker. Cheap to
/// clone.
#[derive(Clone, Default)]
pub(crate) struct Streams(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    by_worker: BTreeMap<Box<str>, Sending>,
    next_number: u64,
}

/// The sending end of a stream.
struct Sending {
    number: u64,
    items: mpsc::Sender<Item>,
    waiting_bytes: Arc<AtomicUsize>,
}

/// A task with its lease.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// By which the client knows it.
    pub(crate) lease: LeaseId,
    /// The task as JSON, in one line.
    pub(crate) json: Bytes,
}

impl Item {
    /// The task under a lease, as it is sent.
    pub(crate) fn new(lease: LeaseId, task: &TaskDocument) -> Self {
        let mut json = serde_json::to_vec(task).expect("a task has a JSON form");
        // A payload is as its producer wrote it, perhaps in lines. Strings have no line ends in
        // them, so what is replaced is space.
        for byte in &mut json {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        Self { lease, json: json.into() }
    }
}

/// The receiving end of a stream, which is closed when this is dropped.
pub(crate) struct Stream {
    streams: Streams,
    worker: Box<str>,
    number: u64,
    items: mpsc::Receiver<Item>,
    waiting_bytes: Arc<AtomicUsize>,
}

impl Streams {
    /// Opens a stream for a worker, and ends the one that it had.
    pub(crate) fn open(&self, worker: &str) -> Stream {
        let mut open = self.lock();
        open.next_number += 1;
        let number = open.next_number;
        let (sender, items) = mpsc::channel(WAITING_MAX);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let sending = Sending { number, items: sender, waiting_bytes: Arc::clone(&waiting_bytes) };
        open.by_worker.insert(worker.into(), sending);
        Stream { streams: self.clone(), worker: worker.into(), number, items, waiting_bytes }
    }

    /// Sends an item to a worker, if it has a stream. One that does not keep up loses it.
    pub(crate) fn send(&self, worker: &str, item: Item) {
        let mut open = self.lock();
        let Some(sending) = open.by_worker.get(worker) else { return };
        let waiting = sending.waiting_bytes.fetch_add(item.json.len(), Ordering::Relaxed);
        if waiting > WAITING_BYTES_MAX || sending.items.try_send(item).is_err() {
            open.by_worker.remove(worker);
        }
    }

    /// Ends the stream of a worker, if it has one: what it missed comes first on its next.
    pub(crate) fn close(&self, worker: &str) {
        self.lock().by_worker.remove(worker);
    }

    /// Ends all streams.
    pub(crate) fn close_all(&self) {
        self.lock().by_worker.clear();
    }

    /// Whether a worker has one.
    pub(crate) fn is_open(&self, worker: &str) -> bool {
        self.lock().by_worker.contains_key(worker)
    }

    /// The workers with an open stream.
    pub(crate) fn workers(&self) -> Vec<Box<str>> {
        self.lock().by_worker.keys().cloned().collect()
    }

    /// How many are open.
    pub(crate) fn len(&self) -> usize {
        self.lock().by_worker.len()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Every change is done in one go, so a panicked holder leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream {
    /// Whose it is.
    pub(crate) fn worker(&self) -> &str {
        &self.worker
    }

    /// The next items, as many as there are of at most [`TAKEN_MAX`]; `None` once the stream is
    /// ended. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Option<Vec<Item>> {
        let mut items = Vec::new();
        self.items.recv_many(&mut items, TAKEN_MAX).await;
        let bytes = items.iter().map(|item| item.json.len()).sum();
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        if items.is_empty() { None } else { Some(items) }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        if open.by_worker.get(&self.worker).is_some_and(|open| open.number == self.number) {
            open.by_worker.remove(&self.worker);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn item(token: &str) -> Item {
        Item { lease: format!("l1.{token}").parse().expect("valid"), json: Bytes::new() }
    }

    /// The leases that have come.
    fn leases(stream: &mut Stream) -> Option<Option<Vec<String>>> {
        let text = |item: &Item| item.lease.to_string();
        stream.next().now_or_never().map(|items| Some(items?.iter().map(text).collect()))
    }

    #[test]
    fn a_task_is_one_line_whatever_its_payload_looks_like() {
        let json = concat!(
            r#"{"id":"t7","queue":"mail","state":"leased","priority":4,"attempt":1,"#,
            "\"enqueued_at\":\"2026-01-02T03:04:05.678Z\",\"payload\":{\r\n  \"a\": \"b\\nc\"\n},",
            r#""index":12}"#
        );
        let task: TaskDocument = serde_json::from_str(json).expect("valid");
        let item = Item::new("l7.9".parse().expect("valid"), &task);
        assert!(!item.json.iter().any(|byte| matches!(byte, b'\n' | b'\r')), "{:?}", item.json);
        let read: serde_json::Value = serde_json::from_slice(&item.json).expect("it is JSON");
        assert_eq!(read["payload"], serde_json::json!({"a": "b\nc"}));
    }

    #[test]
    fn the_newest_stream_of_a_worker_wins() {
        let streams = Streams::default();
        let mut old = streams.open("w");
        streams.send("w", item("1"));
        let mut new = streams.open("w");
        streams.send("w", item("2"));
        streams.send("nobody", item("3"));
        assert_eq!(leases(&mut old), Some(Some(vec!["l1.1".into()])));
        assert_eq!(leases(&mut old), Some(None), "it is ended");
        drop(old);
        streams.send("w", item("3"));
        assert_eq!(leases(&mut new), Some(Some(vec!["l1.2".into(), "l1.3".into()])));
        assert_eq!(leases(&mut new), None, "it goes on");
        assert_eq!(streams.len(), 1);
        drop(new);
        assert_eq!(streams.len(), 0);
    }

    #[test]
    fn who_does_not_keep_up_loses_the_stream() {
        let streams = Streams::default();
        let mut slow = streams.open("w");
        (0..=WAITING_MAX).for_each(|_| streams.send("w", item("1")));
        assert_eq!(streams.len(), 0);
        let mut taken = 0;
        while let Some(items) = leases(&mut slow).expect("it is ended") {
            taken += items.len();
        }
        assert_eq!(taken, WAITING_MAX);
    }
}
