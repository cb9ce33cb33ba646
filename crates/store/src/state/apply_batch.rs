use ferry_core::Change;
use ferry_types::TaskId;
use prost::Message;
use rocksdb::WriteBatch;

use super::keyspace::{
    APPLIED_KEY, COUNTERS_KEY, MEMBERSHIP_KEY, idempotency_key, payload_key, queue_key, result_key,
    task_key,
};
use crate::row::{LogIdRow, StoredMembershipRow};
use crate::{LogId, Membership};

/// The one batch of a run of log entries: what they changed, and that they are applied.
pub(super) fn apply_batch(
    applied: LogId,
    membership: Option<&(Option<LogId>, Membership)>,
    changes: &[Change],
) -> WriteBatch {
    let mut batch = WriteBatch::default();
    for change in changes {
        add(&mut batch, change);
    }
    if let Some(membership) = membership {
        batch.put(MEMBERSHIP_KEY, StoredMembershipRow::from(membership).encode_to_vec());
    }
    batch.put(APPLIED_KEY, LogIdRow::from(applied).encode_to_vec());
    batch
}

fn add(batch: &mut WriteBatch, change: &Change) {
    match change {
        Change::PutCounters(row) => batch.put(COUNTERS_KEY, row.encode_to_vec()),
        Change::PutQueue(row) => batch.put(queue_key(row.id), row.encode_to_vec()),
        Change::DeleteQueue(id) => batch.delete(queue_key(*id)),
        Change::PutTask(row) => batch.put(task_key(TaskId::new(row.id)), row.encode_to_vec()),
        Change::DeleteTask(id) => {
            batch.delete(task_key(*id));
            batch.delete(payload_key(*id));
            batch.delete(result_key(*id));
        }
        Change::PutPayload(id, payload) => batch.put(payload_key(*id), payload),
        Change::PutResult(id, result) => batch.put(result_key(*id), result),
        Change::PutIdempotency(row) => batch.put(idempotency_key(row.id), row.encode_to_vec()),
        Change::DeleteIdempotency(id) => batch.delete(idempotency_key(*id)),
    }
}
