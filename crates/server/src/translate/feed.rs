//! What happened to tasks, on its way out.

use ferry_core::row::{EventRow, TaskEvent};
use ferry_core::{EventName, HistoryView};
use ferry_types::QueueName;

use super::*;

/// A change's word at the border.
fn change(event: EventName) -> api::TaskChange {
    match event {
        // No event has it; a row that did would not have passed the restore.
        EventName::Unknown | EventName::Enqueued => api::TaskChange::Enqueued,
        EventName::Due => api::TaskChange::Due,
        EventName::Leased => api::TaskChange::Leased,
        EventName::Extended => api::TaskChange::Extended,
        EventName::Released => api::TaskChange::Released,
        EventName::Acked => api::TaskChange::Acked,
        EventName::Nacked => api::TaskChange::Nacked,
        EventName::LeaseExpired => api::TaskChange::LeaseExpired,
        EventName::Cancelled => api::TaskChange::Cancelled,
        EventName::Expired => api::TaskChange::Expired,
        EventName::Retried => api::TaskChange::Retried,
        EventName::RunNow => api::TaskChange::RunNow,
        EventName::Redriven => api::TaskChange::Redriven,
        EventName::Unblocked => api::TaskChange::Unblocked,
        EventName::Removed => api::TaskChange::Removed,
        EventName::DependencyEnded => api::TaskChange::DependencyEnded,
    }
}

/// A task's history.
pub(crate) fn history(events: Vec<HistoryView>) -> api::TaskHistory {
    let item = |event: HistoryView| api::HistoryItem {
        index: event.index,
        at: event.at,
        change: change(event.event),
        state: state(event.state),
        attempt: event.attempt,
        node: event.node,
        worker: event.worker.and_then(|worker| worker.parse().ok()),
    };
    api::TaskHistory { history: events.into_iter().map(item).collect() }
}

/// What an entry did to the tasks of a queue, or of all; `None` if that is nothing.
pub(crate) fn events(row: &EventRow, only: Option<&QueueName>) -> Option<api::EventDocument> {
    let queues = row.queues.iter().filter_map(|queue| {
        let name: QueueName = queue.name.parse().ok()?;
        Some((queue.id, name))
    });
    let queues: std::collections::BTreeMap<u32, QueueName> =
        queues.filter(|(_, name)| only.is_none_or(|only| only == name)).collect();
    let told = |event: &TaskEvent| {
        Some(api::EventChange {
            task: TaskId::new(event.task),
            queue: queues.get(&event.queue)?.clone(),
            change: change(event.event()),
            state: state(event.state()),
            attempt: event.attempt,
        })
    };
    let changes: Vec<_> = row.events.iter().filter_map(told).collect();
    (!changes.is_empty()).then(|| api::EventDocument {
        index: LogIndex::new(row.index),
        at: Timestamp::from_millis(row.at_ms),
        changes,
    })
}
