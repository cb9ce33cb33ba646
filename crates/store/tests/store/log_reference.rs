//! What a log holds, too simple to be wrong.

use ferry_store::{Log, LogEntry, LogId, LogState, Vote};
use ferry_types::LogIndex;

use crate::writer::all;

/// A log in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reference {
    pub(crate) state: LogState,
    pub(crate) entries: Vec<LogEntry>,
}

impl Reference {
    /// What a log holds.
    pub(crate) fn of(log: &Log) -> Self {
        Self { state: log.state(), entries: all(log) }
    }

    /// The index of the next entry.
    pub(crate) fn next(&self) -> u64 {
        self.state.last.map_or(0, |last| last.index.get() + 1)
    }

    pub(crate) fn append(&mut self, entry: LogEntry) {
        self.state.last = Some(entry.id);
        self.entries.push(entry);
    }

    pub(crate) fn save_vote(&mut self, vote: Vote) {
        self.state.vote = Some(vote);
    }

    pub(crate) fn save_committed(&mut self, id: LogId) {
        if Some(id) > self.state.committed && Some(id) <= self.state.last {
            self.state.committed = Some(id);
        }
    }

    pub(crate) fn truncate_after(&mut self, keep: Option<LogId>) {
        let is_kept = |entry: &LogEntry| keep.is_some_and(|keep| entry.id.index <= keep.index);
        if self.entries.iter().all(is_kept) {
            return;
        }
        self.entries.retain(is_kept);
        self.state.last = self.entries.last().map(|entry| entry.id).or(self.state.purged);
    }

    pub(crate) fn purge(&mut self, upto: LogId) {
        self.entries.retain(|entry| entry.id.index > upto.index);
        self.state.purged = Some(upto);
        self.state.last = self.entries.last().map(|entry| entry.id).or(Some(upto));
    }

    /// The entry that a number picks, or where the log begins.
    pub(crate) fn pick(&self, number: u8) -> Option<LogId> {
        let choice = usize::from(number) % (self.entries.len() + 1);
        let entry = choice.checked_sub(1).map(|at| self.entries[at].id);
        entry.or(self.state.purged)
    }

    /// What a snapshot of another node may say: an entry that is here, or one behind the last.
    pub(crate) fn pick_purge(&self, number: u8, term: u64) -> Option<LogId> {
        if number < 20 {
            let last = self.state.last.unwrap_or_default();
            return Some(LogId { term, index: LogIndex::new(self.next() + 7), ..last });
        }
        self.pick(number).filter(|id| Some(*id) != self.state.purged)
    }
}
