use std::collections::VecDeque;

/// Where an entry stands on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of its segment.
    pub(super) segment: u32,
    /// Where its record begins in the segment.
    pub(super) at: u32,
    /// The bytes of its record.
    pub(super) bytes: u32,
}

impl Place {
    /// Where its record ends in the segment.
    pub(super) fn end(self) -> u64 {
        u64::from(self.at) + u64::from(self.bytes)
    }
}

/// The places of the entries, which follow one another without a gap.
#[derive(Default)]
pub(super) struct Places {
    first: u64,
    list: VecDeque<Place>,
}

impl Places {
    /// The index of the first entry; meaningless if there is none.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The index behind the last entry.
    pub(super) fn end(&self) -> u64 {
        self.first + self.list.len() as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The place of the entry `index`, if it is here.
    pub(super) fn get(&self, index: u64) -> Option<Place> {
        let offset = usize::try_from(index.checked_sub(self.first)?).ok()?;
        self.list.get(offset).copied()
    }

    /// Adds the entry `index`, the next one or the first of all.
    pub(super) fn push(&mut self, index: u64, place: Place) {
        if self.list.is_empty() {
            self.first = index;
        }
        self.list.push_back(place);
    }

    /// Drops the entries from `next` on.
    pub(super) fn truncate(&mut self, next: u64) {
        while !self.list.is_empty() && self.end() > next {
            self.list.pop_back();
        }
    }

    /// Drops the entries up to `upto`.
    pub(super) fn purge(&mut self, upto: u64) {
        while !self.list.is_empty() && self.first <= upto {
            self.list.pop_front();
            self.first += 1;
        }
    }

    /// The segment of the first entry.
    pub(super) fn first_segment(&self) -> Option<u32> {
        self.list.front().map(|place| place.segment)
    }
}
