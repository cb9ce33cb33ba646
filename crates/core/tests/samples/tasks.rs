//! Samples of rows of tasks.

use ferry_core::StateName;
use ferry_core::row::TaskRow;

use super::{RETRY, labels, unique};

pub(super) fn task() -> TaskRow {
    TaskRow {
        id: 91,
        queue: 92,
        state: StateName::Leased.into(),
        priority: 9,
        attempt: 93,
        payload_bytes: 94,
        payload_is_bytes: true,
        enqueued_at_ms: 95,
        index: 96,
        run_at_ms: Some(97),
        token: Some(98),
        started_at_ms: Some(99),
        expires_at_ms: Some(100),
        leased_for_ms: Some(101),
        worker: Some("w".into()),
        finished_at_ms: Some(102),
        max_attempts: Some(103),
        lease_ms: Some(104),
        retry: Some(RETRY),
        task_type: Some("type".into()),
        labels: labels(),
        traceparent: Some("trace".into()),
        last_error: Some("boom".into()),
        kept_until_ms: Some(105),
        ..TaskRow::default()
    }
}

/// What only an ended task has.
pub(super) fn ended_task() -> TaskRow {
    TaskRow {
        id: 131,
        state: StateName::Cancelled.into(),
        ttl_ms: Some(132),
        ttl_ends_at_ms: Some(133),
        held: true,
        unique: Some(unique()),
        depends_on: vec![134, 135],
        waits_for: vec![135],
        run_on_dependency_failure: true,
        ..TaskRow::default()
    }
}
