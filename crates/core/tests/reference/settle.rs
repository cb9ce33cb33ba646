use ferry_core::command::{Ack, Action, Extend, Nack, QueueSettings, Settlement};
use ferry_core::rejection::{LeaseLost, LeaseNotFound};
use ferry_core::reply::{Accepted, Refused, SettleOutcome, SettledItem};
use ferry_core::{EventName, Rejection, StateName};

use super::feed::how;
use super::operate::wrong_state;
use super::{Reference, Task};

impl Reference {
    pub(crate) fn settle_all(&mut self, items: Vec<Settlement>) -> Vec<SettledItem> {
        let mut outcomes = Vec::new();
        for item in items {
            let outcome = match self.settle(item) {
                Ok(accepted) => SettleOutcome::Accepted(accepted),
                Err(rejection) => SettleOutcome::Refused(Refused { rejection: Some(rejection) }),
            };
            outcomes.push(SettledItem { outcome: Some(outcome) });
            self.turns_follow();
        }
        outcomes
    }

    pub(crate) fn settle(&mut self, item: Settlement) -> Result<Accepted, Rejection> {
        let Settlement { task: id, token, action } = item;
        let known = |task: &&Task| task.row.id == id && !task.is_left_over();
        let Some(task) = self.tasks.iter().find(known) else {
            return Err(Rejection::LeaseNotFound(LeaseNotFound { task: id, token }));
        };
        let (state, attempt) = (task.row.state(), task.row.attempt);
        let shows_token = task.row.token == Some(token);
        let accepted = |state: StateName, attempt| Accepted {
            task: id,
            state: state.into(),
            attempt,
            expires_at_ms: None,
        };
        if state == StateName::Succeeded && shows_token && matches!(action, Some(Action::Ack(_))) {
            return Ok(accepted(state, attempt));
        }
        if state == StateName::Cancelled && shows_token {
            let expires_at_ms = task.row.expires_at_ms;
            if task.row.held {
                self.learns(id);
            }
            if let Some(Action::Extend(_)) = action
                && expires_at_ms > Some(self.now)
            {
                return Ok(Accepted { expires_at_ms, ..accepted(state, attempt) });
            }
            return Err(wrong_state(id, state));
        }
        let lives = task.row.expires_at_ms.is_some_and(|at| at > self.now);
        if state != StateName::Leased || !shows_token || !lives {
            let state = state.into();
            return Err(Rejection::LeaseLost(LeaseLost { task: id, token, state, attempt }));
        }
        match action.expect("the steps give every settlement an action") {
            Action::Ack(ack) => {
                self.succeeds(id, token, ack);
                Ok(accepted(StateName::Succeeded, attempt))
            }
            Action::Nack(nack) => Ok(accepted(self.fails(id, nack), attempt)),
            Action::Extend(Extend { lease_ms }) => {
                let (now, index) = (self.now, self.index);
                let row = &mut self.task_mut(id).row;
                row.leased_for_ms = lease_ms.or(row.leased_for_ms);
                row.expires_at_ms = row.leased_for_ms.map(|length| now + length);
                row.index = index;
                let expires_at_ms = row.expires_at_ms;
                self.tell(id, EventName::Extended, None);
                Ok(Accepted { expires_at_ms, ..accepted(state, attempt) })
            }
            Action::Release(_) => {
                self.task_mut(id).row.attempt -= 1;
                self.becomes(id, EventName::Released, StateName::Ready);
                Ok(accepted(StateName::Ready, attempt - 1))
            }
        }
    }

    fn succeeds(&mut self, id: u64, token: u64, Ack { result }: Ack) {
        self.task_mut(id).result = result;
        self.ends(id, StateName::Succeeded);
        for task in self.tasks.iter_mut().filter(|task| task.row.id == id) {
            task.row.token = Some(token);
        }
    }

    /// Ends a task that is kept for those who ask.
    pub(crate) fn ends(&mut self, id: u64, state: StateName) {
        let now = self.now;
        let retention = self.settings(id).result_retention_ms;
        self.becomes(id, how(state), state);
        let task = self.task_mut(id);
        task.row.finished_at_ms = Some(now);
        let kept_until = task.kept_for_unique(now + retention);
        task.row.kept_until_ms = Some(kept_until);
        if kept_until <= now {
            return self.remove(|task| task.row.id == id);
        }
        self.notes_end(id, state != StateName::Succeeded);
        self.evicts();
    }

    /// Removes those that ended first, if there are too many.
    pub(crate) fn evicts(&mut self) {
        for _ in 0..2 {
            let done = self.tasks.iter().filter(|task| {
                let states = [StateName::Succeeded, StateName::Cancelled, StateName::Expired];
                states.contains(&task.row.state()) && !task.row.held
            });
            let oldest = done.clone().map(|task| (task.row.finished_at_ms, task.row.id)).min();
            if done.count() as u64 > self.limits.finished_tasks_max
                && let Some((_, oldest)) = oldest
            {
                self.remove(|task| task.row.id == oldest);
            }
        }
    }

    fn fails(&mut self, id: u64, Nack { error, delay_ms, dead }: Nack) -> StateName {
        let used_up = self.is_used_up(id);
        let now = self.now;
        let standard = self.settings(id).retry;
        let task = self.task_mut(id);
        let retry = task.row.retry.unwrap_or(standard);
        task.row.last_error = error.or(task.row.last_error.take());
        if dead || used_up {
            self.dies(id, EventName::Nacked);
            return StateName::Dead;
        }
        // The steps multiply by whole numbers.
        let mut backoff = retry.initial_ms;
        for _ in 1..task.row.attempt {
            backoff = (backoff * u64::from(retry.multiplier_milli) / 1_000).min(1 << 40);
        }
        let backoff = backoff.min(retry.max_ms);
        let delay = delay_ms.unwrap_or(backoff);
        let jitter = backoff * u64::from(retry.jitter_milli) / 1_000;
        task.jitter = if delay_ms.is_none() { jitter } else { 0 };
        let due = now + delay;
        task.row.run_at_ms = (due != task.row.enqueued_at_ms).then_some(due);
        let state = if delay == 0 { StateName::Ready } else { StateName::Retrying };
        self.becomes(id, EventName::Nacked, state);
        state
    }

    pub(crate) fn dies(&mut self, id: u64, event: EventName) {
        let now = self.now;
        let retention = self.settings(id).dead_retention_ms;
        self.becomes(id, event, StateName::Dead);
        let task = self.task_mut(id);
        let kept_until = retention.map(|retention| task.kept_for_unique(now + retention));
        task.row.finished_at_ms = Some(now);
        task.row.kept_until_ms = kept_until;
        if kept_until.is_some_and(|at| at <= now) {
            return self.remove(|task| task.row.id == id);
        }
        self.notes_end(id, true);
    }

    pub(crate) fn is_used_up(&self, id: u64) -> bool {
        let row = &self.task(id).row;
        let max = row.max_attempts.unwrap_or(self.settings(id).max_attempts);
        max != 0 && row.attempt >= max
    }

    pub(crate) fn settings(&self, id: u64) -> QueueSettings {
        self.queues[&self.task(id).queue].settings.clone()
    }

    fn task(&self, id: u64) -> &Task {
        self.tasks.iter().find(|task| task.row.id == id).expect("it was found")
    }

    pub(crate) fn task_mut(&mut self, id: u64) -> &mut Task {
        self.tasks.iter_mut().find(|task| task.row.id == id).expect("it was found")
    }
}
