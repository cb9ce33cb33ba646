use ferry_types::TaskId;

use super::applying::Applying;
use super::cycle::require_acyclic;
use super::dependencies::Dependencies;
use super::events::told;
use super::measured::Count;
use super::member::Member;
use super::task::{Task, TaskState};
use crate::Rejection;
use crate::command::{QueueSettings, SubmitWorkflow, WorkflowTask};
use crate::event::EventName;
use crate::rejection::{QueueNotFound, TaskNotFound};
use crate::reply::WorkflowSubmitted;
use crate::row::WorkflowRow;

impl Applying<'_> {
    /// Adds tasks that come after one another, all or none, and never past a queue's bounds (I7).
    pub(crate) fn submit_workflow(
        &mut self,
        command: SubmitWorkflow,
    ) -> Result<WorkflowSubmitted, Rejection> {
        require_acyclic(&command.tasks)?;
        self.begin();
        let submitted = self.add_workflow(command);
        match &submitted {
            Ok(_) => self.commit(),
            Err(_) => self.roll_back(),
        }
        submitted
    }

    fn add_workflow(&mut self, command: SubmitWorkflow) -> Result<WorkflowSubmitted, Rejection> {
        let SubmitWorkflow { tasks, create_queues } = command;
        let first = self.machine.next_task();
        let count = u32::try_from(tasks.len()).expect("an entry is far below 4 GiB");
        self.remember_workflow(first);
        self.machine.counters.next_task += u64::from(count);
        if count > 0 {
            self.machine.tasks.workflows.put(WorkflowRow {
                first_task: first.get(),
                tasks: count,
                submitted_at_ms: self.machine.now().as_millis(),
                ..WorkflowRow::default()
            });
            self.dirty.workflows.insert(first);
        }
        let mut hopeless = Vec::new();
        for (number, task) in (first.get()..).zip(tasks) {
            let id = TaskId::new(number);
            let failed = self.add_member(first, id, task, create_queues)?;
            hopeless.extend(failed.then_some(id));
        }
        // Only now: an end may push out what others of these depend on.
        hopeless.into_iter().for_each(|id| self.call_off(id));
        Ok(WorkflowSubmitted { first_task: first.get(), tasks: count })
    }

    /// Adds a task, and tells whether it is not to run, because something has failed.
    fn add_member(
        &mut self,
        first: TaskId,
        id: TaskId,
        task: WorkflowTask,
        create_queue: bool,
    ) -> Result<bool, Rejection> {
        let WorkflowTask { task_ref, queue: name, task: mut new, after } = task;
        let item = u32::try_from(id.get() - first.get()).ok();
        let missing = |missing| Rejection::TaskNotFound(TaskNotFound { item, ..missing });
        // What comes with the workflow has no number for others yet.
        if let Some(task) = new.depends_on.iter().copied().find(|number| *number >= first.get()) {
            return Err(missing(TaskNotFound { task, item: None }));
        }
        let queue = match self.machine.queues.number(&name) {
            Some(queue) => queue,
            None if create_queue => self.create_queue(&name, QueueSettings::standard())?,
            None => return Err(Rejection::QueueNotFound(QueueNotFound { queue: name })),
        };
        let Dependencies { mut waits_for, failed } = self.dependencies(&new).map_err(missing)?;
        self.require_unique(Some(queue), std::slice::from_ref(&new))?;
        self.require_room(queue, 1, new.payload.len() as u64)?;

        let siblings = self.machine.next_task().get() - first.get();
        let after = after.into_iter().map(u64::from).filter(|place| *place < siblings);
        let after: Vec<u64> = after.map(|place| first.get() + place).collect();
        waits_for.extend(after.iter().copied().map(TaskId::new));
        new.depends_on.extend(after);
        new.ttl_ms = new.ttl_ms.or(self.settings(queue).ttl_ms);

        let payload = new.payload.clone();
        self.dirty.waits.extend(waits_for.iter().map(|dependency| (id, *dependency)));
        let mut task = Task::new(queue, new, waits_for, self.machine.now(), self.index);
        task.join(Member { workflow: first, task_ref: task_ref.into() });
        let ready = u64::from(!failed && matches!(task.state(), TaskState::Ready));
        self.tell(told(id, EventName::Enqueued, &task));
        self.insert_task(id, task);
        self.dirty.payloads.push((id, payload));
        self.count(queue, Count::Enqueued { tasks: 1, ready });
        Ok(failed)
    }
}
