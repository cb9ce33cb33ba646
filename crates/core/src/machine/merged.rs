//! Tasks of several lines in one order, as far as limits let them through.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::line::LineName;
use super::rank::Rank;

/// Tasks that need the same of their worker.
pub(crate) struct Source<'a> {
    /// In order.
    ranks: Box<dyn Iterator<Item = Rank> + 'a>,
    /// How many of them the limits let through.
    room: u64,
}

/// Sources side by side.
#[derive(Default)]
pub(crate) struct Merged<'a> {
    sources: Vec<Source<'a>>,
    /// Which source is that of a line.
    lines: BTreeMap<LineName, usize>,
    /// The first of each source, and those that were put up beside them.
    firsts: BinaryHeap<Reverse<First>>,
}

/// The task that is next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct First {
    pub(crate) rank: Rank,
    source: usize,
    /// Whether it does not stand in its line yet.
    is_extra: bool,
}

impl<'a> Source<'a> {
    /// Tasks in their order, of which limits let so many through.
    pub(crate) fn new(ranks: impl Iterator<Item = Rank> + 'a, room: u64) -> Self {
        Self { ranks: Box::new(ranks), room }
    }
}

impl<'a> Merged<'a> {
    /// Adds a source, which is that of a line or of the plain tasks.
    pub(crate) fn add(&mut self, line: Option<LineName>, source: Source<'a>) {
        let number = self.sources.len();
        self.sources.push(source);
        self.lines.extend(line.map(|line| (line, number)));
        self.go_on(number);
    }

    /// Adds a task that will stand in a line once what is shown before it is leased. If the line has
    /// no source, `room` tells how many of such tasks the limits let through.
    pub(crate) fn put_up(&mut self, line: LineName, rank: Rank, room: impl FnOnce() -> u64) {
        let source = self.lines.get(&line).copied().unwrap_or_else(|| {
            self.add(Some(line), Source::new(std::iter::empty(), room()));
            self.sources.len() - 1
        });
        self.firsts.push(Reverse(First { rank, source, is_extra: true }));
    }

    /// The task that is next, if there is one.
    pub(crate) fn first(&mut self) -> Option<First> {
        while let Some(Reverse(first)) = self.firsts.peek() {
            if self.sources[first.source].room > 0 {
                return Some(*first);
            }
            self.firsts.pop();
        }
        None
    }

    /// Goes past the first task.
    pub(crate) fn skip(&mut self, first: First) {
        self.firsts.pop();
        if !first.is_extra {
            self.go_on(first.source);
        }
    }

    /// Goes past the first task, which is let through.
    pub(crate) fn take(&mut self, first: First) {
        self.sources[first.source].room -= 1;
        self.skip(first);
    }

    /// Goes past the first task and all that need the same.
    pub(crate) fn close(&mut self, first: First) {
        self.sources[first.source].room = 0;
    }

    /// Brings the next task of a source, if its limits let one more through.
    fn go_on(&mut self, source: usize) {
        let Source { ranks, room } = &mut self.sources[source];
        let next = ranks.next().filter(|_| *room > 0);
        let next = next.map(|rank| Reverse(First { rank, source, is_extra: false }));
        self.firsts.extend(next);
    }
}
