use std::io;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use raft_log::api::raft_log_writer::RaftLogWriter;

use super::Flushed;
use super::batch::Batch;
use super::core::Core;
use super::health::Health;
use super::newest::Newest;
use crate::StoreError;

/// Turns all who came while the last fsync was under way into the next one.
pub(super) struct Flusher {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

/// Who waits for an fsync. Bounded by those who propose and replicate: each waits for its answer.
#[derive(Default)]
struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    waiting: Vec<Flushed>,
    closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().expect("nothing panics while it holds the queue")
    }

    /// The next batch; `None` once the queue is closed and empty.
    fn next(&self) -> Option<Vec<Flushed>> {
        let mut state = self.lock();
        while state.waiting.is_empty() && !state.closed {
            state = self.changed.wait(state).expect("nothing panics while it holds the queue");
        }
        let waiting = std::mem::take(&mut state.waiting);
        (!waiting.is_empty()).then_some(waiting)
    }
}

impl Flusher {
    pub(super) fn start(
        dir: &Path,
        core: Arc<Core>,
        health: Arc<Health>,
        newest: Arc<Newest>,
    ) -> Result<Self, StoreError> {
        let queue = Arc::new(Queue::default());
        let theirs = queue.clone();
        let thread = std::thread::Builder::new()
            .name("log-flush".into())
            .spawn(move || run(&theirs, &core, &health, &newest))
            .map_err(StoreError::io("start the flusher of", dir))?;
        Ok(Self { queue, thread: Some(thread) })
    }

    /// Has `done` called after an fsync of all that was written before this call.
    pub(super) fn enqueue(&self, done: Flushed) {
        self.queue.lock().waiting.push(done);
        self.queue.changed.notify_one();
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the flusher does not panic");
        }
    }
}

fn run(queue: &Queue, core: &Core, health: &Arc<Health>, newest: &Arc<Newest>) {
    while let Some(waiting) = queue.next() {
        let (finished, all_answered) = sync_channel(1);
        {
            let mut writing = core.write();
            let begun = writing.begun.take().map(|segment| (newest.clone(), segment));
            let batch = Batch { waiting, health: health.clone(), begun, finished };
            // If the engine refuses, the batch is dropped and answers for itself.
            let sent: io::Result<()> = writing.engine.flush(true, Some(batch));
            if let Err(error) = sent {
                health.fail(error);
            }
        }
        all_answered.recv().expect("a batch tells when it is dropped at the latest");
    }
}
