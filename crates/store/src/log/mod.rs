//! Room 3, the book: appended and fsynced, one fsync for all that queued.
//!
//! - What a callback has called durable survives a crash and a power failure (G1).
//! - A torn end of the last segment is cut off: no callback has vouched for it.
//! - Any other damage refuses to open, with the file and the place: a shortened log that votes
//!   would lose what is acknowledged (G10).
//! - After one failed write or fsync nothing succeeds any more (G10).
//!
//! The files are segments, which are written over again when nobody needs them any more:
//! `docs/format.md` has the layout, `docs/decisions/0010-own-log.md` the reasons.

mod book;
mod folder;
mod health;
mod newest;
mod options;
mod places;
mod recent;
mod record;
mod recover;
mod sector;
mod segment;
mod state;
mod stored;
mod writer;

use std::io;
use std::path::Path;
use std::sync::Arc;

#[cfg(test)]
pub(crate) use self::newest::NewestRow;
pub use self::options::LogOptions;
#[cfg(test)]
pub(crate) use self::record::{HeadRow, KINDS, TruncatedRow};
pub use self::state::LogState;

use self::book::Book;
use self::health::Health;
use self::writer::{Shared, Writer};
use crate::dir_lock::DirLock;
use crate::{LogEntry, LogId, StoreError, Vote};

/// Called once, from a thread of the log, when a write is on disk or never will be. It must be
/// quick, and must neither call the log nor own it.
pub type Flushed = Box<dyn FnOnce(io::Result<()>) + Send>;

/// The log of a group. A clone is another handle to the same log.
///
/// Writes take effect for all readers before they return, in the order of the calls; they are on
/// disk when their callback says so. A call that fails has dropped its callback. The last handle
/// waits for those that are due.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Shared>,
    // The writer is stopped before the lock is let go of.
    _writer: Arc<Writer>,
    _lock: Arc<DirLock>,
}

impl Log {
    /// Opens the log in `dir`, a directory of its own in that of its group, or begins one. A group's
    /// log is opened before its state: a state whose log is gone is refused here.
    ///
    /// # Errors
    /// - `Corrupt`: what is on disk is not what was written.
    /// - `Io`: the directory cannot be used, or another process uses it.
    pub fn open(dir: &Path, options: LogOptions) -> Result<Self, StoreError> {
        let lock = DirLock::take(dir)?.ok_or_else(|| {
            let error = io::Error::new(io::ErrorKind::WouldBlock, "another process uses it");
            StoreError::io("lock", dir)(error)
        })?;
        let (book, disk) = recover::open(dir, options)?;
        let shared = Arc::new(Shared::new(book, Health::new(dir)));
        let writer = Arc::new(Writer::start(dir, shared.clone(), disk)?);
        Ok(Self { shared, _writer: writer, _lock: Arc::new(lock) })
    }

    /// What the log knows beside its entries.
    pub fn state(&self) -> LogState {
        self.shared.book().state()
    }

    /// Appends entries, which follow the last one without a gap.
    ///
    /// # Errors
    /// The log has failed; nothing will succeed any more.
    pub fn append(&self, entries: Vec<LogEntry>, done: Flushed) -> Result<(), StoreError> {
        self.change("append to", done, |book| {
            entries.into_iter().try_for_each(|entry| book.append(entry))
        })
    }

    /// Saves a vote, which is not below the last one.
    ///
    /// # Errors
    /// The log has failed; nothing will succeed any more.
    pub fn save_vote(&self, vote: Vote, done: Flushed) -> Result<(), StoreError> {
        self.change("save a vote in", done, |book| {
            book.save_vote(vote);
            Ok(())
        })
    }

    /// Notes what is committed. Reaches the disk with a later write; what does not name a later
    /// entry of this log than before is ignored.
    ///
    /// # Errors
    /// The log has failed; nothing will succeed any more.
    pub fn save_committed(&self, id: LogId) -> Result<(), StoreError> {
        self.shared.health.watch("note what is committed in", Ok(()))?;
        self.shared.book().save_committed(id);
        Ok(())
    }

    /// Drops the entries behind `keep`, or all.
    ///
    /// # Errors
    /// The log has failed; nothing will succeed any more.
    pub fn truncate_after(&self, keep: Option<LogId>, done: Flushed) -> Result<(), StoreError> {
        self.change("truncate", done, |book| {
            book.truncate_after(keep);
            Ok(())
        })
    }

    /// Drops the entries up to `upto`, which may lie behind the last one. The caller has a
    /// snapshot of them: `purged <= snapshot`. Files are set aside after the fsync.
    ///
    /// # Errors
    /// The log has failed; nothing will succeed any more.
    pub fn purge(&self, upto: LogId, done: Flushed) -> Result<(), StoreError> {
        self.change("purge", done, |book| {
            book.purge(upto);
            Ok(())
        })
    }

    /// Reads the entries from `from` to `to_exclusive` that are here: at least one if there is
    /// any, and no more once they have `bytes_max` bytes.
    ///
    /// # Errors
    /// `Corrupt` if one between the first and the last is missing or not what was written.
    pub fn read(
        &self,
        from: u64,
        to_exclusive: u64,
        bytes_max: Option<usize>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let result = self.shared.read(from..to_exclusive, bytes_max);
        self.shared.health.watch("read", result)
    }

    /// Bytes of the files of all segments.
    pub fn disk_bytes(&self) -> u64 {
        self.shared.book().disk_bytes()
    }

    /// How many fsyncs the log has made since it was opened.
    pub fn fsyncs(&self) -> u64 {
        self.shared.fsyncs()
    }

    fn change(
        &self,
        doing: &'static str,
        done: Flushed,
        change: impl FnOnce(&mut Book) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        self.shared.health.watch(doing, Ok(()))?;
        let result = {
            let mut book = self.shared.book();
            change(&mut book).map(|()| book.wait(done))
        };
        self.shared.health.watch(doing, result)?;
        self.shared.ring();
        Ok(())
    }
}

#[cfg(test)]
mod fsync_tests;
