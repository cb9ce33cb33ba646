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
        let (index, state) = task.enqueued();
        let mut events = vec![HistoryView {
            index,
            at: task.enqueued_at,
            event: EventName::Enqueued,
            state,
            attempt: 0,
            node: self.leaders.at(index.get()),
            worker: None,
        }];
        let mut holder = None;
        for event in task.later_events() {
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
