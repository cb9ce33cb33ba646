use std::collections::{BTreeMap, BTreeSet};

use crate::{Amounts, Task};

/// A worker that takes what it is given.
#[derive(Clone, Debug, Default)]
pub struct Worker {
    /// Its name, by which its pace is known.
    pub name: String,
    /// The queues whose tasks it is given.
    pub queues: BTreeSet<String>,
    /// How many tasks it may have at a time.
    pub slots: u32,
    /// How many more it may have.
    pub free_slots: u32,
    /// What it has of each resource.
    pub resources: Amounts,
    /// What of that no lease uses.
    pub free: Amounts,
    /// What it is.
    pub labels: BTreeMap<String, String>,
}

impl Worker {
    /// Whether it may have such a task at all, were it idle.
    pub fn suits(&self, task: &Task) -> bool {
        self.queues.contains(&task.queue)
            && task.resources.fits(&self.resources)
            && task.selector.iter().all(|(label, value)| self.labels.get(label) == Some(value))
    }

    /// Whether there is room for a task that it suits.
    pub fn has_room(&self, task: &Task) -> bool {
        self.free_slots > 0 && task.resources.fits(&self.free)
    }

    /// Takes the room of a task, which is there.
    pub fn take(&mut self, task: &Task) {
        self.free_slots -= 1;
        self.free.take(&task.resources);
    }

    /// The largest share in use of its slots and of any resource, were `task` given to it.
    pub fn load_with(&self, task: &Task) -> f64 {
        let slots = share(u64::from(self.slots - self.free_slots) + 1, u64::from(self.slots));
        let resources = self.resources.0.iter().map(|(name, &all)| {
            let used = all.saturating_sub(self.free.of(name));
            share(used + task.resources.of(name), all)
        });
        resources.fold(slots, f64::max)
    }

    /// The largest share of what a task needs, a slot and resources, that is not free.
    pub fn lacking(&self, task: &Task) -> f64 {
        let slots = share(1_u64.saturating_sub(self.free_slots.into()), 1);
        let resources = task.resources.0.iter();
        let lacking =
            resources.map(|(name, &need)| share(need.saturating_sub(self.free.of(name)), need));
        lacking.fold(slots, f64::max)
    }
}

/// A share, which is nothing of nothing.
fn share(used: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { used as f64 / all as f64 }
}
