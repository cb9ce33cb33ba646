use ferry_types::{LogIndex, TaskId, Timestamp};

use super::Machine;
use crate::event::EventName;
use crate::state::StateName;
use crate::view::HistoryView;

impl Machine {
    /// What has happened to a task: its enqueue first, then the newest of what came later. Leases
    /// that were extended are not told.
    pub fn history(&self, id: TaskId) -> Option<Vec<HistoryView>> {
        let task = self.known_task(id)?;
        let first = |index, state| HistoryView {
            index: LogIndex::new(index),
            at: task.enqueued_at,
            event: EventName::Enqueued,
            state,
            attempt: 0,
            node: self.leaders.at(index),
            worker: None,
        };
        let Some(history) = task.history() else {
            return Some(vec![first(task.index.get(), task.state().name())]);
        };
        let row = history.read();
        let mut events = vec![first(row.enqueued_index, row.enqueued_state())];
        let mut holder = None;
        for event in row.later {
            let at_ms = task.enqueued_at.as_millis().saturating_add(event.later_ms);
            let (name, state) = (event.event(), event.state());
            if name == EventName::Leased {
                holder = Some(event.worker).filter(|worker| !worker.is_empty());
            }
            // Whoever held the task is told of what ended the lease, too.
            let worker = if state == StateName::Leased { holder.clone() } else { holder.take() };
            events.push(HistoryView {
                index: LogIndex::new(event.index),
                at: Timestamp::from_millis(at_ms),
                event: name,
                state,
                attempt: event.attempt,
                node: self.leaders.at(event.index),
                worker,
            });
        }
        Some(events)
    }
}
