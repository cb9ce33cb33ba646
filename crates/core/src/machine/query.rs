//! What readers may ask.

use ferry_types::limits::BROWSE_SCAN_MAX;
use ferry_types::{TaskId, Timestamp};

use super::Machine;
use super::limits::Limit;
use super::task::Task;
use super::traffic::Traffic;
use crate::traffic::TrafficView;
use crate::view::{LimitView, QueueView, TaskFilter, TaskView};

impl Machine {
    /// A task.
    pub fn task(&self, id: TaskId) -> Option<TaskView> {
        self.task_view(id, self.known_task(id)?)
    }

    /// A task, unless its queue is deleted and it only waits to be removed.
    pub(crate) fn known_task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(id).filter(|task| self.queues.get(task.queue).is_some())
    }

    /// A queue.
    pub fn queue(&self, name: &str) -> Option<QueueView> {
        self.queue_view(self.queues.number(name)?)
    }

    /// Queues by name, after `after`, at most `limit`.
    pub fn queues(&self, after: Option<&str>, limit: usize) -> Vec<QueueView> {
        let numbers = self.queues.after(after).take(limit);
        numbers.filter_map(|number| self.queue_view(number)).collect()
    }

    /// How a queue was used until `now`, which is replicated time or later.
    pub fn traffic(&self, name: &str, now: Timestamp) -> Option<TrafficView> {
        let number = self.queues.number(name)?;
        let nothing = || Traffic::new(now).view(now);
        let measured = self.measured.get(&number);
        Some(measured.map_or_else(nothing, |measured| measured.traffic.view(now)))
    }

    /// A named limit.
    pub fn limit(&self, name: &str) -> Option<LimitView> {
        self.queues.limits.get(name).map(|limit| limit_view(name, limit))
    }

    /// Named limits by name, after `after`, at most `limit`.
    pub fn limits(&self, after: Option<&str>, limit: usize) -> Vec<LimitView> {
        let limits = self.queues.limits.after(after).take(limit);
        limits.map(|(name, limit)| limit_view(name, limit)).collect()
    }

    /// Whether a queue gives no tasks for now. O(log queues).
    pub fn is_paused(&self, name: &str) -> bool {
        let queue = self.queues.number(name).and_then(|number| self.queues.get(number));
        queue.is_some_and(|queue| queue.paused)
    }

    /// Whether an answer is kept under a key; callers' and forwarders' keys are different spaces.
    pub fn keeps_answer(&self, key: &str, forwarded: bool) -> bool {
        self.answers.space(forwarded).find(key).is_some()
    }

    /// How many answers are kept under callers' keys and under forwarders'.
    pub fn kept_answers(&self) -> (u64, u64) {
        (self.answers.space(false).len(), self.answers.space(true).len())
    }

    /// How many answers this node has forgotten before their time since it started, because there
    /// were too many. Not part of the replicated state.
    pub fn evicted_answers(&self) -> u64 {
        self.evicted_answers
    }

    /// Tasks that fit, in id order, after `after`, at most `limit`, and where to go on. Looks at a
    /// bounded number of tasks, so a page may be short and still have a successor.
    pub fn tasks(
        &self,
        filter: &TaskFilter,
        after: Option<TaskId>,
        limit: usize,
    ) -> (Vec<TaskView>, Option<TaskId>) {
        let Some(name) = &filter.queue else {
            return self.page(self.tasks.after(after), filter, limit);
        };
        let number = self.queues.number(name.as_str());
        let Some(queue) = number.and_then(|number| self.queues.get(number)) else {
            return (Vec::new(), None);
        };
        let members = queue.members_after(after);
        let tasks = members.filter_map(|id| Some((id, self.tasks.get(id)?)));
        self.page(tasks, filter, limit)
    }

    fn page<'a>(
        &self,
        tasks: impl Iterator<Item = (TaskId, &'a Task)>,
        filter: &TaskFilter,
        limit: usize,
    ) -> (Vec<TaskView>, Option<TaskId>) {
        let mut page = Vec::new();
        let mut seen = None;
        for (looked_at, (id, task)) in tasks.enumerate() {
            if looked_at == BROWSE_SCAN_MAX || page.len() == limit {
                return (page, seen);
            }
            if fits(task, filter) {
                page.extend(self.task_view(id, task));
            }
            seen = Some(id);
        }
        (page, None)
    }

    pub(crate) fn task_view(&self, id: TaskId, task: &Task) -> Option<TaskView> {
        let queue = self.queues.get(task.queue)?.name.clone();
        Some(TaskView { queue, row: task.to_row_without_history(id) })
    }

    fn queue_view(&self, number: u32) -> Option<QueueView> {
        let queue = self.queues.get(number)?;
        let oldest_ready = queue.oldest_ready().and_then(|id| self.tasks.get(id));
        let measured = self.measured.get(&number);
        let (enqueued_lately, acked_lately) =
            measured.map_or((0, 0), |measured| measured.rates.lately(self.now()));
        Some(QueueView {
            name: queue.name.clone(),
            settings: queue.settings.clone(),
            paused: queue.paused,
            counts: queue.counts(),
            bytes: queue.bytes(),
            oldest_ready_at: oldest_ready.map(|task| task.enqueued_at),
            enqueued_lately,
            acked_lately,
        })
    }
}

fn limit_view(name: &str, limit: &Limit) -> LimitView {
    LimitView { name: name.into(), settings: limit.settings.clone(), leased: limit.held }
}

/// Whether a filter lets a task through; its queue has been seen to.
fn fits(task: &Task, filter: &TaskFilter) -> bool {
    let held = task.last_held().filter(|_| task.is_held());
    let worker = held.and_then(|held| held.worker.as_deref());
    filter.state.is_none_or(|state| task.state().name() == state)
        && filter.worker.as_deref().is_none_or(|wanted| worker == Some(wanted))
        && filter.task_type.as_deref().is_none_or(|wanted| task.task_type() == Some(wanted))
        && filter.key.as_deref().is_none_or(|wanted| task.key() == Some(wanted))
}
