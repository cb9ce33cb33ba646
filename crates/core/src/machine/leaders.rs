use std::collections::BTreeMap;

use ferry_types::limits::LEADERS_MAX;
use ferry_types::{LogIndex, NodeId};

use crate::row::{LeaderRow, LeadersRow};

/// Which node led from which entry on, so that no task has to remember it of each of its events.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Leaders(BTreeMap<u64, u64>);

impl Leaders {
    /// Whoever wrote the entry at `index` leads; tells whether that is news. The oldest leadership
    /// is forgotten where there are too many (I8).
    pub(crate) fn note(&mut self, index: LogIndex, node: u64) -> bool {
        if self.0.last_key_value().is_some_and(|(_, last)| *last == node) {
            return false;
        }
        self.0.insert(index.get(), node);
        if self.0.len() > LEADERS_MAX {
            self.0.pop_first();
        }
        true
    }

    /// Who wrote the entry at `index`, if that is still known.
    pub(crate) fn at(&self, index: u64) -> Option<NodeId> {
        let (_, node) = self.0.range(..=index).next_back()?;
        (*node != 0).then(|| NodeId::new(*node))
    }

    /// The row that holds them.
    pub(crate) fn row(&self) -> LeadersRow {
        let leader = |(index, node): (&u64, &u64)| LeaderRow { index: *index, node: *node };
        LeadersRow { leaders: self.0.iter().map(leader).collect() }
    }

    /// Those that a row holds.
    pub(crate) fn from_row(row: &LeadersRow) -> Self {
        Self(row.leaders.iter().map(|leader| (leader.index, leader.node)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_leaderships_are_forgotten() {
        let mut leaders = Leaders::default();
        assert!(leaders.note(LogIndex::new(10), 1));
        assert!(!leaders.note(LogIndex::new(11), 1));
        assert_eq!((leaders.at(9), leaders.at(12)), (None, Some(NodeId::new(1))));
        for index in 20..20 + LEADERS_MAX as u64 {
            assert!(leaders.note(LogIndex::new(index), 2 + index % 2));
        }
        assert_eq!((leaders.at(19), leaders.at(20)), (None, Some(NodeId::new(2))));
        assert_eq!(Leaders::from_row(&leaders.row()), leaders);
    }

    #[test]
    fn an_entry_that_does_not_say_has_no_leader() {
        let mut leaders = Leaders::default();
        leaders.note(LogIndex::new(1), 0);
        leaders.note(LogIndex::new(2), 3);
        assert_eq!((leaders.at(1), leaders.at(2)), (None, Some(NodeId::new(3))));
    }
}
