use std::io;
use std::ops::Range;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use raft_log::Segment;
use raft_log::api::raft_log_writer::RaftLogWriter;
use raft_log::codeq::OffsetSize;

use super::LogState;
use super::codec::Framed;
use super::engine::Engine;
use crate::{LogEntry, LogId, Vote};

/// The engine, shared by writers and readers.
pub(super) struct Core(RwLock<Writing>);

impl Core {
    pub(super) fn new(writing: Writing) -> Self {
        Self(RwLock::new(writing))
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Writing> {
        self.0.read().expect("a panic in the engine must not be outlived")
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Writing> {
        self.0.write().expect("a panic in the engine must not be outlived")
    }
}

/// The engine, and what it does not tell.
pub(super) struct Writing {
    pub(super) engine: Engine,
    /// The indices of the entries.
    pub(super) entries: Range<u64>,
    /// Where the next record begins, counted in bytes from the log's first one.
    pub(super) end: u64,
    /// The newest segment that was begun since the last fsync.
    pub(super) begun: Option<u64>,
}

impl Writing {
    pub(super) fn state(&self) -> LogState {
        let state = self.engine.log_state();
        LogState {
            vote: state.vote().map(|vote| vote.0),
            purged: state.purged().map(|id| id.0),
            last: state.last().map(|id| id.0),
            committed: state.committed().map(|id| id.0),
        }
    }

    pub(super) fn append(&mut self, entries: Vec<LogEntry>) -> io::Result<()> {
        for entry in entries {
            let index = entry.id.index.get();
            let written = self.engine.append([(Framed(entry.id), Framed(entry))])?;
            self.wrote(written);
            if self.entries.is_empty() {
                self.entries.start = index;
            }
            self.entries.end = index + 1;
        }
        Ok(())
    }

    pub(super) fn save_vote(&mut self, vote: Vote) -> io::Result<()> {
        let written = self.engine.save_vote(Framed(vote))?;
        self.wrote(written);
        Ok(())
    }

    /// Notes what is committed, if that is news of an entry that is here.
    pub(super) fn save_committed(&mut self, id: LogId) -> io::Result<()> {
        let LogState { last, committed, .. } = self.state();
        if Some(id) > committed && Some(id) <= last {
            let written = self.engine.commit(Framed(id))?;
            self.wrote(written);
        }
        Ok(())
    }

    /// Drops what follows `keep`; all there is if it is `None`.
    pub(super) fn truncate_after(&mut self, keep: Option<LogId>) -> io::Result<()> {
        let next = keep.map_or(0, |id| id.index.get() + 1);
        if next >= self.entries.end {
            return Ok(());
        }
        let written = self.engine.truncate(next)?;
        self.wrote(written);
        self.entries.end = next.max(self.entries.start);
        Ok(())
    }

    /// Drops all up to `upto`, which may lie behind the last entry.
    pub(super) fn purge(&mut self, upto: LogId) -> io::Result<()> {
        let written = self.engine.purge(Framed(upto))?;
        self.wrote(written);
        let next = upto.index.get() + 1;
        self.entries.start = self.entries.start.max(next);
        self.entries.end = self.entries.end.max(self.entries.start);
        Ok(())
    }

    /// Reads the entries of `wanted` that are here, in order, until they have `bytes_max` bytes.
    pub(super) fn entries(
        &self,
        wanted: Range<u64>,
        bytes_max: Option<usize>,
    ) -> io::Result<Vec<LogEntry>> {
        let from = wanted.start.max(self.entries.start);
        let to = wanted.end.min(self.entries.end);
        let mut found = Vec::new();
        if from >= to {
            return Ok(found);
        }
        let mut bytes = 0;
        let mut stored = self.engine.read(from, to);
        for index in from..to {
            let Some(next) = stored.next() else {
                return Err(broken(format!("entry {index} is missing")));
            };
            let (Framed(id), Framed(entry)) = next?;
            if id.index.get() != index || entry.id != id {
                return Err(broken(format!("entry {} stands in the place of {index}", entry.id)));
            }
            bytes += entry.encoded_len();
            found.push(entry);
            if bytes_max.is_some_and(|max| bytes >= max) {
                break;
            }
        }
        Ok(found)
    }

    /// Takes note of where the engine's last record lies. A record that does not begin where the
    /// one before ended is the first of a new segment, behind the record that filled the old one.
    fn wrote(&mut self, last: Segment) {
        let end = last.end().0;
        if end <= self.end {
            return;
        }
        if last.offset().0 > self.end {
            self.begun = Some(last.offset().0);
        }
        self.end = end;
    }
}

fn broken(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
