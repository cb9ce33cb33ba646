//! The rules once more, as plainly as they can be said: lists that are searched from end to end,
//! and a row a task. Slow, and obviously right.

mod dequeue;
mod enqueue;
mod feed;
mod operate;
mod order;
mod queues;
mod schedules;
mod settle;
mod ties;
pub(crate) mod workers;
mod workflows;

use std::collections::BTreeMap;

use bytes::Bytes;
use ferry_core::command::{Cancel, Idempotency, QueueSettings, Retry, RunNow, Settle, TableLimits};
use ferry_core::rejection::{IdempotencyMismatch, QueueNotFound, StateCounts};
use ferry_core::reply::Settled;
use ferry_core::row::{TaskEvent, TaskRow};
use ferry_core::{Command, Entry, EventName, HistoryView, Outcome, Rejection, Reply, StateName};
use order::Order;
use schedules::Schedule;
use workers::Worker;
use workflows::Workflow;

/// Everything there is.
#[derive(Clone, Default)]
pub(crate) struct Reference {
    pub(crate) now: u64,
    pub(crate) queues: BTreeMap<String, Queue>,
    pub(crate) tasks: Vec<Task>,
    /// What the last entry did to tasks.
    pub(crate) told: Vec<TaskEvent>,
    answers: Vec<Answer>,
    /// Whether a task that has ended, or is gone, failed.
    pub(crate) failed: BTreeMap<u64, bool>,
    pub(crate) index: u64,
    node: u64,
    limits: TableLimits,
    workers: BTreeMap<String, Worker>,
    /// By their first task. None is ever forgotten.
    workflows: BTreeMap<u64, Workflow>,
    tasks_so_far: u64,
    leases_so_far: u64,
    queues_so_far: u32,
    generations_so_far: u64,
    schedules: Vec<Schedule>,
    order: Order,
}

#[derive(Clone)]
pub(crate) struct Queue {
    pub(crate) number: u32,
    pub(crate) settings: QueueSettings,
    pub(crate) paused: bool,
    /// The entry that let it give tasks again, if any.
    pub(crate) resumed: Option<u64>,
}

#[derive(Clone)]
pub(crate) struct Task {
    /// Its queue's name; nothing if that is deleted, and the next entry is to remove the task.
    pub(crate) queue: String,
    /// That name, whether or not it is deleted.
    pub(crate) home: String,
    pub(crate) row: TaskRow,
    /// What it waits for, if it is of a workflow; its row says it otherwise.
    pub(crate) waits: Vec<u64>,
    pub(crate) result: Bytes,
    pub(crate) history: Vec<HistoryView>,
    /// By how much its backoff may be off, either way: chance is not foretold here.
    pub(crate) jitter: u64,
}

#[derive(Clone)]
struct Answer {
    asked: Idempotency,
    expires_at: u64,
    reply: Reply,
}

impl Task {
    pub(crate) fn is(&self, state: StateName) -> bool {
        self.row.state() == state
    }

    pub(crate) fn is_left_over(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) fn is_unfinished(&self) -> bool {
        use StateName::{Blocked, Leased, Ready, Retrying, Scheduled};
        [Scheduled, Blocked, Ready, Leased, Retrying].contains(&self.row.state())
    }

    fn deadline(&self) -> Option<u64> {
        match self.row.state() {
            StateName::Unknown => None,
            StateName::Blocked | StateName::Ready => self.row.ttl_ends_at_ms,
            StateName::Scheduled | StateName::Retrying => {
                self.row.run_at_ms.into_iter().chain(self.row.ttl_ends_at_ms).min()
            }
            StateName::Leased => self.row.expires_at_ms,
            StateName::Cancelled if self.row.held => self.row.expires_at_ms,
            StateName::Succeeded | StateName::Dead | StateName::Cancelled | StateName::Expired => {
                self.row.kept_until_ms
            }
        }
    }
}

impl Reference {
    pub(crate) fn apply(&mut self, index: u64, entry: &Entry) -> Vec<Outcome> {
        self.now = self.now.max(entry.at_ms);
        self.index = index;
        self.limits = entry.limits;
        self.node = entry.node;
        self.told.clear();
        loop {
            let due = self.tasks.iter().filter(|task| self.is_due(task));
            let first = due.min_by_key(|task| (task.deadline(), task.row.id)).map(id);
            let Some(first) = first else { break };
            self.time_moves(first);
            self.turns_follow();
        }
        self.remove(Task::is_left_over);
        self.answers.retain(|answer| answer.expires_at > self.now);
        self.unblock(|_| true);
        let mut outcomes = Vec::new();
        for proposal in &entry.proposals {
            let command = proposal.command.clone().expect("the steps always ask for something");
            outcomes.push(self.propose(command, proposal.idempotency.clone()));
        }
        self.unblock(|_| true);
        outcomes
    }

    /// Removes tasks for good. Who waits for them learns how they ended.
    pub(crate) fn remove(&mut self, is_gone: impl Fn(&Task) -> bool) {
        for task in self.tasks.iter().filter(|task| is_gone(task)) {
            let failed = !task.is(StateName::Succeeded);
            self.failed.entry(task.row.id).or_insert(failed);
        }
        let gone: Vec<u64> = self.tasks.iter().filter(|task| is_gone(task)).map(id).collect();
        for id in gone {
            self.tell(id, EventName::Removed, None);
            self.goes_from_workflow(id);
        }
        self.tasks.retain(|task| !is_gone(task));
    }

    pub(crate) fn next_alarm(&self) -> Option<u64> {
        let deadline =
            |task: &Task| if task.is_left_over() { Some(self.now) } else { task.deadline() };
        let tasks = self.tasks.iter().filter_map(deadline);
        tasks.chain(self.answers.iter().map(|answer| answer.expires_at)).min()
    }

    pub(crate) fn counts(&self, queue: &str) -> StateCounts {
        let count = |state| {
            let is_it = |task: &&Task| task.queue == queue && task.is(state);
            self.tasks.iter().filter(is_it).count() as u64
        };
        StateCounts {
            scheduled: count(StateName::Scheduled),
            ready: count(StateName::Ready),
            leased: count(StateName::Leased),
            retrying: count(StateName::Retrying),
            succeeded: count(StateName::Succeeded),
            dead: count(StateName::Dead),
            cancelled: count(StateName::Cancelled),
            expired: count(StateName::Expired),
            blocked: count(StateName::Blocked),
        }
    }

    pub(crate) fn bytes(&self, queue: &str) -> u64 {
        let counts = |task: &&Task| task.queue == queue && task.is_unfinished();
        self.tasks.iter().filter(counts).map(|task| task.row.payload_bytes).sum()
    }

    /// Tasks that the last entry made ready, and that are still; all if it resumed the queue.
    pub(crate) fn woken(&self, queue: &str) -> u64 {
        let Queue { paused, resumed, .. } = self.queues[queue];
        let is_new = |task: &&Task| {
            let is_new = task.row.index == self.index || resumed == Some(self.index);
            task.queue == queue && task.is(StateName::Ready) && is_new && !paused
        };
        self.tasks.iter().filter(is_new).count() as u64
    }

    fn is_due(&self, task: &Task) -> bool {
        task.deadline().is_some_and(|at| at <= self.now)
    }

    fn time_moves(&mut self, id: u64) {
        if self.task_mut(id).is_left_over() {
            return self.remove(|task| task.row.id == id);
        }
        let now = self.now;
        let task = self.task_mut(id);
        let too_late = task.row.ttl_ends_at_ms.is_some_and(|end| end <= now);
        match task.row.state() {
            StateName::Unknown => {}
            StateName::Ready | StateName::Blocked | StateName::Scheduled | StateName::Retrying
                if too_late =>
            {
                self.ends(id, StateName::Expired);
            }
            StateName::Blocked => {}
            StateName::Ready | StateName::Scheduled | StateName::Retrying => {
                self.becomes(id, EventName::Due, StateName::Ready);
            }
            StateName::Leased => {
                self.lease_is_over(id, "lease expired");
            }
            StateName::Cancelled if task.row.held => self.learns(id),
            StateName::Succeeded | StateName::Dead | StateName::Cancelled | StateName::Expired => {
                self.remove(|task| task.row.id == id)
            }
        }
    }

    /// A lease that ran out, or whose worker is gone.
    fn lease_is_over(&mut self, id: u64, error: &str) {
        let used_up = self.is_used_up(id);
        self.task_mut(id).row.last_error = Some(error.into());
        if used_up {
            self.dies(id, EventName::LeaseExpired);
        } else {
            self.becomes(id, EventName::LeaseExpired, StateName::Ready);
        }
    }

    fn propose(&mut self, command: Command, asked: Option<Idempotency>) -> Outcome {
        let Some(asked) = asked else {
            return Outcome { result: self.run(command), replayed: false };
        };
        let is_same = |answer: &Answer| {
            answer.asked.key == asked.key && answer.asked.forwarded == asked.forwarded
        };
        let kept = self.answers.iter().find(|answer| is_same(answer));
        if let Some(kept) = kept.filter(|answer| answer.expires_at > self.now) {
            if kept.asked.fingerprint == asked.fingerprint {
                return Outcome { result: Ok(kept.reply.clone()), replayed: true };
            }
            let mismatch = IdempotencyMismatch { key: asked.key };
            let result = Err(Rejection::IdempotencyMismatch(mismatch));
            return Outcome { result, replayed: false };
        }
        let result = self.run(command);
        if let Ok(reply) = &result
            && did_something(reply)
        {
            let forwarded = asked.forwarded;
            self.answers.retain(|answer| !is_same(answer));
            let expires_at = self.now + asked.retention_ms;
            self.answers.push(Answer { asked, expires_at, reply: reply.clone() });
            for _ in 0..2 {
                let is_kin = |answer: &Answer| answer.asked.forwarded == forwarded;
                let kin = self.answers.iter().filter(|answer| is_kin(answer)).count() as u64;
                if kin > self.limits.idempotency_keys_max
                    && let Some(oldest) = self.answers.iter().position(is_kin)
                {
                    self.answers.remove(oldest);
                }
            }
        }
        Outcome { result, replayed: false }
    }

    fn run(&mut self, command: Command) -> Result<Reply, Rejection> {
        let result = self.carry_out(command);
        self.turns_follow();
        result
    }

    fn carry_out(&mut self, command: Command) -> Result<Reply, Rejection> {
        match command {
            Command::Enqueue(enqueue) => self.enqueue(enqueue),
            Command::Dequeue(dequeue) => self.dequeue(dequeue),
            Command::Settle(Settle { items }) => {
                Ok(Reply::Settled(Settled { items: self.settle_all(items) }))
            }
            Command::PutQueue(put) => Ok(self.put(*put)),
            Command::DeleteQueue(delete) => self.delete(&delete),
            Command::Cancel(Cancel { task }) => self.cancel(task),
            Command::Retry(Retry { task }) => self.retry(task),
            Command::RunNow(RunNow { task }) => self.run_now(task),
            Command::PauseQueue(pause) => self.pause(pause),
            Command::Purge(purge) => self.purge(&purge),
            Command::Redrive(redrive) => self.redrive(&redrive),
            Command::Transact(transact) => self.transact(transact),
            Command::PutSchedule(put) => Ok(self.put_schedule(*put)),
            Command::DeleteSchedule(delete) => self.delete_schedule(delete),
            Command::Fire(fire) => self.fire(fire),
            Command::PutLimit(put) => Ok(self.put_limit(*put)),
            Command::DeleteLimit(delete) => self.delete_limit(delete),
            Command::SubmitWorkflow(submit) => self.submit(submit),
            Command::CancelWorkflow(cancel) => self.cancel_workflow(cancel.workflow),
            Command::PutWorker(put) => Ok(self.put_worker(*put)),
            Command::DrainWorker(drain) => self.drain_worker(&drain.worker),
            Command::DeleteWorker(delete) => self.delete_worker(&delete.worker),
            Command::EndSessions(end) => Ok(self.end_sessions(&end)),
            Command::Assign(assign) => Ok(self.assign(&assign)),
        }
    }
}

fn id(task: &Task) -> u64 {
    task.row.id
}

pub(crate) fn not_found(queue: &str) -> Rejection {
    Rejection::QueueNotFound(QueueNotFound { queue: queue.into() })
}

fn did_something(reply: &Reply) -> bool {
    match reply {
        Reply::Dequeued(dequeued) => !(dequeued.leases.is_empty() && dequeued.settled.is_empty()),
        Reply::Settled(settled) => settled.items.iter().any(|item| item.is_accepted()),
        Reply::Enqueued(_)
        | Reply::QueuePut(_)
        | Reply::QueueDeleted(_)
        | Reply::TaskChanged(_)
        | Reply::QueuePaused(_)
        | Reply::Purged(_)
        | Reply::Redriven(_)
        | Reply::LimitPut(_)
        | Reply::SchedulePut(_)
        | Reply::ScheduleDeleted(_)
        | Reply::Fired(_)
        | Reply::LimitDeleted(_)
        | Reply::WorkflowSubmitted(_)
        | Reply::WorkflowCancelled(_)
        | Reply::WorkerPut(_)
        | Reply::WorkerDrained(_)
        | Reply::WorkerDeleted(_)
        | Reply::SessionsEnded(_)
        | Reply::Assigned(_)
        | Reply::Transacted(_) => true,
    }
}
