//! One entry on its way through the machine.

use std::collections::BTreeSet;
use std::time::Duration;

use ferry_types::limits::{DUE_PER_ENTRY_MAX, EVICTIONS_PER_INSERT_MAX};
use ferry_types::{LogIndex, QueueName, TaskId};

use super::answers::Answer;
use super::dependencies::has_failed;
use super::dirty::{Dirty, Stored};
use super::events::{Events, told};
use super::gate::Gate;
use super::journal::Journal;
use super::measured::{Count, has_arrived};
use super::taker::Taker;
use super::task::Task;
use super::{Machine, Outcome};
use crate::command::{Idempotency, TableLimits};
use crate::event::EventName;
use crate::rejection::IdempotencyMismatch;
use crate::reply::TaskChanged;
use crate::row::CountersRow;
use crate::{Change, Command, Effect, Entry, Proposal, Rejection, Reply};

/// The machine while an entry is applied to it, with what the entry has touched so far. Each
/// command is a method, in a file of its own.
pub(crate) struct Applying<'a> {
    pub(crate) machine: &'a mut Machine,
    pub(crate) index: LogIndex,
    pub(crate) limits: TableLimits,
    pub(crate) dirty: Dirty,
    /// How to undo what a transaction has done so far, while one is under way.
    pub(crate) journal: Option<Journal>,
    pub(crate) events: Events,
    /// Queues that were deleted.
    pub(crate) gone: Vec<QueueName>,
    has_new_leader: bool,
}

impl<'a> Applying<'a> {
    /// Begins with the entry at `index`.
    pub(crate) fn new(machine: &'a mut Machine, index: LogIndex, entry: &Entry) -> Self {
        let proposals = entry.proposals.len();
        let (dirty, events) = (Dirty::with_room(proposals), Events::with_room(2 * proposals));
        let has_new_leader = machine.leaders.note(index, entry.node);
        let limits = entry.limits;
        Self {
            machine,
            index,
            limits,
            dirty,
            journal: None,
            events,
            gone: Vec::new(),
            has_new_leader,
        }
    }

    /// Answers a proposal, from what is kept under its key if there is such an answer.
    pub(crate) fn propose(&mut self, proposal: Proposal) -> Option<Outcome> {
        let command = proposal.command?;
        let Some(idempotency) = proposal.idempotency else {
            return Some(Outcome { result: self.run(command), replayed: false });
        };
        if let Some(kept) = self.kept_answer(&idempotency) {
            let replayed = kept.is_ok();
            return Some(Outcome { result: kept, replayed });
        }
        let result = self.run(command);
        if let Ok(reply) = &result
            && is_worth_keeping(reply)
        {
            self.keep_answer(idempotency, reply.clone());
        }
        Some(Outcome { result, replayed: false })
    }

    /// Ends the entry: what to wake and what to store.
    pub(crate) fn finish(mut self, before: CountersRow) -> (Vec<Effect>, Vec<Change>) {
        self.go_on(&mut DUE_PER_ENTRY_MAX.clone(), Self::tell_one_waiting);
        self.stir_limited();
        let events = self.store_events();
        let room = std::mem::take(&mut self.dirty.room);
        let mut lapsed = std::mem::take(&mut self.dirty.lapsed);
        let served = std::mem::take(&mut self.dirty.served);
        let Stored { mut changes, woken } = self.dirty.store(self.machine, before);
        changes.extend(events);
        if self.has_new_leader {
            changes.push(Change::PutLeaders(self.machine.leaders.row()));
        }
        let wake = |(number, tasks): (u32, u64)| {
            let queue = self.machine.queues.get(number)?;
            let tasks = tasks.min(queue.counts().ready);
            // Whoever looks finds nothing as long as all are held back.
            let is_any = tasks > 0 && self.machine.pick(queue, Taker::Anybody) != Err(Gate::Closed);
            is_any.then(|| Effect::Wake { queue: queue.name.clone(), tasks })
        };
        let workers = &self.machine.queues.workers;
        lapsed.retain(|worker| workers.named(worker).is_some());
        let lapsed = lapsed.into_iter().map(|worker| Effect::Lapsed { worker: worker.into() });
        let room = room.into_iter().map(|worker| match workers.named(&worker) {
            Some(_) => Effect::Room { worker: worker.into() },
            None => Effect::Left { worker: worker.into() },
        });
        let gone = self.gone.into_iter().map(|queue| Effect::Gone { queue });
        // First, so that nobody is woken to give them more.
        let hints = lapsed.chain(woken.into_iter().filter_map(wake));
        let hints = hints.chain(room).chain(served).chain(gone);
        (hints.collect(), changes)
    }

    /// Takes steps while there is something to do, `left` at most (I11). A step counts as often as it
    /// touches what a task waits for, and no less than once.
    pub(crate) fn go_on(&mut self, left: &mut usize, mut step: impl FnMut(&mut Self) -> bool) {
        while *left > 0 {
            let waits = self.dirty.waits.len();
            if !step(self) {
                break;
            }
            *left = left.saturating_sub((self.dirty.waits.len() - waits).max(1));
        }
    }

    /// Changes a task, which exists, and tells what happened to it.
    pub(crate) fn change_task(
        &mut self,
        id: TaskId,
        event: EventName,
        change: impl FnOnce(&mut Task),
    ) {
        let (index, now) = (self.index, self.machine.now());
        self.remember(id);
        let (mut ended, mut waits) = (None, BTreeSet::new());
        let (event, moved, freed) =
            self.machine.tasks.change(id, &mut self.machine.queues, |task| {
                task.keep_history();
                change(task);
                waits = task.drop_own_waits();
                task.index = index;
                task.note_event(event, now);
                ended = (!task.is_unfinished()).then(|| has_failed(task));
                told(id, event, task)
            });
        if has_arrived(&event) {
            self.count(event.queue, Count::Ready);
        }
        self.tell(event);
        self.dirty.tasks.push(id);
        self.make_room(freed);
        self.dirty.waits.extend(waits.into_iter().map(|dependency| (id, dependency)));
        if let Some(moved) = moved {
            self.follow_task(id, &moved);
        }
        if let Some(failed) = ended {
            self.note_end(id, failed);
        }
    }

    /// Adds a new task.
    pub(crate) fn insert_task(&mut self, id: TaskId, task: Task) {
        self.remember(id);
        let is_plain = task.is_plain();
        task.key().into_iter().for_each(|key| self.remember_turn(task.queue, key));
        let moved = self.machine.tasks.insert(id, task, &mut self.machine.queues);
        self.dirty.tasks.push(id);
        if let Some(moved) = moved.filter(|_| !is_plain) {
            self.follow_task(id, &moved);
        }
    }

    /// Removes a task, which exists, and with the last one its queue if that is deleted.
    pub(crate) fn remove_task(&mut self, id: TaskId) {
        self.remember(id);
        let (task, moved, freed) = self.machine.tasks.remove(id, &mut self.machine.queues);
        let queue = task.queue;
        self.tell(told(id, EventName::Removed, &task));
        self.note_end(id, has_failed(&task));
        self.make_room(freed);
        self.dirty.tasks.push(id);
        self.leave_workflow(id, &task);
        self.dirty.stir(&self.machine.queues, &task, &moved);
        if let Some(key) = task.key().filter(|_| moved.lane.turn_is_open) {
            self.follow_lane(queue, key);
        }
        if let Some(drained) = self.machine.queues.remove_drained(queue) {
            self.machine.measured.remove(&queue);
            self.remember_drained_queue(queue, drained);
            self.dirty.queues.insert(queue);
        }
    }

    fn run(&mut self, command: Command) -> Result<Reply, Rejection> {
        match command {
            Command::Enqueue(enqueue) => self.enqueue(enqueue).map(Reply::Enqueued),
            Command::Dequeue(dequeue) => self.dequeue(dequeue).map(Reply::Dequeued),
            Command::Settle(settle) => Ok(Reply::Settled(self.settle(settle))),
            Command::PutQueue(put) => self.put_queue(*put).map(Reply::QueuePut),
            Command::DeleteQueue(delete) => self.delete_queue(&delete).map(Reply::QueueDeleted),
            Command::Cancel(cancel) => self.cancel(cancel).map(task_changed),
            Command::Retry(retry) => self.retry(retry).map(task_changed),
            Command::RunNow(run_now) => self.run_now(run_now).map(task_changed),
            Command::PauseQueue(pause) => self.pause_queue(pause).map(Reply::QueuePaused),
            Command::Purge(purge) => self.purge(&purge).map(Reply::Purged),
            Command::Redrive(redrive) => self.redrive(&redrive).map(Reply::Redriven),
            Command::Transact(transact) => self.transact(transact).map(Reply::Transacted),
            Command::PutLimit(put) => self.put_limit(*put).map(Reply::LimitPut),
            Command::PutSchedule(put) => self.put_schedule(*put).map(Reply::SchedulePut),
            Command::DeleteSchedule(delete) => {
                self.delete_schedule(delete).map(Reply::ScheduleDeleted)
            }
            Command::Fire(fire) => self.fire(&fire).map(Reply::Fired),
            Command::DeleteLimit(delete) => self.delete_limit(&delete).map(Reply::LimitDeleted),
            Command::PutWorker(put) => self.put_worker(*put).map(Reply::WorkerPut),
            Command::DrainWorker(drain) => self.drain_worker(drain).map(Reply::WorkerDrained),
            Command::DeleteWorker(delete) => self.delete_worker(&delete).map(Reply::WorkerDeleted),
            Command::EndSessions(end) => Ok(Reply::SessionsEnded(self.end_sessions(&end))),
            Command::Assign(assign) => Ok(Reply::Assigned(self.assign(assign))),
            Command::SubmitWorkflow(submit) => {
                self.submit_workflow(submit).map(Reply::WorkflowSubmitted)
            }
            Command::CancelWorkflow(cancel) => {
                self.cancel_workflow(cancel).map(Box::new).map(Reply::WorkflowCancelled)
            }
        }
    }

    /// The answer under a key whose time has not come, or that the key is another request's.
    fn kept_answer(&self, asked: &Idempotency) -> Option<Result<Reply, Rejection>> {
        let kept = self.machine.answers.space(asked.forwarded).find(&asked.key)?;
        if kept.expires_at <= self.machine.now() {
            return None;
        }
        if *kept.fingerprint == *asked.fingerprint {
            return Some(Ok(kept.reply.clone()));
        }
        let key = asked.key.clone();
        Some(Err(Rejection::IdempotencyMismatch(IdempotencyMismatch { key })))
    }

    /// Keeps an answer in place of an expired one, and lets the oldest go where there are too many.
    fn keep_answer(&mut self, asked: Idempotency, reply: Reply) {
        let number = self.machine.counters.next_idempotency;
        self.machine.counters.next_idempotency += 1;
        let expires_at = self.machine.now() + Duration::from_millis(asked.retention_ms);
        let fingerprint = asked.fingerprint.as_ref().into();
        let answer = Answer { key: asked.key.into(), fingerprint, expires_at, reply };

        let space = self.machine.answers.space_mut(asked.forwarded);
        if let Some(expired) = space.number(&answer.key) {
            space.remove(expired);
            self.dirty.answers.insert(expired);
        }
        space.insert(number, answer);
        self.dirty.answers.insert(number);
        for _ in 0..EVICTIONS_PER_INSERT_MAX {
            let Some(oldest) = space.oldest_above(self.limits.idempotency_keys_max) else { break };
            space.remove(oldest);
            self.dirty.answers.insert(oldest);
            self.machine.evicted_answers += 1;
        }
    }
}

/// Whether a repeat must not be done again. One that found nothing to do has done nothing.
fn is_worth_keeping(reply: &Reply) -> bool {
    if let Reply::Dequeued(dequeued) = reply {
        return !dequeued.leases.is_empty() || !dequeued.settled.is_empty();
    }
    if let Reply::Settled(settled) = reply {
        return settled.items.iter().any(|item| item.is_accepted());
    }
    true
}

fn task_changed(changed: TaskChanged) -> Reply {
    Reply::TaskChanged(Box::new(changed))
}
