//! The change feed: a row an entry, for as many entries as the limit says. The machine only knows
//! from which entry on there are rows; the rows themselves are on disk alone.

use std::collections::{BTreeMap, BTreeSet};

use ferry_types::limits::EVICTIONS_PER_INSERT_MAX;
use ferry_types::{LogIndex, TaskId};

use super::applying::Applying;
use super::task::Task;
use crate::Change;
use crate::event::EventName;
use crate::row::{EventQueue, EventRow, TaskEvent};

/// What an entry has done to tasks so far.
#[derive(Debug, Default)]
pub(crate) struct Events {
    events: Vec<TaskEvent>,
    /// Names of the queues of the tasks, which may be gone at the end of the entry.
    queues: BTreeMap<u32, String>,
    /// The queue of the last task, whose name is there.
    last_queue: u32,
    /// Whether there may be names of queues that no event is of.
    has_forgotten: bool,
}

impl Events {
    /// Nothing yet, with room for so many events.
    pub(crate) fn with_room(events: usize) -> Self {
        Self { events: Vec::with_capacity(events), ..Self::default() }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// Forgets all but the first so many, with the names of queues that are not there after all.
    pub(crate) fn forget(&mut self, len: usize, queues: &BTreeSet<u32>) {
        self.events.truncate(len);
        self.queues.retain(|number, _| !queues.contains(number));
        self.last_queue = 0;
        self.has_forgotten = true;
    }
}

impl Applying<'_> {
    /// Tells the change feed what happened.
    pub(crate) fn tell(&mut self, event: TaskEvent) {
        if event.queue != self.events.last_queue {
            self.events.last_queue = event.queue;
            let queues = &self.machine.queues;
            let name = || queues.name(event.queue).expect("a queue outlives its tasks").into();
            self.events.queues.entry(event.queue).or_insert_with(name);
        }
        self.events.events.push(event);
    }

    /// Ends the feed of the entry: its own row, and those that are too old (I8). Few of these go at
    /// a time; what is left goes with the next entries.
    pub(crate) fn store_events(&mut self) -> Vec<Change> {
        let Events { events, mut queues, has_forgotten, .. } = std::mem::take(&mut self.events);
        if has_forgotten {
            let told: BTreeSet<u32> = events.iter().map(|event| event.queue).collect();
            queues.retain(|number, _| told.contains(number));
        }
        let index = self.index.get();
        let from = &mut self.machine.counters.events_from;
        if *from == 0 {
            // Rows of an earlier version, which kept none.
            *from = index;
        }
        let wanted = index.saturating_add(1).saturating_sub(self.limits.events_max);
        let mut changes = Vec::new();
        for _ in 0..EVICTIONS_PER_INSERT_MAX {
            if *from >= wanted {
                break;
            }
            if *from < index {
                changes.push(Change::DeleteEvents(LogIndex::new(*from)));
            }
            *from += 1;
        }
        if !events.is_empty() && *from <= index {
            let queue = |(id, name)| EventQueue { id, name };
            let queues = queues.into_iter().map(queue).collect();
            let at_ms = self.machine.counters.now_ms;
            changes.push(Change::PutEvents(EventRow { index, at_ms, queues, events }));
        }
        changes
    }
}

/// An event of a task as it stands.
pub(crate) fn told(id: TaskId, event: EventName, task: &Task) -> TaskEvent {
    TaskEvent {
        task: id.get(),
        queue: task.queue,
        event: event.into(),
        state: task.state().name().into(),
        attempt: task.attempt,
    }
}
