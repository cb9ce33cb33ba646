//! The way back from rows to a machine.

use ferry_core::row::{
    CountersRow, EndedRow, IdempotencyRow, LaneRow, LeadersRow, LimitRow, QueueRow, ScheduleRow,
    TaskRow, WaitRow, WorkerRow, WorkflowRow,
};
use ferry_core::{Machine, Restoring};
use prost::Message;
use rocksdb::{Direction, IteratorMode};

use super::db::Db;
use super::keyspace::Keyspace;
use crate::StoreError;

/// Rebuilds the machine. Payloads, results and events stay on disk.
pub(super) fn machine(db: &Db) -> Result<Machine, StoreError> {
    check_no_unknown_keys(db)?;
    let mut restoring = Restoring::default();
    for keyspace in Keyspace::ALL {
        match keyspace {
            Keyspace::Meta | Keyspace::Payload | Keyspace::Result | Keyspace::Events => {}
            Keyspace::Counters => {
                each::<CountersRow>(db, keyspace, |row| restoring.counters(row))?;
            }
            Keyspace::Queue => each::<QueueRow>(db, keyspace, |row| restoring.queue(row))?,
            Keyspace::Task => each::<TaskRow>(db, keyspace, |row| restoring.task(row))?,
            Keyspace::Idempotency => {
                each::<IdempotencyRow>(db, keyspace, |row| restoring.idempotency(row))?;
            }
            Keyspace::Limit => each::<LimitRow>(db, keyspace, |row| restoring.limit(row))?,
            Keyspace::Lane => each::<LaneRow>(db, keyspace, |row| restoring.lane(row))?,
            Keyspace::Schedule => {
                each::<ScheduleRow>(db, keyspace, |row| restoring.schedule(row))?;
            }
            Keyspace::Ended => each::<EndedRow>(db, keyspace, |row| restoring.ended(row))?,
            Keyspace::Worker => each::<WorkerRow>(db, keyspace, |row| restoring.worker(row))?,
            Keyspace::Workflow => {
                each::<WorkflowRow>(db, keyspace, |row| restoring.workflow(row))?;
            }
            Keyspace::Wait => each::<WaitRow>(db, keyspace, |row| restoring.wait(row))?,
            Keyspace::Leaders => each::<LeadersRow>(db, keyspace, |row| restoring.leaders(row))?,
        }
    }
    restoring.finish().map_err(|what| StoreError::corrupt(db.path(), what))
}

fn each<M: Message + Default>(
    db: &Db,
    keyspace: Keyspace,
    mut take: impl FnMut(M),
) -> Result<(), StoreError> {
    let mut reading = Db::scan_options();
    reading.set_iterate_upper_bound([keyspace as u8 + 1]);
    let start = [keyspace as u8];
    let from = IteratorMode::From(&start, Direction::Forward);
    for item in db.inner().iterator_opt(from, reading) {
        let (key, value) = item.map_err(StoreError::database("scan", db.path()))?;
        take(db.decode(&key, &value)?);
    }
    Ok(())
}

/// A tag that we do not know was written by a later format, which must not be ignored.
fn check_no_unknown_keys(db: &Db) -> Result<(), StoreError> {
    let mut keys = db.inner().raw_iterator_opt(Db::scan_options());
    keys.seek_to_first();
    while let Some(key) = keys.key() {
        let Some(keyspace) = Keyspace::of(key) else {
            return Err(StoreError::corrupt(db.path(), format!("the key {key:02x?} is unknown")));
        };
        keys.seek([keyspace as u8 + 1]);
    }
    keys.status().map_err(StoreError::database("scan", db.path()))
}
