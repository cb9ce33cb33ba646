//! Which task a dequeue gets.

use std::collections::BTreeSet;

use ferry_types::limits::LINES_PER_PICK_MAX;
use ferry_types::{TaskId, Timestamp};

use super::Machine;
use super::gate::Gate;
use super::queue::Queue;
use super::rank::{By, Rank};
use super::taker::Taker;
use crate::view::Offer;

impl Machine {
    /// Whether a dequeue from a queue under the name of a worker, or under none, would get a task;
    /// `None` if there is no such queue. Costs as much as taking one, and changes nothing.
    pub fn offers(&self, name: &str, worker: Option<&str>) -> Option<Offer> {
        self.offers_to(name, self.taker(worker))
    }

    /// Whether a dequeue from a queue would get a task if it came from a worker that has all that
    /// the task needs.
    pub fn offers_anybody(&self, name: &str) -> Option<Offer> {
        self.offers_to(name, Taker::Anybody)
    }

    fn offers_to(&self, name: &str, taker: Taker<'_>) -> Option<Offer> {
        let queue = self.queues.get(self.queues.number(name)?)?;
        if !taker.has_room() {
            return Some(Offer::Nothing);
        }
        Some(match self.pick(queue, taker) {
            Ok(_) => Offer::Ready,
            Err(Gate::NotBefore(at)) => Offer::NotBefore(at),
            Err(Gate::Open | Gate::Closed) => Offer::Nothing,
        })
    }

    /// Whether a rate may hold the tasks of a queue back: its own, or one of a named limit. False if
    /// there is no such queue.
    pub fn may_be_rated(&self, name: &str) -> bool {
        let queue = self.queues.number(name).and_then(|number| self.queues.get(number));
        queue.is_some_and(|queue| queue.settings.rate.is_some() || !self.queues.limits.is_empty())
    }

    /// The task of a queue whose turn it is for whoever has room, or what keeps all of them back.
    ///
    /// Lines whose limits let nothing through are passed over. There is a line for each type, and for
    /// each key that a limit names. Of those whose tasks need what the taker has no room for, only
    /// so many are.
    pub(crate) fn pick(&self, queue: &Queue, taker: Taker<'_>) -> Result<TaskId, Gate> {
        self.pick_at(queue, taker, self.now())
    }

    /// The same as an entry at `now` would find it, if nothing else changed until then.
    pub(crate) fn pick_at(
        &self,
        queue: &Queue,
        taker: Taker<'_>,
        now: Timestamp,
    ) -> Result<TaskId, Gate> {
        self.pick_from(queue, taker, now, &mut LINES_PER_PICK_MAX.clone())
    }

    /// The same for one of several picks, which together may look at the lines that are `left`.
    pub(crate) fn pick_within(
        &self,
        queue: &Queue,
        taker: Taker<'_>,
        left: &mut usize,
    ) -> Result<TaskId, Gate> {
        let may_look_at = LINES_PER_PICK_MAX.min(*left);
        let mut lines = may_look_at;
        let picked = self.pick_from(queue, taker, self.now(), &mut lines);
        *left -= may_look_at - lines;
        picked
    }

    fn pick_from(
        &self,
        queue: &Queue,
        taker: Taker<'_>,
        now: Timestamp,
        lines: &mut usize,
    ) -> Result<TaskId, Gate> {
        if queue.is_plain() && self.queues.limits.is_empty() {
            return queue.first_plain().map(|rank| rank.id).ok_or(Gate::Closed);
        }
        let gate = self.queue_gate(queue, now);
        if gate == Gate::Closed {
            return Err(gate);
        }
        let by_priority =
            self.first_by((By::Priority, now), queue, queue.first_plain(), taker, lines);
        let by_turn = self.first_by((By::Turn, now), queue, None, taker, lines);
        let picked = match (by_priority, by_turn) {
            // Tasks without a key have a turn together.
            (Ok(one), Ok(other)) => {
                let is_before = queue.keyless_turn.is_none_or(|turn| turn < other.turn());
                Ok(if is_before { one } else { other })
            }
            (Ok(one), Err(_)) | (Err(_), Ok(one)) => Ok(one),
            (Err(one), Err(other)) => Err(one.or(other)),
        };
        match (picked, gate) {
            (Ok(rank), Gate::Open) => Ok(rank.id),
            (Ok(_), gate) => Err(gate),
            (Err(lines), gate) => Err(lines.and(gate)),
        }
    }

    /// Whether all that binds a queue as a whole lets its tasks through.
    pub(crate) fn queue_gate(&self, queue: &Queue, now: Timestamp) -> Gate {
        if queue.paused || queue.settings.max_concurrency.is_some_and(|max| queue.held() >= max) {
            return Gate::Closed;
        }
        let rate = Gate::of_rate(queue.bucket.not_before(queue.settings.rate.as_ref(), now));
        if self.queues.limits.is_empty() {
            return rate;
        }
        rate.and(self.queues.limits.queue_gate(queue.name.as_str(), now))
    }

    /// The first of all lines that are ranked alike, and of the plain task, that may be taken.
    ///
    /// Of the lines whose tasks need something at most `lines` are looked at.
    fn first_by(
        &self,
        (by, now): (By, Timestamp),
        queue: &Queue,
        plain: Option<Rank>,
        taker: Taker<'_>,
        lines: &mut usize,
    ) -> Result<Rank, Gate> {
        let first = self.first_open(queue, queue.choice.firsts(by), plain, now);
        let needing = queue.choice.needing(by);
        if needing.is_empty() || !taker.takes_needs() {
            return first;
        }
        let mut held_back = Gate::Closed;
        for rank in needing.iter().take(*lines) {
            if first.is_ok_and(|first| first < *rank) {
                break;
            }
            *lines -= 1;
            let task = self.tasks.get(rank.id).expect("an offered task is in the table");
            if !taker.fits(task.needs().map(|needs| &**needs)) {
                continue;
            }
            match self.queues.limits.class_gate(queue.name.as_str(), task, now) {
                Gate::Open => return Ok(*rank),
                gate @ (Gate::NotBefore(_) | Gate::Closed) => held_back = held_back.or(gate),
            }
        }
        first.map_err(|gate| gate.or(held_back))
    }

    /// The first of these ranks, and of the plain task that no limit tells from others, that its
    /// limits let through.
    fn first_open(
        &self,
        queue: &Queue,
        firsts: &BTreeSet<Rank>,
        plain: Option<Rank>,
        now: Timestamp,
    ) -> Result<Rank, Gate> {
        let mut held_back = Gate::Closed;
        for rank in firsts {
            if let Some(plain) = plain.filter(|plain| plain < rank) {
                return Ok(plain);
            }
            let task = self.tasks.get(rank.id).expect("an offered task is in the table");
            match self.queues.limits.class_gate(queue.name.as_str(), task, now) {
                Gate::Open => return Ok(*rank),
                gate @ (Gate::NotBefore(_) | Gate::Closed) => held_back = held_back.or(gate),
            }
        }
        plain.ok_or(held_back)
    }
}
