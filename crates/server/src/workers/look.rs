//! A bounded look at the machine: who has room, what is ready, and which goes where.

use std::collections::BTreeSet;

use ferry_core::command::{AssignPolicy, Assignment, Session};
use ferry_core::{Machine, ReadyTask, Seen, WorkerView};
use ferry_scheduler::{Amounts, Paces, Policy, Round, Task, Worker};
use ferry_types::limits::DEQUEUE_BYTES_MAX;
use ferry_types::{QueueName, Timestamp};

/// Assignments in one entry, unless their payloads have [`DEQUEUE_BYTES_MAX`] before.
const BATCH_MAX: usize = 500;

/// What is to be done.
#[derive(Default)]
pub(super) struct Plan {
    /// What to assign, best first.
    pub(super) items: Vec<Assignment>,
    /// When a rate lets through what it alone holds back.
    pub(super) next_at: Option<Timestamp>,
}

/// Chooses a worker for each ready task that finds one among `names`.
pub(super) fn look(machine: &Machine, names: &[Box<str>], paces: &Paces) -> Plan {
    let mut plan = Plan::default();
    let queues = waiting_queues(machine, &mut plan);
    if queues.is_empty() {
        return plan;
    }
    let views: Vec<WorkerView<'_>> = names
        .iter()
        .filter_map(|name| machine.worker(name))
        .filter(|view| view.free_slots() > 0)
        .collect();
    let mut round = Round::new(views.iter().map(worker).collect(), paces);
    let mut bytes = 0;
    for (queue, policy) in queues {
        let see = |ready: ReadyTask<'_>| {
            let is_enough = plan.items.len() >= BATCH_MAX || bytes >= DEQUEUE_BYTES_MAX;
            if is_enough || round.is_full() {
                return Seen::Enough;
            }
            let task = task(queue, &policy, &ready);
            let Some(place) = round.give(&task) else { return Seen::FitsNobody };
            let WorkerView { name, session, .. } = views[place];
            let to = Session { worker: name.to_owned(), session };
            bytes += ready.payload_bytes;
            plan.items.push(Assignment { task: ready.id.get(), to });
            Seen::Taken
        };
        machine.look(queue.as_str(), see);
    }
    plan
}

/// The queues with a task to assign, that with the most urgent and oldest first, so that no queue
/// keeps the others waiting.
fn waiting_queues<'a>(machine: &'a Machine, plan: &mut Plan) -> Vec<(&'a QueueName, Policy)> {
    let mut queues = Vec::new();
    for (queue, policy) in machine.assigning_queues() {
        let mut first = None;
        let not_before = machine.look(queue.as_str(), |ready| {
            first = Some((std::cmp::Reverse(ready.priority), ready.id));
            Seen::Enough
        });
        plan.next_at = [plan.next_at, not_before].into_iter().flatten().min();
        if let Some(first) = first {
            queues.push((first, queue, self::policy(policy)));
        }
    }
    queues.sort_by_key(|(first, ..)| *first);
    queues.into_iter().map(|(_, queue, policy)| (queue, policy)).collect()
}

fn policy(policy: &AssignPolicy) -> Policy {
    match policy {
        AssignPolicy::LeastLoaded(_) => Policy::LeastLoaded,
        AssignPolicy::BestFit(_) => Policy::BestFit,
        AssignPolicy::Spread(label) => Policy::Spread(label.clone()),
    }
}

fn worker(view: &WorkerView<'_>) -> Worker {
    let resources = Amounts(view.settings.resources.clone());
    let mut free = resources.clone();
    free.take(&Amounts(view.used.clone()));
    Worker {
        name: view.name.to_owned(),
        queues: view.settings.queues.iter().cloned().collect::<BTreeSet<_>>(),
        slots: view.settings.slots,
        free_slots: u32::try_from(view.free_slots()).unwrap_or(u32::MAX),
        resources,
        free,
        labels: view.settings.labels.clone(),
    }
}

fn task(queue: &QueueName, policy: &Policy, ready: &ReadyTask<'_>) -> Task {
    Task {
        queue: queue.as_str().to_owned(),
        policy: policy.clone(),
        resources: Amounts(ready.resources.cloned().unwrap_or_default()),
        selector: ready.selector.cloned().unwrap_or_default(),
        kind: ready.task_type.map(str::to_owned),
    }
}
