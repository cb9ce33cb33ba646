use std::collections::VecDeque;

use crate::LogEntry;

/// The last entries, as they were appended: followers that keep up read no file.
#[derive(Default)]
pub(super) struct Recent {
    entries: VecDeque<(LogEntry, usize)>,
    bytes: usize,
}

impl Recent {
    /// The entry `index`, if it is here.
    pub(super) fn get(&self, index: u64) -> Option<&LogEntry> {
        let first = self.first()?;
        let offset = usize::try_from(index.checked_sub(first)?).ok()?;
        self.entries.get(offset).map(|(entry, _)| entry)
    }

    pub(super) fn first(&self) -> Option<u64> {
        self.entries.front().map(|(entry, _)| entry.id.index.get())
    }

    /// Adds the next entry, whose record has so many bytes.
    pub(super) fn push(&mut self, entry: LogEntry, bytes: usize) {
        self.entries.push_back((entry, bytes));
        self.bytes += bytes;
    }

    /// Bytes of all records.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn pop_first(&mut self) {
        if let Some((_, bytes)) = self.entries.pop_front() {
            self.bytes -= bytes;
        }
    }

    /// Drops the entries from `next` on.
    pub(super) fn truncate(&mut self, next: u64) {
        while self.entries.back().is_some_and(|(entry, _)| entry.id.index.get() >= next) {
            self.bytes -= self.entries.pop_back().map_or(0, |(_, bytes)| bytes);
        }
    }

    /// Drops the entries up to `upto`.
    pub(super) fn purge(&mut self, upto: u64) {
        while self.first().is_some_and(|first| first <= upto) {
            self.pop_first();
        }
    }
}
