//! Every invariant that the state can show at one moment, recomputed from the tasks alone.

use std::collections::BTreeSet;

use super::Machine;
use super::standing::Standing;
use super::task::{Task, TaskState};

impl Machine {
    /// Every invariant, for tests: the first that does not hold, in words. Looks at everything.
    pub fn check(&self) -> Result<(), String> {
        self.check_queues()?;
        self.check_names()?;
        self.check_leases()?;
        self.tasks.check()?;
        self.check_dependencies()?;
        self.check_schedules()?;
        for (id, task) in self.tasks.after(None) {
            self.check_task(task).map_err(|wrong| format!("{id} {wrong}: {task:?}"))?;
        }
        for space in [self.answers.space(false), self.answers.space(true)] {
            space.check()?;
            if space.last_number() >= Some(self.counters.next_idempotency) {
                return Err("the next kept answer would replace one".into());
            }
        }
        Ok(())
    }

    /// I6, I7: the counts, bytes and orders of the queues, the holders of the locks and the counts
    /// of the limits are those of the tasks.
    fn check_queues(&self) -> Result<(), String> {
        for (number, queue) in self.queues.living().chain(self.queues.deleted()) {
            if number >= self.counters.next_queue {
                return Err(format!("the next queue would replace {}", queue.name));
            }
        }
        let mut expected = self.queues.without_tasks();
        for (id, task) in self.tasks.after(None) {
            if !expected.contains(task.queue) {
                return Err(format!("{id} has no queue"));
            }
            expected.add(id, task);
            let holding = expected.workers.holding(task);
            expected.workers.follow((id, task), None, holding);
            let table = self.tasks.table();
            expected.restand((id, task), Standing::Aside, task.standing(), table);
        }
        for (number, queue) in self.queues.living().chain(self.queues.deleted()) {
            let expected = expected.any(number);
            if expected != queue {
                return Err(format!("the tasks make {expected:?}, the queue says {queue:?}"));
            }
        }
        if expected != self.queues {
            return Err(
                "the locks, the limits, the workers or what assigns is not that of the tasks"
                    .into(),
            );
        }
        self.check_lanes()
    }

    /// In a fair queue every key with a ready task has a turn, and in no other any.
    pub(crate) fn check_lanes(&self) -> Result<(), String> {
        for (_, queue) in self.queues.living().chain(self.queues.deleted()) {
            let is_fair = queue.settings.fair;
            let mut turns: Vec<u64> = queue.keyless_turn.into_iter().collect();
            for (key, lane) in &queue.choice.lanes {
                if lane.is_empty() {
                    return Err(format!("the key {key} outlives its tasks"));
                }
                if is_fair && lane.turn.is_none() && lane.ready.first().is_some() {
                    return Err(format!("the key {key} has no turn"));
                }
                turns.extend(lane.turn);
            }
            let is_given = turns.iter().all(|turn| *turn < self.counters.next_turn);
            let is_kind = if is_fair { queue.keyless_turn.is_some() } else { turns.is_empty() };
            if !is_given || !is_kind {
                return Err(format!("the turns in {} are not what they should be", queue.name));
            }
        }
        Ok(())
    }

    /// Names lead to living queues, and a deleted one is there for its tasks' sake. I11: while one
    /// is, the next entry is due.
    fn check_names(&self) -> Result<(), String> {
        for (number, queue) in self.queues.living() {
            if self.queues.number(queue.name.as_str()) != Some(number) {
                return Err(format!("the queue {} is not found by its name", queue.name));
            }
        }
        if self.queues.after(None).count() != self.queues.len() {
            return Err("a queue's name outlives it".into());
        }
        for (_, queue) in self.queues.deleted() {
            if queue.first_member().is_none() {
                return Err(format!("the deleted queue {} outlives its tasks", queue.name));
            }
            if self.next_alarm().is_none_or(|at| at > self.now()) {
                return Err(format!("nobody is told to remove the tasks of {}", queue.name));
            }
        }
        Ok(())
    }

    /// I2, I3: no token is live twice, and none is yet to be granted.
    fn check_leases(&self) -> Result<(), String> {
        let mut tokens = BTreeSet::new();
        for (id, task) in self.tasks.after(None) {
            let Some(held) = task.last_held() else { continue };
            if held.token.get() >= self.counters.next_token || !tokens.insert(held.token) {
                return Err(format!("the token of {id} is not its own: {task:?}"));
            }
        }
        Ok(())
    }

    /// Whoever is blocked waits for a task that is yet to end, or whose end is noted.
    fn check_dependencies(&self) -> Result<(), String> {
        for id in self.tasks.dependencies() {
            let is_unfinished = self.tasks.get(id).is_some_and(Task::is_unfinished);
            if is_unfinished == self.ended.contains_key(&id) {
                return Err(format!("{id} is waited for, and its end is not noted"));
            }
        }
        Ok(())
    }

    fn check_task(&self, task: &Task) -> Result<(), String> {
        let now = self.now();
        if task.enqueued_at > now {
            return Err("was enqueued in the future".into());
        }
        let was_leased = task.last_lease().is_some();
        let fits = match task.state() {
            TaskState::Scheduled => task.attempt == 0 && !was_leased,
            TaskState::Blocked => task.ties().is_some_and(|ties| !ties.waits_for.is_empty()),
            TaskState::Ready => task.due() <= now,
            TaskState::Cancelled { lease, finished_at, .. } => {
                let was_held = lease.is_none() || task.attempt > 0 && was_leased;
                was_held && *finished_at <= now
            }
            TaskState::Expired { finished_at, kept_until } => {
                *finished_at <= now && kept_until > finished_at
            }
            TaskState::Leased(_) => task.due() <= now && task.attempt > 0 && was_leased,
            TaskState::Retrying => task.attempt > 0 && was_leased,
            TaskState::Succeeded { finished_at, kept_until, .. } => {
                task.attempt > 0 && *finished_at <= now && kept_until > finished_at
            }
            TaskState::Dead { finished_at, kept_until } => {
                task.attempt > 0
                    && *finished_at <= now
                    && kept_until.is_none_or(|kept_until| kept_until > *finished_at)
            }
        };
        if fits { Ok(()) } else { Err("is not what its state says".into()) }
    }
}
