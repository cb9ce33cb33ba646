use crate::groups::Groups;
use crate::{Paces, Task, Worker};

/// One round of choices: the workers as they stand, and what the round has given them.
pub struct Round<'a> {
    workers: Vec<Worker>,
    paces: &'a Paces,
    groups: Groups,
    /// Whom the round keeps free for a task that found no room.
    kept_free: Option<usize>,
}

impl<'a> Round<'a> {
    /// A round in which nothing is given yet.
    pub fn new(workers: Vec<Worker>, paces: &'a Paces) -> Self {
        Self { workers, paces, groups: Groups::default(), kept_free: None }
    }

    /// Gives a task to the worker that its policy chooses, by its place, and takes the room from
    /// it. `None` if there is no room: then there is none either for a later task of the round that
    /// needs the same.
    pub fn give(&mut self, task: &Task) -> Option<usize> {
        let mut best: Option<(f64, usize)> = None;
        for (place, worker) in self.workers.iter().enumerate() {
            let is_open = self.kept_free != Some(place) && worker.has_room(task);
            if !is_open || !worker.suits(task) {
                continue;
            }
            let score = self.groups.score(task, worker, &self.workers, self.paces);
            if best.is_none_or(|(least, _)| score < least) {
                best = Some((score, place));
            }
        }
        let Some((_, place)) = best else {
            if self.kept_free.is_none() {
                self.kept_free = self.soonest_free(task);
            }
            return None;
        };
        self.workers[place].take(task);
        self.groups.count(&self.workers[place]);
        Some(place)
    }

    /// Whether no worker has a slot left.
    pub fn is_full(&self) -> bool {
        self.workers.iter().all(|worker| worker.free_slots == 0)
    }

    /// The workers as the round has left them, by place.
    pub fn workers(&self) -> &[Worker] {
        &self.workers
    }

    /// The least loaded of the workers that are large enough for a task.
    fn soonest_free(&self, task: &Task) -> Option<usize> {
        let suiting = self.workers.iter().enumerate().filter(|(_, worker)| worker.suits(task));
        let loads = suiting.map(|(place, worker)| (worker.load(), place));
        loads.min_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, place)| place)
    }
}
