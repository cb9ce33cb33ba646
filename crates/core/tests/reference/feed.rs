//! What happened, remembered in full.

use ferry_core::row::TaskEvent;
use ferry_core::{EventName, HistoryView, StateName};
use ferry_types::{LogIndex, NodeId, Timestamp};

use super::Reference;

impl Reference {
    /// Tells what has just happened to a task, and to whom it mattered.
    pub(crate) fn tell(&mut self, id: u64, event: EventName, worker: Option<String>) {
        let (index, now, node) = (self.index, self.now, self.node);
        let task = self.task_mut(id);
        let row = &task.row;
        let told = TaskEvent {
            task: id,
            queue: row.queue,
            event: event.into(),
            state: row.state,
            attempt: row.attempt,
        };
        if ![EventName::Extended, EventName::DependencyEnded].contains(&event) {
            task.history.push(HistoryView {
                index: LogIndex::new(index),
                at: Timestamp::from_millis(now),
                event,
                state: row.state(),
                attempt: row.attempt,
                node: Some(NodeId::new(node)),
                worker,
            });
        }
        self.told.push(told);
    }

    /// Ends a lease, if there is one, and says where the task is and what brought it there.
    pub(crate) fn becomes(&mut self, id: u64, event: EventName, state: StateName) {
        let index = self.index;
        let row = &mut self.task_mut(id).row;
        let worker = row.worker.take();
        row.state = state.into();
        row.index = index;
        row.token = None;
        row.expires_at_ms = None;
        row.leased_for_ms = None;
        self.tell(id, event, worker);
        self.turns_follow();
    }
}

/// What brings a task to its end by itself.
pub(crate) fn how(state: StateName) -> EventName {
    if state == StateName::Succeeded {
        EventName::Acked
    } else if state == StateName::Expired {
        EventName::Expired
    } else {
        EventName::Cancelled
    }
}
