use std::collections::BTreeSet;

use ferry_core::row::EventRow;
use ferry_core::{Change, EventName, StateName};
use ferry_types::TaskId;
use ferry_types::limits::HISTORY_MAX;

use super::Witness;

impl Witness {
    /// The events that the disk has, in the order of their entries.
    pub(crate) fn events(&self) -> impl Iterator<Item = &EventRow> {
        self.stored.events.values()
    }

    /// The feed tells of every task that is stored or removed, and of no other, and ends where the
    /// task stands; so does the task's history.
    pub(crate) fn check_feed(&self, changes: &[Change]) {
        let stored = changes.iter().filter_map(Change::task);
        let changed: BTreeSet<u64> = stored.map(|(id, _)| id.get()).collect();
        self.check_rows(&changed);
        for id in changed {
            self.check_history(id);
        }
    }

    fn check_rows(&self, changed: &BTreeSet<u64>) {
        let from = self.machine.events_from().get();
        assert!(self.stored.events.keys().all(|index| *index >= from), "old events are left");
        let Some(row) = self.stored.events.get(&self.index) else {
            assert!(changed.is_empty() || self.events_max == 0, "{changed:?} are not told");
            return;
        };
        assert_eq!(row.at_ms, self.machine.now().as_millis());
        let told: BTreeSet<u64> = row.events.iter().map(|event| event.task).collect();
        assert_eq!(&told, changed, "what is told is not what is stored");
        let queues: BTreeSet<u32> = row.events.iter().map(|event| event.queue).collect();
        assert!(row.queues.iter().map(|queue| queue.id).eq(queues), "queues lack their names");
        for event in &row.events {
            assert_ne!((event.event(), event.state()), (EventName::Unknown, StateName::Unknown));
        }
        for id in changed {
            let last = row.events.iter().rfind(|event| event.task == *id).expect("it is told");
            match self.stored.tasks.get(&TaskId::new(*id)) {
                Some(task) => assert_eq!(last.state(), task.state(), "t{id} is told wrongly"),
                None => assert_eq!(last.event(), EventName::Removed, "t{id} is not told removed"),
            }
        }
    }

    fn check_history(&self, id: u64) {
        let Some(task) = self.stored.tasks.get(&TaskId::new(id)) else { return };
        if let Some(told) = self.machine.history(TaskId::new(id)) {
            assert!(told.len() <= HISTORY_MAX, "the history of t{id} is too long");
            let last = told.last().map(|event| event.state);
            assert_eq!(last, Some(task.state()), "the history of t{id} ends elsewhere");
        }
    }
}
