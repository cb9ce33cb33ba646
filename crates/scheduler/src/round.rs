use crate::groups::Groups;
use crate::score::score;
use crate::{Amounts, Paces, Task, Worker};

/// One round of choices: the workers as they stand, and what the round has given them.
pub struct Round<'a> {
    workers: Vec<Worker>,
    paces: &'a Paces,
    groups: Groups,
    /// What the round keeps for a task that found no room.
    kept: Option<Kept>,
}

/// What one worker is to have left for a task once it has room for it: a slot, and what it needs.
struct Kept {
    place: usize,
    needs: Amounts,
}

impl<'a> Round<'a> {
    /// A round in which nothing is given yet.
    pub fn new(workers: Vec<Worker>, paces: &'a Paces) -> Self {
        Self { workers, paces, groups: Groups::default(), kept: None }
    }

    /// Gives a task to the worker that its policy chooses, by its place, and takes the room from
    /// it. `None` if there is no room: then there is none either for a later task of the round that
    /// needs the same.
    pub fn give(&mut self, task: &Task) -> Option<usize> {
        let mut best: Option<(f64, usize)> = None;
        for (place, worker) in self.workers.iter().enumerate() {
            if !self.has_room(place, task) || !worker.suits(task) {
                continue;
            }
            let score = score(task, worker, &self.workers, &mut self.groups, self.paces);
            if best.is_none_or(|(least, _)| score < least) {
                best = Some((score, place));
            }
        }
        let Some((_, place)) = best else {
            if self.kept.is_none() {
                let place = self.first_to_fit(task);
                self.kept = place.map(|place| Kept { place, needs: task.resources.clone() });
            }
            return None;
        };
        self.workers[place].take(task);
        self.groups.count(&self.workers[place]);
        Some(place)
    }

    /// Whether no worker has a slot left to give.
    pub fn is_full(&self) -> bool {
        let mut workers = self.workers.iter().enumerate();
        workers.all(|(place, worker)| worker.free_slots <= self.slots_kept_at(place))
    }

    /// The workers as the round has left them, by place.
    pub fn workers(&self) -> &[Worker] {
        &self.workers
    }

    /// Whether a worker has room for a task beside what is kept. Of what the kept task lacks still
    /// nothing is given, so it becomes no less whatever else is taken.
    fn has_room(&self, place: usize, task: &Task) -> bool {
        let worker = &self.workers[place];
        match self.kept.as_ref().filter(|kept| kept.place == place) {
            None => worker.has_room(task),
            Some(kept) => {
                worker.free_slots > 1 && task.resources.fits_beside(&kept.needs, &worker.free)
            }
        }
    }

    fn slots_kept_at(&self, place: usize) -> u32 {
        u32::from(self.kept.as_ref().is_some_and(|kept| kept.place == place))
    }

    /// Of the workers that are large enough for a task, the one that lacks the least share of what
    /// it needs. That share only falls while nothing of what is lacking is given, so from round to
    /// round the choice stands until the task fits, or falls on a worker that lacks even less.
    fn first_to_fit(&self, task: &Task) -> Option<usize> {
        let suiting = self.workers.iter().enumerate().filter(|(_, worker)| worker.suits(task));
        let shares = suiting.map(|(place, worker)| (worker.lacking(task), place));
        shares.min_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, place)| place)
    }
}
