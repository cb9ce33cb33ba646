//! The rules once more, as plainly as they can be said: lists that are searched from end to end,
//! and a row a task. Slow, and obviously right.

mod settle;

use std::collections::BTreeMap;

use bytes::Bytes;
use ferry_core::command::{
    DeleteQueue, Dequeue, Enqueue, Idempotency, NewTask, PutQueue, QueueSettings, Settle,
    TableLimits,
};
use ferry_core::rejection::{
    IdempotencyMismatch, QueueFull, QueueNotEmpty, QueueNotFound, StateCounts,
};
use ferry_core::reply::{Dequeued, Enqueued, Lease, QueueDeleted, QueuePut, Settled};
use ferry_core::row::TaskRow;
use ferry_core::{Command, Entry, Outcome, Rejection, Reply, StateName};

/// Everything there is.
#[derive(Default)]
pub(crate) struct Reference {
    pub(crate) now: u64,
    pub(crate) queues: BTreeMap<String, Queue>,
    pub(crate) tasks: Vec<Task>,
    answers: Vec<Answer>,
    index: u64,
    limits: TableLimits,
    tasks_so_far: u64,
    leases_so_far: u64,
    queues_so_far: u32,
}

pub(crate) struct Queue {
    pub(crate) number: u32,
    pub(crate) settings: QueueSettings,
}

pub(crate) struct Task {
    /// Its queue's name; nothing if that is deleted, and the next entry is to remove the task.
    pub(crate) queue: String,
    pub(crate) row: TaskRow,
    pub(crate) result: Bytes,
    /// By how much its backoff may be off, either way: chance is not foretold here.
    pub(crate) jitter: u64,
}

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
        !self.is(StateName::Succeeded) && !self.is(StateName::Dead)
    }

    fn deadline(&self) -> Option<u64> {
        match self.row.state() {
            StateName::Unknown | StateName::Ready => None,
            StateName::Scheduled | StateName::Retrying => self.row.run_at_ms,
            StateName::Leased => self.row.expires_at_ms,
            StateName::Succeeded | StateName::Dead => self.row.kept_until_ms,
        }
    }
}

impl Reference {
    pub(crate) fn apply(&mut self, index: u64, entry: &Entry) -> Vec<Outcome> {
        self.now = self.now.max(entry.at_ms);
        self.index = index;
        self.limits = entry.limits;
        self.tasks.retain(|task| !task.is_left_over());
        let due: Vec<u64> = self.tasks.iter().filter(|task| self.is_due(task)).map(id).collect();
        due.into_iter().for_each(|id| self.time_moves(id));
        self.answers.retain(|answer| answer.expires_at > self.now);
        entry
            .proposals
            .iter()
            .filter_map(|proposal| {
                let command = proposal.command.clone()?;
                Some(self.propose(command, proposal.idempotency.clone()))
            })
            .collect()
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
        }
    }

    pub(crate) fn bytes(&self, queue: &str) -> u64 {
        let counts = |task: &&Task| task.queue == queue && task.is_unfinished();
        self.tasks.iter().filter(counts).map(|task| task.row.payload_bytes).sum()
    }

    /// Tasks that the last entry made ready, and that are still.
    pub(crate) fn woken(&self, queue: &str) -> u64 {
        let is_new = |task: &&Task| {
            task.queue == queue && task.is(StateName::Ready) && task.row.index == self.index
        };
        self.tasks.iter().filter(is_new).count() as u64
    }

    fn is_due(&self, task: &Task) -> bool {
        task.deadline().is_some_and(|at| at <= self.now)
    }

    fn time_moves(&mut self, id: u64) {
        let used_up = self.is_used_up(id);
        let task = self.task_mut(id);
        match task.row.state() {
            StateName::Unknown | StateName::Ready => {}
            StateName::Scheduled | StateName::Retrying => self.becomes(id, StateName::Ready),
            StateName::Leased => {
                task.row.last_error = Some("lease expired".into());
                if used_up { self.dies(id) } else { self.becomes(id, StateName::Ready) }
            }
            StateName::Succeeded | StateName::Dead => self.tasks.retain(|task| task.row.id != id),
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
        match command {
            Command::Enqueue(enqueue) => self.enqueue(enqueue),
            Command::Dequeue(dequeue) => self.dequeue(dequeue),
            Command::Settle(Settle { items }) => {
                Ok(Reply::Settled(Settled { items: self.settle_all(items) }))
            }
            Command::PutQueue(put) => Ok(self.put(put)),
            Command::DeleteQueue(delete) => self.delete(&delete),
        }
    }

    fn enqueue(
        &mut self,
        Enqueue { queue, tasks, create_queue }: Enqueue,
    ) -> Result<Reply, Rejection> {
        if !self.queues.contains_key(&queue) {
            if !create_queue {
                return Err(not_found(&queue));
            }
            self.put(PutQueue { queue: queue.clone(), settings: QueueSettings::standard() });
        }
        let settings = self.queues[&queue].settings;
        let count = tasks.len() as u64;
        let unfinished =
            self.tasks.iter().filter(|task| task.queue == queue && task.is_unfinished());
        let unfinished = unfinished.count() as u64;
        if let Some(limit) = settings.max_tasks.filter(|max| unfinished + count > *max) {
            return Err(Rejection::QueueFull(QueueFull { queue, limit, bytes: false }));
        }
        let bytes: u64 = tasks.iter().map(|task| task.payload.len() as u64).sum();
        if let Some(limit) = settings.max_bytes.filter(|max| self.bytes(&queue) + bytes > *max) {
            return Err(Rejection::QueueFull(QueueFull { queue, limit, bytes: true }));
        }
        let first_task = self.tasks_so_far + 1;
        for new in tasks {
            self.tasks_so_far += 1;
            let row = self.new_row(&queue, new);
            self.tasks.push(Task { queue: queue.clone(), row, result: Bytes::new(), jitter: 0 });
        }
        let (at_ms, index) = (self.now, self.index);
        Ok(Reply::Enqueued(Enqueued { first_task, tasks: count as u32, at_ms, index }))
    }

    fn new_row(&self, queue: &str, new: NewTask) -> TaskRow {
        let due = new.run_at_ms.unwrap_or(self.now + new.delay_ms);
        let state = if due <= self.now { StateName::Ready } else { StateName::Scheduled };
        TaskRow {
            id: self.tasks_so_far,
            queue: self.queues[queue].number,
            state: state.into(),
            priority: new.priority,
            payload_bytes: new.payload.len() as u64,
            payload_is_bytes: new.payload_is_bytes,
            enqueued_at_ms: self.now,
            index: self.index,
            run_at_ms: (due != self.now).then_some(due),
            max_attempts: new.max_attempts,
            lease_ms: new.lease_ms,
            retry: new.retry,
            task_type: new.task_type,
            labels: new.labels,
            traceparent: new.traceparent,
            ..TaskRow::default()
        }
    }

    fn dequeue(&mut self, dequeue: Dequeue) -> Result<Reply, Rejection> {
        let Dequeue { queues, max, lease_ms, worker, settle } = dequeue;
        for queue in &queues {
            if !self.queues.contains_key(queue) {
                return Err(not_found(queue));
            }
        }
        let settled = self.settle_all(settle);
        let (mut leases, mut bytes) = (Vec::new(), 0);
        'queues: for queue in &queues {
            for _ in leases.len()..max as usize {
                let ready = self
                    .tasks
                    .iter_mut()
                    .filter(|task| task.queue == *queue && task.is(StateName::Ready));
                let first = ready.min_by_key(|task| (10 - task.row.priority, task.row.id));
                let Some(Task { row, .. }) = first else { break };
                bytes += row.payload_bytes;
                if bytes > 4 * 1_024 * 1_024 && !leases.is_empty() {
                    break 'queues;
                }
                self.leases_so_far += 1;
                let standard = self.queues[queue].settings.lease_ms;
                let length = lease_ms.or(row.lease_ms).unwrap_or(standard);
                row.state = StateName::Leased.into();
                row.attempt += 1;
                row.token = Some(self.leases_so_far);
                row.started_at_ms = Some(self.now);
                row.expires_at_ms = Some(self.now + length);
                row.leased_for_ms = Some(length);
                row.worker = worker.clone();
                row.index = self.index;
                leases.push(Lease {
                    task: row.id,
                    token: self.leases_so_far,
                    attempt: row.attempt,
                    started_at_ms: self.now,
                    expires_at_ms: self.now + length,
                });
            }
        }
        Ok(Reply::Dequeued(Dequeued { settled, leases }))
    }

    fn put(&mut self, PutQueue { queue, settings }: PutQueue) -> Reply {
        let created = !self.queues.contains_key(&queue);
        self.queues_so_far += u32::from(created);
        let number = self.queues.get(&queue).map_or(self.queues_so_far, |queue| queue.number);
        self.queues.insert(queue, Queue { number, settings });
        Reply::QueuePut(QueuePut { created })
    }

    fn delete(&mut self, DeleteQueue { queue, force }: &DeleteQueue) -> Result<Reply, Rejection> {
        if !self.queues.contains_key(queue) {
            return Err(not_found(queue));
        }
        let in_it = |task: &Task| task.queue == *queue;
        if !force && self.tasks.iter().any(|task| in_it(task) && !task.is(StateName::Succeeded)) {
            let counts = self.counts(queue);
            let queue = queue.clone();
            return Err(Rejection::QueueNotEmpty(QueueNotEmpty { queue, counts }));
        }
        for task in self.tasks.iter_mut().filter(|task| in_it(task)) {
            task.queue.clear();
        }
        self.queues.remove(queue);
        Ok(Reply::QueueDeleted(QueueDeleted {}))
    }
}

fn id(task: &Task) -> u64 {
    task.row.id
}

fn not_found(queue: &str) -> Rejection {
    Rejection::QueueNotFound(QueueNotFound { queue: queue.into() })
}

fn did_something(reply: &Reply) -> bool {
    match reply {
        Reply::Dequeued(dequeued) => !(dequeued.leases.is_empty() && dequeued.settled.is_empty()),
        Reply::Settled(settled) => settled.items.iter().any(|item| item.is_accepted()),
        Reply::Enqueued(_) | Reply::QueuePut(_) | Reply::QueueDeleted(_) => true,
    }
}
