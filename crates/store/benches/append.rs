//! How long the log takes for an entry: on disk, and only handed over.
//!
//! `cargo bench -p ferry-store --bench append`

use std::cell::Cell;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ferry_store::{Flushed, Log, LogEntry, LogId, LogOptions, Payload, StoreError};
use ferry_types::{LogIndex, NodeId};

const ENTRY_BYTES: [usize; 2] = [300, 64 << 10];
/// Appends before anybody waits.
const QUEUED: usize = 64;
/// Entries after which those before are purged.
const KEPT_MAX: u64 = 1_000;

fn append(criterion: &mut Criterion) {
    for bytes in ENTRY_BYTES {
        let dir = tempfile::tempdir().expect("a directory");
        let log = Appender::open(dir.path(), bytes);
        let mut group = criterion.benchmark_group(format!("append/{bytes}-bytes"));
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function("durable", |bencher| {
            let append = |()| wait(&log.append());
            bencher.iter_batched(|| log.settle(), append, BatchSize::PerIteration);
        });
        group.bench_function("handed-over", |bencher| {
            bencher.iter_batched(|| log.settle(), |()| log.append(), BatchSize::PerIteration);
        });
        group.throughput(Throughput::Bytes((bytes * QUEUED) as u64));
        group.bench_function(format!("{QUEUED}-queued-then-durable"), |bencher| {
            let append = |()| {
                let answers: Vec<_> = (0..QUEUED).map(|_| log.append()).collect();
                answers.iter().for_each(wait);
            };
            bencher.iter_batched(|| log.settle(), append, BatchSize::PerIteration);
        });
    }
}

/// A log that is given the same commands again and again.
struct Appender {
    log: Log,
    commands: Bytes,
    next: Cell<u64>,
    purged: Cell<u64>,
}

impl Appender {
    fn open(dir: &Path, bytes: usize) -> Self {
        Self {
            log: Log::open(dir, LogOptions::default()).expect("open the log"),
            commands: Bytes::from(vec![b'x'; bytes]),
            next: Cell::new(0),
            purged: Cell::new(0),
        }
    }

    /// Appends one entry, and says where its answer arrives.
    fn append(&self) -> Receiver<io::Result<()>> {
        let id = self.id();
        self.next.set(self.next.get() + 1);
        let entry = LogEntry { id, payload: Payload::Commands(self.commands.clone()) };
        self.change(|done| self.log.append(vec![entry], done))
    }

    /// Waits until the disk has everything, and lets go of old entries when they are many.
    fn settle(&self) {
        let id = self.id();
        self.next.set(self.next.get() + 1);
        let blank = LogEntry { id, payload: Payload::Blank };
        wait(&self.change(|done| self.log.append(vec![blank], done)));
        if self.next.get() - self.purged.get() > KEPT_MAX {
            self.purged.set(self.next.get());
            wait(&self.change(|done| self.log.purge(id, done)));
        }
    }

    fn change(
        &self,
        change: impl FnOnce(Flushed) -> Result<(), StoreError>,
    ) -> Receiver<io::Result<()>> {
        let (tell, answer) = channel();
        // Nobody listens to an append that is only handed over.
        change(Box::new(move |result| drop(tell.send(result)))).expect("change the log");
        answer
    }

    /// Which entry is next.
    fn id(&self) -> LogId {
        LogId { term: 1, node: NodeId::new(1), index: LogIndex::new(self.next.get()) }
    }
}

fn wait(answer: &Receiver<io::Result<()>>) {
    answer.recv().expect("the log answers").expect("reach the disk");
}

criterion_group!(benches, append);
criterion_main!(benches);
