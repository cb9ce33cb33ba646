use ferry_core::row::{
    CountersRow, EventQueue, EventRow, HistoryEvent, HistoryRow, LeaderRow, LeadersRow, TaskEvent,
    TaskRow,
};
use ferry_core::{EventName, StateName};
use prost::Message;

/// The rows that tell what happened.
pub(crate) struct FeedRows {
    pub(crate) counters: CountersRow,
    pub(crate) task: TaskRow,
    pub(crate) history: HistoryRow,
    pub(crate) events: EventRow,
    pub(crate) leaders: LeadersRow,
}

/// A row of each kind, from what else is in them.
pub(crate) fn rows(counters: CountersRow, task: TaskRow) -> FeedRows {
    let history = HistoryRow {
        events: vec![HistoryEvent {
            event: EventName::Nacked.into(),
            state: StateName::Retrying.into(),
            index: 202,
            later_ms: 203,
            attempt: 204,
            worker: "w".into(),
        }],
    };
    let events = EventRow {
        index: 205,
        at_ms: 206,
        queues: vec![EventQueue { id: 207, name: "q".into() }],
        events: vec![TaskEvent {
            task: 208,
            queue: 207,
            event: EventName::Removed.into(),
            state: StateName::Dead.into(),
            attempt: 209,
        }],
    };
    FeedRows {
        counters: CountersRow { events_from: 210, ..counters },
        task: TaskRow {
            history: history.encode_to_vec(),
            enqueued_index: 201,
            enqueued_state: StateName::Scheduled.into(),
            last_event: EventName::Leased.into(),
            last_event_at_ms: 213,
            ..task
        },
        history,
        events,
        leaders: LeadersRow { leaders: vec![LeaderRow { index: 211, node: 212 }] },
    }
}
