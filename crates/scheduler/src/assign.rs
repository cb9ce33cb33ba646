use std::collections::{BTreeMap, BTreeSet};

use crate::{Amounts, Paces, Policy, Task, Worker};

/// A task and its worker, by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The task's place in the list.
    pub task: usize,
    /// The worker's place in the list.
    pub worker: usize,
}

/// What one task can be told from another by.
type Needs<'a> = (&'a str, &'a Amounts, &'a BTreeMap<String, String>);

/// Gives each of `tasks`, in their order, to a worker that has room for it, if there is one. The
/// room is taken from the workers.
pub fn assign(tasks: &[&Task], workers: &mut [Worker], paces: &Paces) -> Vec<Assignment> {
    let mut given = Vec::new();
    let mut groups = Groups::default();
    // Room only shrinks here: what has found none finds none later.
    let mut hopeless: BTreeSet<Needs<'_>> = BTreeSet::new();
    let mut kept_free = None;
    for (place, task) in tasks.iter().enumerate() {
        let needs = (task.queue.as_str(), &task.resources, &task.selector);
        if hopeless.contains(&needs) {
            continue;
        }
        let mut best: Option<(f64, usize)> = None;
        for (worker, candidate) in workers.iter().enumerate() {
            let is_open = kept_free != Some(worker) && candidate.free_slots > 0;
            if !is_open || !candidate.suits(task) || !candidate.has_room(task) {
                continue;
            }
            let score = groups.score(task, candidate, workers, paces);
            if best.is_none_or(|(least, _)| score < least) {
                best = Some((score, worker));
            }
        }
        match best {
            Some((_, worker)) => {
                workers[worker].take(task);
                groups.count(&workers[worker]);
                given.push(Assignment { task: place, worker });
            }
            None => {
                hopeless.insert(needs);
                if kept_free.is_none() {
                    kept_free = soonest_free(task, workers);
                }
            }
        }
    }
    given
}

/// The least loaded of the workers that are large enough for a task.
fn soonest_free(task: &Task, workers: &[Worker]) -> Option<usize> {
    let suiting = workers.iter().enumerate().filter(|(_, worker)| worker.suits(task));
    let loads = suiting.map(|(place, worker)| (worker.load(), place));
    loads.min_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, place)| place)
}

/// How many tasks the workers with the same value of a label have, for their slots. Counted when a
/// queue first asks for the label, and kept from there on.
#[derive(Default)]
struct Groups(BTreeMap<String, BTreeMap<Option<String>, Group>>);

#[derive(Default)]
struct Group {
    used: u64,
    slots: u64,
}

impl Groups {
    /// The lower the better.
    fn score(&mut self, task: &Task, worker: &Worker, all: &[Worker], paces: &Paces) -> f64 {
        let pace = || paces.of(task.kind.as_deref(), &worker.name);
        match &task.policy {
            Policy::LeastLoaded => worker.load_with(task) * pace(),
            // The pace only tells like from like.
            Policy::BestFit => -worker.load_with(task) + pace() / 1_000.0,
            // A group's load comes first: a worker's own is below 1 when weighed against it.
            Policy::Spread(label) => {
                self.load(label, worker, all) * 1_000.0 + worker.load_with(task) * pace().min(10.0)
            }
        }
    }

    fn load(&mut self, label: &str, worker: &Worker, all: &[Worker]) -> f64 {
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
    fn count(&mut self, worker: &Worker) {
        for (label, groups) in &mut self.0 {
            if let Some(group) = groups.get_mut(&worker.labels.get(label).cloned()) {
                group.used += 1;
            }
        }
    }
}
