use std::collections::BTreeSet;

use ferry_types::{QueueName, TaskId, Timestamp};

use super::Machine;
use super::answers::Answer;
use super::bucket::Bucket;
use super::leaders::Leaders;
use super::queue::Queue;
use super::restore_workflows::restore_waits;
use super::task::{Task, TaskState};
use crate::row::{
    CountersRow, EndedRow, IdempotencyRow, LaneRow, LeadersRow, LimitRow, QueueRow, ScheduleRow,
    TaskRow, WaitRow, WorkerRow, WorkflowRow,
};

/// A machine while its rows are read back from the disk, in any order.
#[derive(Default)]
pub struct Restoring {
    counters: Option<CountersRow>,
    queues: Vec<QueueRow>,
    tasks: Vec<(TaskId, Task)>,
    answers: Vec<IdempotencyRow>,
    ended: Vec<EndedRow>,
    leaders: LeadersRow,
    limits: Vec<LimitRow>,
    lanes: Vec<LaneRow>,
    workers: Vec<WorkerRow>,
    workflows: Vec<WorkflowRow>,
    waits: Vec<WaitRow>,
    schedules: Vec<ScheduleRow>,
    /// The first thing that was wrong.
    wrong: Option<String>,
}

impl Restoring {
    /// The row of counters.
    pub fn counters(&mut self, row: CountersRow) {
        if self.counters.replace(row).is_some() {
            self.is_wrong("there are two rows of counters".into());
        }
    }

    /// A queue.
    pub fn queue(&mut self, row: QueueRow) {
        self.queues.push(row);
    }

    /// A task.
    pub fn task(&mut self, row: TaskRow) {
        let id = TaskId::new(row.id);
        match Task::from_row(row) {
            Ok(task) => self.tasks.push((id, task)),
            Err(wrong) => self.is_wrong(wrong),
        }
    }

    /// A kept answer.
    pub fn idempotency(&mut self, row: IdempotencyRow) {
        self.answers.push(row);
    }

    /// A task that ended while others wait for it.
    pub fn ended(&mut self, row: EndedRow) {
        self.ended.push(row);
    }

    /// The row of leaders.
    pub fn leaders(&mut self, row: LeadersRow) {
        self.leaders = row;
    }

    /// A named limit.
    pub fn limit(&mut self, row: LimitRow) {
        self.limits.push(row);
    }

    /// The turn of a key.
    pub fn lane(&mut self, row: LaneRow) {
        self.lanes.push(row);
    }

    /// A registered worker.
    pub fn worker(&mut self, row: WorkerRow) {
        self.workers.push(row);
    }

    /// A workflow.
    pub fn workflow(&mut self, row: WorkflowRow) {
        self.workflows.push(row);
    }

    /// That a task of a workflow waits for another task.
    pub fn wait(&mut self, row: WaitRow) {
        self.waits.push(row);
    }

    /// A schedule.
    pub fn schedule(&mut self, row: ScheduleRow) {
        self.schedules.push(row);
    }

    /// The machine, or what is wrong with its rows. No rows at all are a new machine.
    pub fn finish(self) -> Result<Machine, String> {
        let Self {
            counters,
            queues,
            mut tasks,
            answers,
            ended,
            leaders,
            limits,
            lanes,
            workers,
            schedules,
            ..
        } = self;
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let mut machine = Machine::default();
        match counters {
            Some(counters) => machine.counters = counters,
            // A limit is put without any counter.
            None if queues.is_empty()
                && tasks.is_empty()
                && answers.is_empty()
                && workers.is_empty() => {}
            None => return Err("the row of counters is missing".into()),
        }
        queues.into_iter().try_for_each(|row| machine.restore_queue(row))?;
        limits.into_iter().try_for_each(|row| machine.restore_limit(row))?;
        lanes.into_iter().try_for_each(|row| machine.restore_lane(row))?;
        workers.into_iter().try_for_each(|row| machine.restore_worker(row))?;
        tasks.sort_unstable_by_key(|(id, _)| *id);
        restore_waits(&mut tasks, self.waits)?;
        self.workflows.into_iter().try_for_each(|row| machine.restore_workflow(row))?;
        machine.restore_tasks(tasks)?;
        machine.tasks.workflows.check()?;
        machine.check_lanes()?;
        answers.into_iter().try_for_each(|row| machine.restore_answer(row))?;
        for EndedRow { task, failed } in ended {
            if machine.ended.insert(TaskId::new(task), failed).is_some() {
                return Err(format!("task {task} has ended twice"));
            }
        }
        schedules.into_iter().try_for_each(|row| machine.restore_schedule(row))?;
        machine.leaders = Leaders::from_row(&leaders);
        Ok(machine)
    }

    fn is_wrong(&mut self, wrong: String) {
        self.wrong.get_or_insert(wrong);
    }
}

impl Machine {
    fn restore_queue(&mut self, row: QueueRow) -> Result<(), String> {
        let QueueRow { id, name, settings, deleted, paused, full_at_ns, keyless_turn } = row;
        let name: QueueName = name.parse().map_err(|_| format!("queue {id} has no valid name"))?;
        if id >= self.counters.next_queue {
            return Err(format!("queue {id} was not created yet"));
        }
        let mut queue = Queue::new(name, settings);
        queue.paused = paused;
        queue.bucket = Bucket::from_row(full_at_ns);
        queue.keyless_turn = keyless_turn;
        let is_new = if deleted {
            self.queues.insert_deleted(id, queue)
        } else {
            self.queues.insert(id, queue)
        };
        if is_new { Ok(()) } else { Err(format!("queue {id} is there twice, or its name is")) }
    }

    /// The tasks come in order.
    fn restore_tasks(&mut self, tasks: Vec<(TaskId, Task)>) -> Result<(), String> {
        let mut last = None;
        let mut tokens = BTreeSet::new();
        for (id, task) in tasks {
            if last == Some(id) {
                return Err(format!("task {id} is there twice"));
            }
            if id >= self.next_task() {
                return Err(format!("task {id} was not enqueued yet"));
            }
            let token = match task.state() {
                TaskState::Leased(held) => Some(held.token),
                TaskState::Succeeded { token, .. } => Some(*token),
                TaskState::Cancelled { lease, .. } => lease.as_ref().map(|lease| lease.held.token),
                TaskState::Scheduled
                | TaskState::Blocked
                | TaskState::Ready
                | TaskState::Retrying
                | TaskState::Dead { .. }
                | TaskState::Expired { .. } => None,
            };
            if token.is_some_and(|t| t.get() >= self.counters.next_token || !tokens.insert(t)) {
                return Err(format!("the lease of task {id} was not granted yet, or twice"));
            }
            let workflow = task.workflow();
            if workflow.is_some_and(|first| self.tasks.workflows.row(first).is_none()) {
                return Err(format!("the workflow of task {id} is missing"));
            }
            if task.own_waits().is_some_and(BTreeSet::is_empty) {
                return Err(format!("task {id} is blocked and waits for nothing"));
            }
            if !self.queues.contains(task.queue) {
                return Err(format!("the queue of task {id} is missing"));
            }
            if task.is_held() && task.locks().iter().any(|lock| self.queues.locks.is_held(lock)) {
                return Err(format!("a lock of task {id} is held by another as well"));
            }
            self.tasks.insert(id, task, &mut self.queues);
            last = Some(id);
        }
        match self.queues.deleted().find(|(_, queue)| queue.first_member().is_none()) {
            Some((number, _)) => Err(format!("queue {number} is deleted and has no task left")),
            None => Ok(()),
        }
    }

    fn restore_answer(&mut self, row: IdempotencyRow) -> Result<(), String> {
        let IdempotencyRow { id, key, forwarded, fingerprint, expires_at_ms, answer } = row;
        if id >= self.counters.next_idempotency {
            return Err(format!("answer {id} was not kept yet"));
        }
        let answer = Answer {
            key: key.into(),
            fingerprint: fingerprint.as_ref().into(),
            expires_at: Timestamp::from_millis(expires_at_ms),
            reply: answer.reply.ok_or(format!("answer {id} is empty"))?,
        };
        let is_new = self.answers.space_mut(forwarded).insert(id, answer);
        if is_new { Ok(()) } else { Err(format!("answer {id} is there twice, or its key is")) }
    }
}
