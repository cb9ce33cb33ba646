//! What operators and producers do to tasks and queues.

use ferry_core::command::{PauseQueue, Purge, PurgedState, Redrive};
use ferry_core::rejection::{TaskNotFound, WrongState};
use ferry_core::reply::{QueuePaused, Swept, TaskChanged};
use ferry_core::row::TaskRow;
use ferry_core::{EventName, Rejection, Reply, StateName};

use super::{Reference, Task, not_found};

impl Reference {
    pub(crate) fn cancel(&mut self, id: u64) -> Result<Reply, Rejection> {
        let task = self.known(id)?;
        let (state, queue, before) = (task.row.state(), task.queue.clone(), task.row.clone());
        if !task.is_unfinished() {
            return Err(wrong_state(id, state));
        }
        if state != StateName::Leased {
            self.ends(id, StateName::Cancelled);
            let gone = TaskRow { state: StateName::Cancelled.into(), ..before };
            let row = self.known(id).map_or(gone, |task| task.row.clone());
            return Ok(changed(queue, row));
        }
        let (now, index) = (self.now, self.index);
        let retention = self.settings(id).result_retention_ms;
        let task = self.task_mut(id);
        let kept_until = task.kept_for_unique(now + retention);
        let row = &mut task.row;
        row.state = StateName::Cancelled.into();
        row.held = true;
        row.finished_at_ms = Some(now);
        row.kept_until_ms = Some(kept_until);
        row.index = index;
        let row = row.clone();
        self.tell(id, EventName::Cancelled, row.worker.clone());
        self.notes_end(id, true);
        Ok(changed(queue, row))
    }

    /// The holder of a cancelled task learns it, or its time is up.
    pub(crate) fn learns(&mut self, id: u64) {
        let index = self.index;
        let row = &mut self.task_mut(id).row;
        row.held = false;
        row.index = index;
        self.tell(id, EventName::Released, None);
        self.evicts();
    }

    pub(crate) fn retry(&mut self, id: u64) -> Result<Reply, Rejection> {
        let task = self.known(id)?;
        let (state, queue, bytes) = (task.row.state(), task.queue.clone(), task.row.payload_bytes);
        if state != StateName::Dead {
            return Err(wrong_state(id, state));
        }
        self.has_room(&queue, 1, bytes)?;
        self.revives(id, EventName::Retried);
        Ok(changed(queue, self.known(id)?.row.clone()))
    }

    pub(crate) fn run_now(&mut self, id: u64) -> Result<Reply, Rejection> {
        let task = self.known(id)?;
        let (state, queue) = (task.row.state(), task.queue.clone());
        if [StateName::Scheduled, StateName::Retrying].contains(&state) {
            self.is_due_now(id, EventName::RunNow);
        } else if state != StateName::Ready {
            return Err(wrong_state(id, state));
        }
        Ok(changed(queue, self.known(id)?.row.clone()))
    }

    pub(crate) fn pause(&mut self, pause: PauseQueue) -> Result<Reply, Rejection> {
        let index = self.index;
        let queue = self.queues.get_mut(&pause.queue).ok_or_else(|| not_found(&pause.queue))?;
        if queue.paused && !pause.paused {
            queue.resumed = Some(index);
        }
        queue.paused = pause.paused;
        let status = Some(Box::new(self.status(&pause.queue)));
        Ok(Reply::QueuePaused(QueuePaused { status }))
    }

    pub(crate) fn purge(&mut self, purge: &Purge) -> Result<Reply, Rejection> {
        if !self.queues.contains_key(&purge.queue) {
            return Err(not_found(&purge.queue));
        }
        let is_purged = |task: &Task| {
            task.queue == purge.queue
                && match purge.state() {
                    PurgedState::Ready => task.is(StateName::Ready),
                    PurgedState::Dead => task.is(StateName::Dead),
                    PurgedState::All => !task.is(StateName::Leased) && !task.row.held,
                }
        };
        let before = self.tasks.len();
        self.remove(is_purged);
        let tasks = (before - self.tasks.len()) as u64;
        Ok(Reply::Purged(Swept { tasks, next: None, full: false }))
    }

    pub(crate) fn redrive(&mut self, redrive: &Redrive) -> Result<Reply, Rejection> {
        if !self.queues.contains_key(&redrive.queue) {
            return Err(not_found(&redrive.queue));
        }
        let fits = |task: &&Task| {
            let (row, filter) = (&task.row, &redrive.filter);
            let error = row.last_error.as_deref().unwrap_or("");
            task.queue == redrive.queue
                && task.is(StateName::Dead)
                && (filter.task_type.is_none() || filter.task_type == row.task_type)
                && (filter.key.is_none() || filter.key == row.key)
                && filter.error.as_ref().is_none_or(|text| error.contains(text))
        };
        let most = redrive.max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
        let chosen: Vec<u64> =
            self.tasks.iter().filter(fits).take(most).map(|task| task.row.id).collect();
        let mut tasks = 0;
        for id in chosen {
            let bytes = self.known(id)?.row.payload_bytes;
            if let Err(full) = self.has_room(&redrive.queue, 1, bytes) {
                if tasks == 0 {
                    return Err(full);
                }
                return Ok(Reply::Redriven(Swept { tasks, next: None, full: true }));
            }
            self.revives(id, EventName::Redriven);
            tasks += 1;
        }
        Ok(Reply::Redriven(Swept { tasks, next: None, full: false }))
    }

    fn revives(&mut self, id: u64, event: EventName) {
        self.unblock(|dependency| dependency == id);
        self.failed.remove(&id);
        self.task_mut(id).row.attempt = 0;
        self.is_due_now(id, event);
    }

    fn is_due_now(&mut self, id: u64, event: EventName) {
        let now = self.now;
        self.becomes(id, event, StateName::Ready);
        let row = &mut self.task_mut(id).row;
        row.finished_at_ms = None;
        row.kept_until_ms = None;
        row.run_at_ms = (now != row.enqueued_at_ms).then_some(now);
        row.ttl_ends_at_ms = row.ttl_ms.map(|ttl| now + ttl);
    }

    pub(crate) fn known(&self, id: u64) -> Result<&Task, Rejection> {
        let known = |task: &&Task| task.row.id == id && !task.is_left_over();
        let not_found = Rejection::TaskNotFound(TaskNotFound { task: id, item: None });
        self.tasks.iter().find(known).ok_or(not_found)
    }
}

pub(crate) fn wrong_state(id: u64, state: StateName) -> Rejection {
    Rejection::WrongState(WrongState { task: id, state: state.into() })
}

fn changed(queue: String, row: TaskRow) -> Reply {
    Reply::TaskChanged(Box::new(TaskChanged { queue, row }))
}
