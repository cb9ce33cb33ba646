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
use super::task::Task;
use crate::command::AssignPolicy;
use crate::view::{ReadyTask, Seen};

/// Tasks that need the same of their worker, in order.
type Source<'a> = Box<dyn Iterator<Item = Rank> + 'a>;

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

    /// Brings the next task of a source.
    fn go_on(&mut self, source: usize) {
        let next = self.sources[source].next();
        self.firsts.extend(next.map(|rank| Reverse((rank, source))));
    }
}

impl Machine {
    /// The queues whose tasks are assigned, and how.
    pub fn assigning_queues(&self) -> impl Iterator<Item = (&QueueName, &AssignPolicy)> {
        let queues = self.queues.living().map(|(_, queue)| queue);
        queues.filter_map(|queue| Some((&queue.name, queue.settings.assign.as_ref()?)))
    }

    /// How the tasks of a queue are assigned, if they are.
    pub fn assign_policy(&self, name: &str) -> Option<&AssignPolicy> {
        let queue = self.queues.get(self.queues.number(name)?)?;
        queue.settings.assign.as_ref()
    }

    /// Shows the ready tasks of a queue in the order in which they should be assigned, as long as
    /// `see` asks for more, and at most [`TASKS_PER_LOOK_MAX`] of them. In a fair queue this is one
    /// task of each key, then the others without a key.
    ///
    /// Gives the time at which a rate lets tasks through that it alone holds back, if there are
    /// any. Shows nothing of a queue that does not assign.
    pub fn look<'a>(
        &'a self,
        name: &str,
        mut see: impl FnMut(ReadyTask<'a>) -> Seen,
    ) -> Option<Timestamp> {
        let queue = self.queues.get(self.queues.number(name)?)?;
        queue.settings.assign.as_ref()?;
        match self.queue_gate(queue) {
            Gate::Open => {}
            Gate::NotBefore(at) => return Some(at).filter(|_| queue.counts().ready > 0),
            Gate::Closed => return None,
        }
        let (lines, held_back) = self.open_lines(queue, By::Priority);
        let plain: Source<'_> = Box::new(queue.plain());
        let mut by_priority = Merged::new([plain].into_iter().chain(lines).collect());
        let (lines, held_back_by_turn) = self.open_lines(queue, By::Turn);
        let mut by_turn = Merged::new(lines);
        let mut keyless_turn = queue.keyless_turn.unwrap_or(0);
        for _ in 0..TASKS_PER_LOOK_MAX {
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
            let seen = if is_too_late { Seen::Taken } else { see(ready_task(first.0.id, task)) };
            match seen {
                Seen::Taken => merged.go_on(first.1),
                Seen::FitsNobody => {}
                Seen::Enough => break,
            }
        }
        match held_back.or(held_back_by_turn) {
            Gate::NotBefore(at) => Some(at),
            Gate::Open | Gate::Closed => None,
        }
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
                        open.push(Box::new(queue.choice.line(&line)) as Source<'a>);
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
        resources: needs.map(|needs| &needs.resources),
        selector: needs.map(|needs| &needs.selector),
    }
}
