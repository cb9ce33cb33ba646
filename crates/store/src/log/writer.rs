use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use super::book::{Book, Due, Run};
use super::folder::Folder;
use super::health::Health;
use super::newest::Newest;
use super::segment::Segment;
use super::stored::Found;
use crate::{LogEntry, StoreError};

/// The book, and the bell of the thread that writes it down.
pub(super) struct Shared {
    book: Mutex<Book>,
    changed: Condvar,
    pub(super) health: Health,
    fsyncs: AtomicU64,
}

impl Shared {
    pub(super) fn new(book: Book, health: Health) -> Self {
        Self { book: Mutex::new(book), changed: Condvar::new(), health, fsyncs: AtomicU64::new(0) }
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("nothing panics while it holds the book")
    }

    /// Wakes the writer.
    pub(super) fn ring(&self) {
        self.changed.notify_one();
    }

    pub(super) fn fsyncs(&self) -> u64 {
        self.fsyncs.load(Ordering::Relaxed)
    }

    /// Reads entries. The book is free while files are read.
    pub(super) fn read(
        &self,
        wanted: Range<u64>,
        bytes_max: Option<usize>,
    ) -> io::Result<Vec<LogEntry>> {
        'again: loop {
            let found = self.book().find(wanted.clone(), bytes_max)?;
            let mut entries = Vec::with_capacity(found.len());
            for found in found {
                match found {
                    Found::Here(entry) => entries.push(entry),
                    Found::Stored(stored) => match stored.read() {
                        Ok(entry) => entries.push(entry),
                        // It was purged, and its file belongs to another segment.
                        Err(_) if !self.book().holds(&stored) => continue 'again,
                        Err(error) => return Err(error),
                    },
                }
            }
            return Ok(entries);
        }
    }

    /// What to write next; `None` once the log is closed and all is written.
    fn next(&self) -> Option<Due> {
        let mut book = self.book();
        while !book.is_awaited() && !book.is_closed {
            book = self.changed.wait(book).expect("nothing panics while it holds the book");
        }
        let due = book.take_due();
        (!due.waiting.is_empty() || !due.runs.is_empty()).then_some(due)
    }
}

/// The thread that writes records down: all that queued while the last fsync was under way are
/// served by the next one.
pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(
        log_dir: &Path,
        shared: Arc<Shared>,
        disk: Disk,
    ) -> Result<Self, StoreError> {
        let theirs = shared.clone();
        let thread = std::thread::Builder::new()
            .name("log".into())
            .spawn(move || run(&theirs, disk))
            .map_err(StoreError::io("start the writer of", log_dir))?;
        Ok(Self { shared, thread: Some(thread) })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.book().is_closed = true;
        self.shared.ring();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the writer does not panic");
        }
    }
}

fn run(shared: &Shared, mut disk: Disk) {
    while let Some(Due { runs, waiting, freed }) = shared.next() {
        // Nothing more is written after a failure, but all who wait are told.
        if shared.health.check().is_ok()
            && let Err(error) = disk.write(&runs, shared)
        {
            shared.health.fail(error);
        }
        for done in waiting {
            done(shared.health.check());
        }
        if shared.health.check().is_ok()
            && let Err(error) = disk.folder.free(&freed)
        {
            shared.health.fail(error);
        }
    }
}

/// Where the records go.
pub(super) struct Disk {
    pub(super) folder: Folder,
    pub(super) newest: Newest,
    /// The segment that is written to.
    pub(super) segment: Segment,
}

impl Disk {
    /// Writes and syncs.
    fn write(&mut self, runs: &[Run], shared: &Shared) -> Result<(), StoreError> {
        let mut is_begun = false;
        for run in runs {
            if run.segment != self.segment.number() {
                // What a later segment holds is only believed if all before it is there.
                self.sync(shared)?;
                self.begin(run, shared)?;
                is_begun = true;
            }
            self.segment.append(&run.records).map_err(self.failed("write to"))?;
        }
        self.sync(shared)?;
        if is_begun {
            self.newest.note(self.segment.number())?;
        }
        shared.book().reached_disk(self.segment.number(), self.segment.end());
        Ok(())
    }

    fn begin(&mut self, run: &Run, shared: &Shared) -> Result<(), StoreError> {
        let file = Arc::new(self.folder.begin(run.segment)?);
        shared.book().opened(run.segment, file.clone());
        self.segment = Segment::new(run.segment, file, run.file_bytes, 0, Vec::new())
            .map_err(self.failed("begin"))?;
        Ok(())
    }

    fn sync(&mut self, shared: &Shared) -> Result<(), StoreError> {
        shared.fsyncs.fetch_add(1, Ordering::Relaxed);
        self.segment.sync().map_err(self.failed("sync"))
    }

    fn failed(&self, doing: &'static str) -> impl FnOnce(io::Error) -> StoreError + use<> {
        let path = self.folder.path(self.segment.number());
        move |source| StoreError::Io { doing, path, source }
    }
}
