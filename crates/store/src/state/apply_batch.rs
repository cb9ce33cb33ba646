use ferry_core::Change;
use ferry_types::{LogIndex, TaskId};
use prost::Message;
use rocksdb::WriteBatch;

use super::keyspace::{
    APPLIED_KEY, COUNTERS_KEY, LEADERS_KEY, MEMBERSHIP_KEY, ended_key, events_key, idempotency_key,
    lane_key, limit_key, payload_key, queue_key, result_key, schedule_key, task_key, wait_key,
    worker_key, workflow_key,
};
use crate::row::{LogIdRow, StoredMembershipRow};
use crate::{LogId, Membership};

/// Room for most rows.
const ROW_BYTES: usize = 256;

/// The one batch of a run of log entries: what they changed, and that they are applied.
pub(super) fn apply_batch(
    applied: LogId,
    membership: Option<&(Option<LogId>, Membership)>,
    changes: &[Change],
) -> WriteBatch {
    let mut batch = WriteBatch::default();
    let mut row = Vec::with_capacity(ROW_BYTES);
    for change in changes {
        add(&mut batch, change, &mut row);
    }
    if let Some(membership) = membership {
        batch.put(MEMBERSHIP_KEY, StoredMembershipRow::from(membership).encode_to_vec());
    }
    batch.put(APPLIED_KEY, LogIdRow::from(applied).encode_to_vec());
    batch
}

/// Adds a change; `row` is room for an encoded row, used again and again.
fn add(batch: &mut WriteBatch, change: &Change, row: &mut Vec<u8>) {
    match change {
        Change::PutCounters(counters) => batch.put(COUNTERS_KEY, encoded(counters, row)),
        Change::PutQueue(queue) => batch.put(queue_key(queue.id), encoded(queue, row)),
        Change::DeleteQueue(id) => batch.delete(queue_key(*id)),
        Change::PutTask(task) => batch.put(task_key(TaskId::new(task.id)), encoded(task, row)),
        Change::DeleteTask(id) => {
            batch.delete(task_key(*id));
            batch.delete(payload_key(*id));
            batch.delete(result_key(*id));
        }
        Change::PutPayload(id, payload) => batch.put(payload_key(*id), payload),
        Change::PutResult(id, result) => batch.put(result_key(*id), result),
        Change::PutIdempotency(kept) => batch.put(idempotency_key(kept.id), encoded(kept, row)),
        Change::DeleteIdempotency(id) => batch.delete(idempotency_key(*id)),
        Change::PutEnded(ended) => {
            batch.put(ended_key(TaskId::new(ended.task)), encoded(ended, row));
        }
        Change::DeleteEnded(id) => batch.delete(ended_key(*id)),
        Change::PutEvents(events) => {
            batch.put(events_key(LogIndex::new(events.index)), encoded(events, row));
        }
        Change::DeleteEvents(index) => batch.delete(events_key(*index)),
        Change::PutLeaders(leaders) => batch.put(LEADERS_KEY, encoded(leaders, row)),
        Change::PutLimit(limit) => batch.put(limit_key(&limit.limit), encoded(limit, row)),
        Change::DeleteLimit(name) => batch.delete(limit_key(name)),
        Change::PutSchedule(schedule) => {
            batch.put(schedule_key(&schedule.schedule), encoded(schedule.as_ref(), row));
        }
        Change::DeleteSchedule(name) => batch.delete(schedule_key(name)),
        Change::PutLane(lane) => batch.put(lane_key(lane.queue, &lane.key), encoded(lane, row)),
        Change::DeleteLane(queue, key) => batch.delete(lane_key(*queue, key)),
        Change::PutWorker(worker) => batch.put(worker_key(&worker.worker), encoded(worker, row)),
        Change::DeleteWorker(name) => batch.delete(worker_key(name)),
        Change::PutWorkflow(workflow) => {
            batch.put(workflow_key(TaskId::new(workflow.first_task)), encoded(workflow, row));
        }
        Change::DeleteWorkflow(first) => batch.delete(workflow_key(*first)),
        Change::PutWait(wait) => {
            let key = wait_key(TaskId::new(wait.task), TaskId::new(wait.dependency));
            batch.put(key, encoded(wait, row));
        }
        Change::DeleteWait(id, dependency) => batch.delete(wait_key(*id, *dependency)),
    }
}

fn encoded<'a>(message: &impl Message, row: &'a mut Vec<u8>) -> &'a [u8] {
    row.clear();
    message.encode(row).expect("a vector grows as needed");
    row
}
