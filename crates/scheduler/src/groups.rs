use std::collections::BTreeMap;

use crate::Worker;

/// How many tasks the workers with the same value of a label have, for their slots. Counted when a
/// queue first asks for the label, and kept from there on.
#[derive(Default)]
pub(crate) struct Groups(BTreeMap<String, BTreeMap<Option<String>, Group>>);

#[derive(Default)]
struct Group {
    used: u64,
    slots: u64,
}

impl Groups {
    /// The share of its slots in use of the group that a worker is of.
    pub(crate) fn load(&mut self, label: &str, worker: &Worker, all: &[Worker]) -> f64 {
        if !self.0.contains_key(label) {
            let mut groups: BTreeMap<Option<String>, Group> = BTreeMap::new();
            for worker in all {
                let group = groups.entry(worker.labels.get(label).cloned()).or_default();
                group.used += u64::from(worker.slots - worker.free_slots);
                group.slots += u64::from(worker.slots);
            }
            self.0.insert(label.to_owned(), groups);
        }
        let group = &self.0[label][&worker.labels.get(label).cloned()];
        group.used as f64 / group.slots.max(1) as f64
    }

    /// Counts a task that a worker was given.
    pub(crate) fn count(&mut self, worker: &Worker) {
        for (label, groups) in &mut self.0 {
            if let Some(group) = groups.get_mut(&worker.labels.get(label).cloned()) {
                group.used += 1;
            }
        }
    }
}
