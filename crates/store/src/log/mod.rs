//! Room 3, the book: appended and fsynced, one fsync for all that queued.
//!
//! - What a callback has called durable survives a crash and a power failure (G1).
//! - A torn end of the last segment is cut off: no callback has vouched for it.
//! - Any other damage refuses to open, with the file and the place: a shortened log that votes
//!   would lose what is acknowledged (G10).
//! - After one failed write or fsync nothing succeeds any more (G10).
//!
//! The `raft-log` crate does the writing; `docs/decisions/0003-log-engine.md` says where this
//! module guards it.

mod batch;
mod codec;
mod core;
mod engine;
mod flusher;
mod health;
mod newest;
mod open;
mod options;
mod state;

use std::io;
use std::path::Path;
use std::sync::Arc;

#[cfg(test)]
pub(crate) use self::codec::KINDS;
#[cfg(test)]
pub(crate) use self::newest::NewestRow;
pub use self::options::LogOptions;
pub use self::state::LogState;

use self::core::{Core, Writing};
use self::flusher::Flusher;
use self::health::Health;
use self::newest::Newest;
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
    // The flusher comes first: it is stopped before the engine closes.
    flusher: Arc<Flusher>,
    core: Arc<Core>,
    health: Arc<Health>,
}

impl Log {
    /// Opens the log in `dir`, a directory of its own in that of its group, or begins one. A group's
    /// log is opened before its state: a state whose log is gone is refused here.
    ///
    /// # Errors
    /// - `Corrupt`: what is on disk is not what was written.
    /// - `Io`: the directory cannot be used, or another process uses it.
    pub fn open(dir: &Path, options: LogOptions) -> Result<Self, StoreError> {
        let health = Arc::new(Health::new(dir));
        let newest = Arc::new(Newest::new(dir));
        let core = Arc::new(Core::new(open::open(dir, options, &health, &newest)?));
        let flusher = Arc::new(Flusher::start(dir, core.clone(), health.clone(), newest)?);
        Ok(Self { flusher, core, health })
    }

    /// What the log knows beside its entries.
    pub fn state(&self) -> LogState {
        self.core.read().state()
    }

    /// Appends entries, which follow the last one without a gap.
    ///
    /// # Errors
    /// The log has failed; nothing will succeed any more.
    pub fn append(&self, entries: Vec<LogEntry>, done: Flushed) -> Result<(), StoreError> {
        self.change("append to", done, |writing| writing.append(entries))
    }

    /// Saves a vote, which is not below the last one.
    ///
    /// # Errors
    /// The log has failed; nothing will succeed any more.
    pub fn save_vote(&self, vote: Vote, done: Flushed) -> Result<(), StoreError> {
        self.change("save a vote in", done, |writing| writing.save_vote(vote))
    }

    /// Notes what is committed. Reaches the disk with a later write; what does not name a later
    /// entry of this log than before is ignored.
    ///
    /// # Errors
    /// The log has failed; nothing will succeed any more.
    pub fn save_committed(&self, id: LogId) -> Result<(), StoreError> {
        let result = self.core.write().save_committed(id);
        self.health.watch("note what is committed in", result)
    }

    /// Drops the entries behind `keep`, or all.
    ///
    /// # Errors
    /// The log has failed; nothing will succeed any more.
    pub fn truncate_after(&self, keep: Option<LogId>, done: Flushed) -> Result<(), StoreError> {
        self.change("truncate", done, |writing| writing.truncate_after(keep))
    }

    /// Drops the entries up to `upto`, which may lie behind the last one. The caller has a
    /// snapshot of them: `purged <= snapshot`. Files are removed after the fsync.
    ///
    /// # Errors
    /// The log has failed; nothing will succeed any more.
    pub fn purge(&self, upto: LogId, done: Flushed) -> Result<(), StoreError> {
        self.change("purge", done, |writing| writing.purge(upto))
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
        let result = self.core.read().entries(from..to_exclusive, bytes_max);
        self.health.watch("read", result)
    }

    /// Bytes of all segments.
    pub fn disk_bytes(&self) -> u64 {
        self.core.read().engine.on_disk_size()
    }

    fn change(
        &self,
        doing: &'static str,
        done: Flushed,
        change: impl FnOnce(&mut Writing) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        self.health.watch(doing, Ok(()))?;
        let result = change(&mut self.core.write());
        self.health.watch(doing, result)?;
        self.flusher.enqueue(done);
        Ok(())
    }
}

#[cfg(test)]
mod fsync_tests;
