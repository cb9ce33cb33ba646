//! What the scheduler sees of a queue: its ready tasks in their order, as far as nothing but the
//! choice of a worker is left to decide.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ferry_types::limits::{LINES_PER_PICK_MAX, TASKS_PER_LOOK_MAX};
use ferry_types::{QueueName, TaskId, Timestamp};

use super::Machine;
use super::gate::Gate;
use super::queue::Queue;
use super::rank::{By, Rank};
use super::taker::Taker;
use super::task::Task;
use crate::command::AssignPolicy;
use crate::view::{ReadyTask, Seen};

/// Tasks that need the same of their worker.
struct Source<'a> {
    /// In order.
    ranks: Box<dyn Iterator<Item = Rank> + 'a>,
    /// How many of them the limits let through.
    room: u64,
}

/// Sources side by side.
struct Merged<'a> {
    sources: Vec<Source<'a>>,
    /// The first of each, and which that is.
    firsts: BinaryHeap<Reverse<(Rank, usize)>>,
}

impl<'a> Merged<'a> {
    fn new(sources: Vec<Source<'a>>) -> Self {
        let mut merged = Self { firsts: BinaryHeap::with_capacity(sources.len()), sources };
        (0..merged.sources.len()).for_each(|source| merged.go_on(source));
        merged
    }

    fn first(&self) -> Option<(Rank, usize)> {
        self.firsts.peek().map(|Reverse(first)| *first)
    }

    fn pop(&mut self) {
        self.firsts.pop();
    }

    /// Brings the next task of a source, if its limits let one more through.
    fn go_on(&mut self, source: usize) {
        let Source { ranks, room } = &mut self.sources[source];
        let next = ranks.next().filter(|_| *room > 0);
        self.firsts.extend(next.map(|rank| Reverse((rank, source))));
    }

    /// Notes that a task of a source is let through.
    fn let_through(&mut self, source: usize) {
        self.sources[source].room -= 1;
    }
}

impl Machine {
    /// The queues that have ready tasks to assign, and how they do.
    pub fn assigning_queues(&self) -> impl Iterator<Item = (&QueueName, &AssignPolicy)> {
        self.queues
            .assigning()
            .filter_map(|queue| Some((&queue.name, queue.settings.assign.as_ref()?)))
    }

    /// Shows the ready tasks of a queue in the order in which they should be assigned, as long as
    /// `see` asks for more, and at most [`TASKS_PER_LOOK_MAX`] of them. In a fair queue this is one
    /// task of each key, then the others without a key.
    ///
    /// It shows no more than bounds and rates let through: when those are leased, there is more to
    /// see. Gives the time at which a rate lets tasks through that it alone holds back already, if
    /// there are any. Shows nothing of a queue that does not assign.
    pub fn look<'a>(
        &'a self,
        name: &str,
        mut see: impl FnMut(ReadyTask<'a>) -> Seen,
    ) -> Option<Timestamp> {
        let queue = self.queues.get(self.queues.number(name)?)?;
        queue.settings.assign.as_ref()?;
        match self.pick(queue, Taker::Anybody) {
            Ok(_) => {}
            Err(Gate::NotBefore(at)) => return Some(at),
            Err(Gate::Open | Gate::Closed) => return None,
        }
        let (lines, held_back) = self.open_lines(queue, By::Priority);
        let plain = Source { ranks: Box::new(queue.plain()), room: u64::MAX };
        let mut room = self.queue_room(queue);
        let mut by_priority = Merged::new([plain].into_iter().chain(lines).collect());
        let (lines, held_back_by_turn) = self.open_lines(queue, By::Turn);
        let mut by_turn = Merged::new(lines);
        let mut keyless_turn = queue.keyless_turn.unwrap_or(0);
        for _ in 0..TASKS_PER_LOOK_MAX {
            if room == 0 {
                break;
            }
            let keyless = by_priority.first();
            let keyed =
                by_turn.first().filter(|(rank, _)| keyless.is_none() || rank.turn() < keyless_turn);
            let (merged, first) = match (keyed, keyless) {
                (Some(keyed), _) => (&mut by_turn, keyed),
                (None, Some(keyless)) => {
                    keyless_turn = u64::MAX;
                    (&mut by_priority, keyless)
                }
                (None, None) => break,
            };
            merged.pop();
            let task = self.tasks.get(first.0.id).expect("an offered task is in the table");
            let is_too_late = task.ttl_end().is_some_and(|end| end <= self.now());
            match if is_too_late { None } else { Some(see(ready_task(first.0.id, task))) } {
                None => merged.go_on(first.1),
                Some(Seen::Taken) => {
                    merged.let_through(first.1);
                    merged.go_on(first.1);
                    room -= 1;
                }
                Some(Seen::FitsNobody) => {}
                Some(Seen::Enough) => break,
            }
        }
        match held_back.or(held_back_by_turn) {
            Gate::NotBefore(at) => Some(at),
            Gate::Open | Gate::Closed => None,
        }
    }

    /// How many more tasks of a queue all that binds it as a whole lets through.
    fn queue_room(&self, queue: &Queue) -> u64 {
        let max = queue.settings.max_concurrency.unwrap_or(u64::MAX);
        let tokens = queue.bucket.left(queue.settings.rate.as_ref(), self.now());
        let of_limits = self.queues.limits.queue_room(queue.name.as_str(), self.now());
        max.saturating_sub(queue.held()).min(tokens).min(of_limits)
    }

    /// The lines of a queue whose limits let their tasks through, and what holds the others back.
    fn open_lines<'a>(&'a self, queue: &'a Queue, by: By) -> (Vec<Source<'a>>, Gate) {
        let (mut open, mut held_back) = (Vec::new(), Gate::Closed);
        for firsts in [queue.choice.firsts(by), queue.choice.needing(by)] {
            for first in firsts.iter().take(LINES_PER_PICK_MAX) {
                let task = self.tasks.get(first.id).expect("an offered task is in the table");
                match self.queues.limits.class_gate(queue.name.as_str(), task, self.now()) {
                    Gate::Open => {
                        let line = self.queues.place(task, by).line;
                        let ranks = Box::new(queue.choice.line(&line));
                        let name = queue.name.as_str();
                        let room = self.queues.limits.room(name, task, self.now());
                        open.push(Source { ranks, room });
                    }
                    gate @ (Gate::NotBefore(_) | Gate::Closed) => held_back = held_back.or(gate),
                }
            }
        }
        (open, held_back)
    }
}

fn ready_task(id: TaskId, task: &Task) -> ReadyTask<'_> {
    let needs = task.needs();
    ReadyTask {
        id,
        priority: task.priority,
        task_type: task.task_type(),
        payload_bytes: task.payload_bytes.into(),
        resources: needs.map(|needs| &needs.resources),
        selector: needs.map(|needs| &needs.selector),
    }
}
