//! How the choice of a queue follows its tasks. A task goes through three layers, each of which
//! lets only its first through, so that whatever frees or stops many moves few: a lane one task, a
//! lock one in each line.
//!
//! 1. A lane puts up its first task while its key has room.
//! 2. In a line stand the tasks that the same limits bind. Of those in it that want a lock, the
//!    first is offered while all its locks are free.
//! 3. A queue takes the first of the offered, over all its lines whose limits let it through.
//!
//! All of it follows from the tasks, the settings, the limits and the turns; not from how they came
//! about.

use ferry_types::TaskId;

use super::lane::{Handover, KeyRule, Lane, LaneNews};
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
    ) -> LaneNews {
        if before == after {
            return LaneNews::default();
        }
        let mut lane = LaneNews::default();
        // First, so that nobody is put up who would have to go again.
        if after == Standing::Held {
            self.hold(id, task);
        }
        if !task.is_plain() {
            let ready = &mut self.any_mut(task.queue).choice.ready;
            match (before, after) {
                (Standing::Ready, _) => ready.remove(id),
                (_, Standing::Ready) => ready.insert(id),
                (Standing::Aside | Standing::Retrying | Standing::Held, _) => {}
            }
            if task.key().is_some() {
                lane = self.restand_in_lane((id, task), before, after, table);
            } else {
                let own = |standing| {
                    let rank = (By::Priority, Rank::by_priority(task.priority, id));
                    (standing == Standing::Ready).then_some(rank)
                };
                let handover = Handover { before: own(before), after: own(after) };
                self.hand_over(handover, |_| task, table);
            }
        }
        if before == Standing::Held {
            self.let_go(task, table);
        }
        lane
    }

    /// Whether a ready task may be taken as far as its key and its locks go, whoever is before it.
    pub(crate) fn is_offered(&self, id: TaskId, task: &Task) -> bool {
        if task.is_plain() {
            return true;
        }
        let choice = &self.any(task.queue).choice;
        let place = match task.key() {
            Some(key) => choice.lanes.get(key).and_then(|lane| lane.nominee),
            None => Some((By::Priority, Rank::by_priority(task.priority, id))),
        };
        place.is_some_and(|(by, rank)| {
            rank.id == id && choice.has_offered(&self.place(task, by).line, rank)
        })
    }

    /// Changes the lane of a key, if it is there, and has it put up the task that it should then.
    pub(crate) fn change_lane(
        &mut self,
        number: u32,
        key: &str,
        table: &Pages,
        change: impl FnOnce(&mut Lane),
    ) {
        let queue = self.any_mut(number);
        let rule = KeyRule::of(&queue.settings);
        let Some(lane) = queue.choice.lanes.get_mut(key) else { return };
        change(lane);
        if let Some(handover) = lane.settle(rule, table) {
            let find = |id| table.get(id).expect("a nominee is in the table");
            self.hand_over(handover, find, table);
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

    /// The lane of a key comes with its first task and goes with its last.
    fn restand_in_lane(
        &mut self,
        (id, task): (TaskId, &Task),
        before: Standing,
        after: Standing,
        table: &Pages,
    ) -> LaneNews {
        let Some(key) = task.key() else { return LaneNews::default() };
        let queue = self.any_mut(task.queue);
        let (rule, is_fair) = (KeyRule::of(&queue.settings), queue.settings.fair);
        let (handover, is_empty, lacks_turn) = queue.choice.change_lane(key, |lane| {
            lane.restand(id, before, after);
            (lane.settle(rule, table), lane.is_empty(), lane.lacks_turn())
        });
        if is_empty {
            queue.choice.lanes.remove(key);
        }
        let turn_is_open = is_fair && (is_empty || lacks_turn);
        let has_next = handover.as_ref().is_some_and(|handover| handover.after.is_some());
        let news = LaneNews { turn_is_open, has_next };
        let Some(handover) = handover else { return news };
        let other = |id| table.get(id).expect("a nominee is in the table");
        let find = |nominee| if nominee == id { task } else { other(nominee) };
        self.hand_over(handover, find, table);
        news
    }

    fn hand_over<'a>(
        &mut self,
        handover: Handover,
        find: impl Fn(TaskId) -> &'a Task,
        table: &Pages,
    ) {
        if let Some((by, rank)) = handover.before {
            self.withdraw(find(rank.id), by, rank, table);
        }
        if let Some((by, rank)) = handover.after {
            self.put_up(find(rank.id), by, rank, table);
        }
    }

    /// Puts a task into its line.
    fn put_up(&mut self, task: &Task, by: By, rank: Rank, table: &Pages) {
        let place = self.place(task, by);
        if task.locks().is_empty() {
            return self.any_mut(place.queue).choice.offer(&place.line, rank);
        }
        for lock in task.locks() {
            if let Some(overtaken) = self.locks.want(lock, &place, rank) {
                self.any_mut(place.queue).choice.retract(&place.line, overtaken);
            }
        }
        self.reconsider(&place, rank, table);
    }

    /// Takes a task out of its line.
    fn withdraw(&mut self, task: &Task, by: By, rank: Rank, table: &Pages) {
        let place = self.place(task, by);
        self.any_mut(place.queue).choice.retract(&place.line, rank);
        for lock in task.locks() {
            if let Some(first) = self.locks.unwant(lock, &place, rank) {
                self.reconsider(&place, first, table);
            }
        }
    }

    /// Offers a task that wants locks if it is first for each and all are free, and else does not.
    fn reconsider(&mut self, place: &Place, rank: Rank, table: &Pages) {
        let task = table.get(rank.id).expect("a ready task is in the table");
        let may = task.locks().iter().all(|lock| self.locks.is_for(lock, place, rank));
        let choice = &mut self.any_mut(place.queue).choice;
        if may { choice.offer(&place.line, rank) } else { choice.retract(&place.line, rank) }
    }

    /// Takes what a lease takes: room in limits, and locks.
    fn hold(&mut self, id: TaskId, task: &Task) {
        let (limits, queue) = self.limits_and(task.queue);
        limits.hold(queue.name.as_str(), task);
        task.task_type().into_iter().for_each(|kind| queue.choice.hold(kind));
        for lock in task.locks() {
            for (place, first) in self.locks.take(lock, id) {
                self.any_mut(place.queue).choice.retract(&place.line, first);
            }
        }
    }

    /// Undoes [`hold`](Self::hold).
    fn let_go(&mut self, task: &Task, table: &Pages) {
        let (limits, queue) = self.limits_and(task.queue);
        limits.let_go(queue.name.as_str(), task);
        task.task_type().into_iter().for_each(|kind| queue.choice.let_go(kind));
        for lock in task.locks() {
            for (place, first) in self.locks.free(lock) {
                self.reconsider(&place, first, table);
            }
        }
    }

    /// Where a task stands while it may be taken.
    pub(crate) fn place(&self, task: &Task, by: By) -> Place {
        let class = self.limits.class(task);
        Place { queue: task.queue, line: LineName { by, class } }
    }
}
