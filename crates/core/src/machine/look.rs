//! What the scheduler sees of a queue: its ready tasks in their order, as far as nothing but the
//! choice of a worker is left to decide.

use std::collections::BTreeMap;

use ferry_types::limits::{LINES_PER_PICK_MAX, TASKS_PER_LOOK_MAX};
use ferry_types::{Priority, QueueName, TaskId, Timestamp};

use super::Machine;
use super::gate::Gate;
use super::lane::KeyRule;
use super::merged::{First, Merged, Source};
use super::queue::Queue;
use super::rank::{By, Rank};
use super::taker::Taker;
use super::task::Task;
use crate::command::AssignPolicy;
use crate::view::{ReadyTask, Seen};

/// How far a look at a queue has come, as if what was taken were leased already.
struct Look<'a> {
    machine: &'a Machine,
    queue: &'a Queue,
    /// When what it shows is to be leased.
    now: Timestamp,
    /// Tasks without a key in a fair queue, all tasks in another.
    by_priority: Merged<'a>,
    /// Those with a key in a fair queue.
    by_turn: Merged<'a>,
    /// How many more tasks all that binds the queue as a whole lets through.
    room: u64,
    keyless_turn: u64,
    next_turn: u64,
    /// How many were taken, by key.
    taken: BTreeMap<&'a str, u64>,
}

impl<'a> Look<'a> {
    /// The task that is next, and what it is ranked by.
    fn first(&mut self) -> Option<(By, First)> {
        if self.room == 0 {
            return None;
        }
        match (self.by_turn.first(), self.by_priority.first()) {
            (Some(keyed), keyless)
                if keyless.is_none() || keyed.rank.turn() < self.keyless_turn =>
            {
                Some((By::Turn, keyed))
            }
            (_, keyless) => keyless.map(|keyless| (By::Priority, keyless)),
        }
    }

    fn merged(&mut self, by: By) -> &mut Merged<'a> {
        match by {
            By::Priority => &mut self.by_priority,
            By::Turn => &mut self.by_turn,
        }
    }

    /// Goes on as a lease on the first task would have it: with its turn used up, and the next of
    /// its key put up if the key has room.
    fn take(&mut self, by: By, first: First, task: &'a Task) {
        self.merged(by).take(first);
        self.room -= 1;
        let turn = self.next_turn;
        self.next_turn += 1;
        match task.key() {
            Some(key) => self.put_up_next(key, first.rank.id, turn),
            None => self.keyless_turn = turn,
        }
    }

    /// One that wants locks is left to a later look, which sees who else does.
    fn put_up_next(&mut self, key: &'a str, after: TaskId, turn: u64) {
        let (machine, queue, now) = (self.machine, self.queue, self.now);
        let taken = self.taken.entry(key).or_default();
        *taken += 1;
        let rule = KeyRule::of(&queue.settings);
        let lane = queue.choice.lanes.get(key);
        let next = lane.and_then(|lane| lane.next_after(rule, after, *taken));
        let task = next.and_then(|id| Some((id, machine.tasks.get(id)?)));
        let Some((id, task)) = task.filter(|(_, task)| task.locks().is_empty()) else { return };
        let (by, rank) = match queue.settings.fair {
            true => (By::Turn, Rank::by_turn(turn, id)),
            false => (By::Priority, Rank::by_priority(task.priority, id)),
        };
        let line = machine.queues.place(task, by).line;
        self.merged(by).put_up(line, rank, || machine.class_room(queue, task, now));
    }
}

impl Machine {
    /// The queues that have ready tasks to assign, and how they do.
    pub fn assigning_queues(&self) -> impl Iterator<Item = (&QueueName, &AssignPolicy)> {
        self.queues
            .assigning()
            .filter_map(|queue| Some((&queue.name, queue.settings.assign.as_ref()?)))
    }

    /// The first task of a queue that an entry at `now` could assign if a worker had room for it, by
    /// its priority and id; or when a rate lets one through. Costs less than a look.
    pub fn next_up(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<(Priority, TaskId), Option<Timestamp>> {
        let queue = self.queues.number(name).and_then(|number| self.queues.get(number));
        match self.pick_at(queue.ok_or(None)?, Taker::Anybody, now.max(self.now())) {
            Ok(id) => Ok((self.tasks.get(id).expect("an offered task is there").priority, id)),
            Err(Gate::NotBefore(at)) => Err(Some(at)),
            Err(Gate::Open | Gate::Closed) => Err(None),
        }
    }

    /// Shows the ready tasks of a queue in the order in which an entry at `now` should assign them,
    /// as long as `see` asks for more, and at most [`TASKS_PER_LOOK_MAX`] of them. Of a key that may
    /// have several leases it shows the next once one is taken, in its turn if the queue is fair. A
    /// `now` before the last entry's time is that time.
    ///
    /// It shows no more than bounds and rates let through: when those are leased, there is more to
    /// see. Gives the time at which a rate lets tasks through that it alone holds back already, if
    /// there are any. Shows nothing of a queue that does not assign.
    pub fn look<'a>(
        &'a self,
        name: &str,
        now: Timestamp,
        mut see: impl FnMut(ReadyTask<'a>) -> Seen,
    ) -> Option<Timestamp> {
        let now = now.max(self.now());
        let queue = self.queues.get(self.queues.number(name)?)?;
        queue.settings.assign.as_ref()?;
        match self.pick_at(queue, Taker::Anybody, now) {
            Ok(_) => {}
            Err(Gate::NotBefore(at)) => return Some(at),
            Err(Gate::Open | Gate::Closed) => return None,
        }
        let (mut look, held_back) = self.begin_look(queue, now);
        for _ in 0..TASKS_PER_LOOK_MAX {
            let Some((by, first)) = look.first() else { break };
            let id = first.rank.id;
            let task = self.tasks.get(id).expect("an offered task is in the table");
            let is_too_late = task.ttl_end().is_some_and(|end| end <= now);
            match if is_too_late { None } else { Some(see(ready_task(id, task))) } {
                None => look.merged(by).skip(first),
                Some(Seen::Taken) => look.take(by, first, task),
                Some(Seen::FitsNobody) => look.merged(by).close(first),
                Some(Seen::Enough) => break,
            }
        }
        match held_back {
            Gate::NotBefore(at) => Some(at),
            Gate::Open | Gate::Closed => None,
        }
    }

    /// A look at all that is offered at `now`, and what holds back the lines that are not.
    fn begin_look<'a>(&'a self, queue: &'a Queue, now: Timestamp) -> (Look<'a>, Gate) {
        let (mut by_priority, held_back) = self.open_lines(queue, By::Priority, now);
        by_priority.add(None, Source::new(queue.plain(), u64::MAX));
        let (by_turn, held_back_by_turn) = self.open_lines(queue, By::Turn, now);
        let look = Look {
            machine: self,
            queue,
            now,
            by_priority,
            by_turn,
            room: self.queue_room(queue, now),
            keyless_turn: queue.keyless_turn.unwrap_or(0),
            next_turn: self.counters.next_turn,
            taken: BTreeMap::new(),
        };
        (look, held_back.or(held_back_by_turn))
    }

    /// How many more tasks of a queue all that binds it as a whole lets through.
    fn queue_room(&self, queue: &Queue, now: Timestamp) -> u64 {
        let max = queue.settings.max_concurrency.unwrap_or(u64::MAX);
        let tokens = queue.bucket.left(queue.settings.rate.as_ref(), now);
        let of_limits = self.queues.limits.queue_room(queue.name.as_str(), now);
        max.saturating_sub(queue.held()).min(tokens).min(of_limits)
    }

    /// How many more of the tasks like this one limits let through.
    fn class_room(&self, queue: &Queue, task: &Task, now: Timestamp) -> u64 {
        let (limits, name) = (&self.queues.limits, queue.name.as_str());
        match limits.class_gate(name, task, now) {
            Gate::Open => limits.room(name, task, now),
            Gate::NotBefore(_) | Gate::Closed => 0,
        }
    }

    /// The lines of a queue whose limits let their tasks through, and what holds the others back.
    fn open_lines<'a>(&'a self, queue: &'a Queue, by: By, now: Timestamp) -> (Merged<'a>, Gate) {
        let (mut open, mut held_back) = (Merged::default(), Gate::Closed);
        for firsts in [queue.choice.firsts(by), queue.choice.needing(by)] {
            for first in firsts.iter().take(LINES_PER_PICK_MAX) {
                let task = self.tasks.get(first.id).expect("an offered task is in the table");
                match self.queues.limits.class_gate(queue.name.as_str(), task, now) {
                    Gate::Open => {
                        let line = self.queues.place(task, by).line;
                        let ranks = queue.choice.line(&line);
                        let room = self.queues.limits.room(queue.name.as_str(), task, now);
                        open.add(Some(line), Source::new(ranks, room));
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
