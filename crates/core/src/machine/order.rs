//! How the choice of a queue follows its tasks. A task goes through three layers, each of which
//! lets only its first through, so that whatever frees or stops many moves few:
//!
//! 1. A lane puts up its first task while its key has room.
//! 2. In a line stand the tasks that the same limits bind. Of those in it that want a lock, the
//!    first is offered while all its locks are free.
//! 3. A queue takes the first of the offered, over all its lines whose limits let it through.
//!
//! All of it follows from the tasks, the settings, the limits and the turns; not from how they came
//! about.

use ferry_types::TaskId;

use super::lane::{KeyRule, Lane};
use super::line::LineName;
use super::locks::Place;
use super::pages::Pages;
use super::queues::Queues;
use super::rank::{By, Rank};
use super::standing::Standing;
use super::task::Task;

impl Queues {
    /// Follows a task from one standing to another. It is in the table, unless it is being removed.
    pub(crate) fn restand(
        &mut self,
        (id, task): (TaskId, &Task),
        before: Standing,
        after: Standing,
        table: &Pages,
    ) {
        if before == after {
            return;
        }
        self.leave(id, task, before, table);
        self.enter(id, task, after, table);
        if let Some(key) = task.key() {
            self.settle_lane(task.queue, key, table);
            self.drop_empty_lane(task.queue, key);
        }
    }

    /// Has the lane of a key put up the task that it should, and no other.
    pub(crate) fn settle_lane(&mut self, number: u32, key: &str, table: &Pages) {
        let queue = self.any_mut(number);
        let (rule, is_fair) = (KeyRule::of(&queue.settings), queue.settings.fair);
        let Some(lane) = queue.choice.lanes.get_mut(key) else { return };
        let next = lane.next(rule).and_then(|id| {
            let task = table.get(id).expect("a ready task is in the table");
            let rank = match is_fair {
                true => (By::Turn, Rank::by_turn(lane.turn?, id)),
                false => (By::Priority, Rank::by_priority(task.priority, id)),
            };
            Some((rank, task))
        });
        let before = lane.nominee;
        lane.nominee = next.map(|(nominee, _)| nominee);
        if before == lane.nominee {
            return;
        }
        if let Some((by, rank)) = before {
            let task = table.get(rank.id).expect("a nominee is in the table");
            self.withdraw(task, by, rank, table);
        }
        if let Some(((by, rank), task)) = next {
            self.put_up(task, by, rank, table);
        }
    }

    /// Gives the lane of a key, if it is there, another turn, or none.
    pub(crate) fn set_turn(&mut self, number: u32, key: &str, turn: Option<u64>, table: &Pages) {
        if self.contains(number)
            && let Some(lane) = self.any_mut(number).choice.lanes.get_mut(key)
        {
            lane.turn = turn;
            self.settle_lane(number, key, table);
        }
    }

    /// Takes back what the lane of a key has put up, wherever it has, until it is settled again.
    pub(crate) fn unsettle_lane(&mut self, number: u32, key: &str, table: &Pages) {
        let lane = self.any_mut(number).choice.lanes.get_mut(key);
        if let Some((by, rank)) = lane.and_then(|lane| lane.nominee.take()) {
            let task = table.get(rank.id).expect("a nominee is in the table");
            self.withdraw(task, by, rank, table);
        }
    }

    fn leave(&mut self, id: TaskId, task: &Task, before: Standing, table: &Pages) {
        match before {
            Standing::Aside => {}
            Standing::Ready if task.is_plain() => {}
            Standing::Ready => {
                let choice = &mut self.any_mut(task.queue).choice;
                choice.ready.remove(id);
                let Some(key) = task.key() else {
                    let rank = Rank::by_priority(task.priority, id);
                    return self.withdraw(task, By::Priority, rank, table);
                };
                let lane = choice.lanes.get_mut(key).expect("a ready task has its lane");
                lane.ready.remove(id);
                if let Some((by, rank)) = lane.nominee.take_if(|(_, rank)| rank.id == id) {
                    self.withdraw(task, by, rank, table);
                }
            }
            Standing::Retrying => {
                if let Some(lane) = self.lane_mut(task) {
                    lane.retrying -= 1;
                }
            }
            Standing::Held => {
                if let Some(lane) = self.lane_mut(task) {
                    lane.held.remove(&id);
                }
                let (limits, queue) = self.limits_and(task.queue);
                limits.let_go(queue.name.as_str(), task);
                task.task_type().into_iter().for_each(|kind| queue.choice.let_go(kind));
                task.locks().iter().for_each(|lock| self.free_lock(lock, table));
            }
        }
    }

    fn enter(&mut self, id: TaskId, task: &Task, after: Standing, table: &Pages) {
        match after {
            Standing::Aside => {}
            Standing::Ready if task.is_plain() => {}
            Standing::Ready => {
                self.any_mut(task.queue).choice.ready.insert(id);
                match self.lane_mut(task) {
                    Some(lane) => lane.ready.insert(id),
                    None => {
                        let rank = Rank::by_priority(task.priority, id);
                        self.put_up(task, By::Priority, rank, table);
                    }
                }
            }
            Standing::Retrying => {
                if let Some(lane) = self.lane_mut(task) {
                    lane.retrying += 1;
                }
            }
            Standing::Held => {
                if let Some(lane) = self.lane_mut(task) {
                    lane.held.insert(id);
                }
                let (limits, queue) = self.limits_and(task.queue);
                limits.hold(queue.name.as_str(), task);
                task.task_type().into_iter().for_each(|kind| queue.choice.hold(kind));
                task.locks().iter().for_each(|lock| self.take_lock(lock, id));
            }
        }
    }

    /// Puts a task into its line.
    fn put_up(&mut self, task: &Task, by: By, rank: Rank, table: &Pages) {
        let place = self.place(task, by);
        if task.locks().is_empty() {
            return self.any_mut(place.queue).choice.offer(&place.line, rank);
        }
        for lock in task.locks() {
            let choice = &mut self.any_mut(place.queue).choice;
            let first = choice.first_wanting(&place.line, lock);
            choice.want(&place.line, lock, rank);
            first
                .filter(|first| rank < *first)
                .inspect(|first| choice.retract(&place.line, *first));
            self.locks.want(lock, &place);
        }
        self.reconsider(&place, rank, table);
    }

    /// Takes a task out of its line.
    fn withdraw(&mut self, task: &Task, by: By, rank: Rank, table: &Pages) {
        let place = self.place(task, by);
        self.any_mut(place.queue).choice.retract(&place.line, rank);
        for lock in task.locks() {
            match self.any_mut(place.queue).choice.unwant(&place.line, lock, rank) {
                Some(first) if first > rank => self.reconsider(&place, first, table),
                Some(_) => {}
                None => self.locks.unwant(lock, &place),
            }
        }
    }

    /// Offers a task that wants locks if it is first for each and all are free, and else does not.
    fn reconsider(&mut self, place: &Place, rank: Rank, table: &Pages) {
        let task = table.get(rank.id).expect("a ready task is in the table");
        let choice = &self.any_mut(place.queue).choice;
        let is_first = |lock: &str| choice.first_wanting(&place.line, lock) == Some(rank);
        let is_first = task.locks().iter().all(|lock| is_first(lock));
        let may = is_first && !task.locks().iter().any(|lock| self.locks.is_held(lock));
        let choice = &mut self.any_mut(place.queue).choice;
        if may { choice.offer(&place.line, rank) } else { choice.retract(&place.line, rank) }
    }

    fn take_lock(&mut self, lock: &str, id: TaskId) {
        self.locks.take(lock, id);
        let places: Vec<Place> = self.locks.wanted(lock).cloned().collect();
        for Place { queue, line } in places {
            let choice = &mut self.any_mut(queue).choice;
            if let Some(first) = choice.first_wanting(&line, lock) {
                choice.retract(&line, first);
            }
        }
    }

    fn free_lock(&mut self, lock: &str, table: &Pages) {
        self.locks.free(lock);
        let places: Vec<Place> = self.locks.wanted(lock).cloned().collect();
        for place in places {
            let choice = &self.any_mut(place.queue).choice;
            if let Some(first) = choice.first_wanting(&place.line, lock) {
                self.reconsider(&place, first, table);
            }
        }
    }

    fn place(&self, task: &Task, by: By) -> Place {
        let class = self.limits.class(task);
        Place { queue: task.queue, line: LineName { by, class } }
    }

    /// The lane of a task that has a key. It comes with its first task.
    fn lane_mut(&mut self, task: &Task) -> Option<&mut Lane> {
        let key = task.key()?;
        Some(self.any_mut(task.queue).choice.lane_mut(key))
    }

    fn drop_empty_lane(&mut self, number: u32, key: &str) {
        let lanes = &mut self.any_mut(number).choice.lanes;
        if lanes.get(key).is_some_and(|lane| lane.is_empty()) {
            lanes.remove(key);
        }
    }
}
