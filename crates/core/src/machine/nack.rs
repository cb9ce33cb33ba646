use std::time::Duration;

use ferry_types::LeaseId;
use ferry_types::limits::ERROR_BYTES_MAX;

use super::applying::Applying;
use super::backoff::backoff_ms;
use super::measured::Count;
use super::settle::accepted;
use super::task::TaskState;
use crate::Rejection;
use crate::command::Nack;
use crate::event::EventName;
use crate::reply::Accepted;
use crate::state::StateName;

impl Applying<'_> {
    /// Takes a failed task back: to wait and then have its old place (I6), or to die if that was
    /// its last attempt.
    pub(crate) fn nack(&mut self, lease: LeaseId, nack: Nack) -> Result<Accepted, Rejection> {
        let id = lease.task;
        let task = self.leased(lease)?;
        let (attempt, settings) = (task.attempt, self.settings(task.queue));
        let is_dead = nack.dead || task.is_used_up(settings);
        let backoff_ms = || backoff_ms(&task.retry(settings), id, attempt);
        let delay = Duration::from_millis(nack.delay_ms.unwrap_or_else(backoff_ms));

        let (queue, started_at) = (task.queue, task.last_lease().map(|lease| lease.started_at));
        let due = self.machine.now() + delay;
        let state = match (is_dead, delay.is_zero()) {
            (true, _) => StateName::Dead,
            (false, true) => StateName::Ready,
            (false, false) => StateName::Retrying,
        };
        let error = nack.error.as_deref().map(cut);
        self.count(queue, Count::Nacked { started_at });
        if is_dead {
            self.bury(id, EventName::Nacked, error);
            return Ok(accepted(id, state, attempt));
        }
        self.change_task(id, EventName::Nacked, |task| {
            task.set_error(error);
            task.set_due(due);
            task.set_state(match delay.is_zero() {
                true => TaskState::Ready,
                false => TaskState::Retrying,
            });
        });
        Ok(accepted(id, state, attempt))
    }
}

/// As much of an error's text as is kept, cut between two characters.
fn cut(error: &str) -> &str {
    let end = (0..=error.len().min(ERROR_BYTES_MAX)).rev().find(|end| error.is_char_boundary(*end));
    end.map_or("", |end| &error[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_error_is_cut_between_characters() {
        assert_eq!(cut("boom"), "boom");
        let long = "é".repeat(ERROR_BYTES_MAX);
        assert_eq!(cut(&long).len(), ERROR_BYTES_MAX);
        let shifted = format!("a{long}");
        assert_eq!(cut(&shifted).len(), ERROR_BYTES_MAX - 1);
    }
}
