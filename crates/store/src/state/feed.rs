//! What entries did to tasks, read back for the change feed.

use ferry_core::row::EventRow;
use ferry_types::LogIndex;
use rocksdb::{Direction, IteratorMode, ReadOptions};

use super::State;
use super::keyspace::{Keyspace, events_key};
use crate::StoreError;

impl State {
    /// The rows of the entries after `after`, in order: as many as have `bytes_max` together, and
    /// one at least if there is any.
    ///
    /// # Errors
    /// The database has failed; stop the node.
    pub fn events(&self, after: LogIndex, bytes_max: usize) -> Result<Vec<EventRow>, StoreError> {
        let Some(first) = after.get().checked_add(1) else { return Ok(Vec::new()) };
        let db = self.db();
        let mut reading = ReadOptions::default();
        reading.set_iterate_upper_bound([Keyspace::Events as u8 + 1]);
        let start = events_key(LogIndex::new(first));
        let from = IteratorMode::From(&start, Direction::Forward);
        let (mut rows, mut bytes) = (Vec::new(), 0);
        for item in db.inner().iterator_opt(from, reading) {
            let (key, value) = item.map_err(StoreError::database("scan", db.path()))?;
            bytes += value.len();
            if bytes > bytes_max && !rows.is_empty() {
                break;
            }
            rows.push(db.decode(&key, &value)?);
        }
        Ok(rows)
    }
}
