use ferry_core::command::Sweep;
use ferry_core::rejection::StateCounts;
use ferry_core::reply::{
    Accepted, Done, Enqueued, Lease, OperationResult, SettleOutcome, SettledItem, Swept,
    TaskChanged,
};
use ferry_core::row::{EventRow, TaskEvent};
use ferry_core::{
    Applied, Change, Effect, HistoryView, Machine, Offer, Outcome, Rejection, Reply, StateName,
    TaskView,
};
use ferry_types::TaskId;

use super::schedule;
use super::workers;
use super::workflows;
use crate::witness::Witness;

/// What an entry did: answers, effects, rows.
pub(crate) fn applied(applied: &Applied) -> String {
    let mut text: Vec<String> = Vec::new();
    let outcomes: Vec<String> = applied.outcomes.iter().map(outcome).collect();
    text.push(if outcomes.is_empty() { "time".into() } else { outcomes.join(" & ") });
    for effect in &applied.effects {
        text.push(match effect {
            Effect::Wake { queue, tasks } => format!("wake {queue} {tasks}"),
            Effect::Room { worker } => format!("room {worker}"),
            Effect::Left { worker } => format!("left {worker}"),
            Effect::Lapsed { worker } => format!("lapsed {worker}"),
            Effect::Served { worker, task_type, took } => {
                let took = time(u64::try_from(took.as_millis()).expect("scripts are short"));
                format!("{worker} did {task_type} in {took}")
            }
            Effect::Gone { queue } => format!("gone {queue}"),
            Effect::Alarm { at } => format!("alarm {}", time(at.as_millis())),
            Effect::Fire { at } => format!("firing {}", time(at.as_millis())),
        });
    }
    let rows = rows(&applied.changes);
    let rows = if rows.is_empty() { String::new() } else { format!(" | {}", rows.join(", ")) };
    text.join("; ") + &rows
}

fn outcome(outcome: &Outcome) -> String {
    let answer = match &outcome.result {
        Ok(reply) => answer(reply),
        Err(rejection) => refused(rejection),
    };
    if outcome.replayed { format!("again: {answer}") } else { answer }
}

fn answer(reply: &Reply) -> String {
    match reply {
        Reply::Enqueued(enqueued) => self::enqueued(enqueued),
        Reply::Dequeued(dequeued) => {
            let settled = dequeued.settled.iter().map(settled);
            let leases = leases(&dequeued.leases);
            let all: Vec<String> = settled.chain(leases).collect();
            if dequeued.leases.is_empty() {
                let nothing = match dequeued.not_before_ms {
                    Some(at) => format!("nothing before {}", time(at)),
                    None => "nothing".into(),
                };
                all.into_iter().chain([nothing]).collect::<Vec<_>>().join(", ")
            } else {
                all.join(", ")
            }
        }
        Reply::Settled(items) => items.items.iter().map(settled).collect::<Vec<_>>().join(", "),
        Reply::QueuePut(put) => (if put.created { "created" } else { "replaced" }).into(),
        Reply::QueueDeleted(_) => "deleted".into(),
        Reply::TaskChanged(changed) => self::changed(changed),
        Reply::QueuePaused(_) => "done".into(),
        Reply::LimitPut(put) => (if put.created { "created" } else { "replaced" }).into(),
        Reply::LimitDeleted(_) => "deleted".into(),
        Reply::WorkerPut(put) => workers::put_answer(put),
        Reply::WorkerDrained(drained) => format!("drains leases={}", drained.leases),
        Reply::WorkerDeleted(deleted) => format!("deleted leases={}", deleted.leases),
        Reply::SessionsEnded(ended) => workers::ended(ended),
        Reply::Assigned(assigned) => workers::assigned(assigned),
        Reply::SchedulePut(put) => (if put.created { "created" } else { "replaced" }).into(),
        Reply::ScheduleDeleted(_) => "deleted".into(),
        Reply::Fired(fired) => schedule::fired(fired),
        Reply::Purged(swept) => format!("purged {}", self::swept(swept)),
        Reply::Redriven(swept) => format!("redriven {}", self::swept(swept)),
        Reply::WorkflowSubmitted(submitted) => workflows::submitted(submitted),
        Reply::WorkflowCancelled(cancelled) => workflows::cancelled(cancelled),
        Reply::Transacted(transacted) => {
            transacted.results.iter().map(done).collect::<Vec<_>>().join(" + ")
        }
    }
}

fn enqueued(enqueued: &Enqueued) -> String {
    let last = enqueued.first_task + u64::from(enqueued.tasks) - 1;
    let ttl = enqueued.ttl_ms.map(|ttl| format!(" ttl={}", time(ttl))).unwrap_or_default();
    span(enqueued.first_task, last) + &ttl
}

fn changed(TaskChanged { queue, row }: &TaskChanged) -> String {
    format!("t{} {} in {queue} attempt={}", row.id, row.state(), row.attempt)
}

fn done(result: &OperationResult) -> String {
    match result.done.as_ref().expect("an operation gives something") {
        Done::Enqueued(enqueued) => self::enqueued(enqueued),
        Done::Settled(accepted) | Done::Met(accepted) => self::accepted(accepted),
        Done::Cancelled(changed) => self::changed(changed),
    }
}

fn swept(swept: &Swept) -> String {
    let next = |Sweep { after, before, done }: Sweep| format!(" from={after},{before},{done}");
    let full = if swept.full { " full" } else { "" };
    format!("{}{full}{}", swept.tasks, swept.next.map(next).unwrap_or_default())
}

/// Leases, those together that follow one another in all they say.
pub(super) fn leases(leases: &[Lease]) -> Vec<String> {
    let follows = |one: &Lease, next: &Lease| {
        let expected = Lease { task: one.task + 1, token: one.token + 1, ..*one };
        expected == *next
    };
    let text = |run: &[Lease]| {
        let id = |lease: &Lease| format!("l{}.{}", lease.task, lease.token);
        let (first, last) = (&run[0], &run[run.len() - 1]);
        let ids = if first == last { id(first) } else { format!("{}..{}", id(first), id(last)) };
        format!("{ids} attempt={} until={}", first.attempt, time(first.expires_at_ms))
    };
    leases.chunk_by(follows).map(text).collect()
}

fn settled(item: &SettledItem) -> String {
    match item.outcome.as_ref().expect("an item has an outcome") {
        SettleOutcome::Accepted(accepted) => self::accepted(accepted),
        SettleOutcome::Refused(why) => {
            refused(why.rejection.as_ref().expect("a refusal has a reason"))
        }
    }
}

fn accepted(accepted: &Accepted) -> String {
    let Accepted { task, attempt, expires_at_ms, .. } = accepted;
    let until = expires_at_ms.map(|at| format!(" until={}", time(at))).unwrap_or_default();
    format!("t{task} {} attempt={attempt}{until}", accepted.state())
}

fn refused(rejection: &Rejection) -> String {
    let facts = match rejection {
        Rejection::LeaseLost(lost) => format!(" ({}, attempt {})", lost.state(), lost.attempt),
        Rejection::QueueNotEmpty(full) => format!(" ({})", counts(&full.counts)),
        Rejection::QueueNotFound(_)
        | Rejection::QueueFull(_)
        | Rejection::LeaseNotFound(_)
        | Rejection::IdempotencyMismatch(_)
        | Rejection::QueueLimit(_)
        | Rejection::TaskNotFound(_)
        | Rejection::WrongState(_)
        | Rejection::AlreadyExists(_)
        | Rejection::OperationRefused(_)
        | Rejection::WorkflowNotFound(_)
        | Rejection::DependencyCycle(_)
        | Rejection::LimitNotFound(_)
        | Rejection::WorkerNotFound(_)
        | Rejection::WorkerLimit(_)
        | Rejection::TooManyKeys(_)
        | Rejection::LimitLimit(_)
        | Rejection::ScheduleNotFound(_)
        | Rejection::ScheduleLimit(_)
        | Rejection::NotToFire(_) => String::new(),
    };
    format!("refused: {rejection}{facts}")
}

/// The rows that have a number, neighbours as one, then those that have a name.
fn rows(changes: &[Change]) -> Vec<String> {
    let mut runs: Vec<(String, u64, u64, String)> = Vec::new();
    let (mut named, mut waits) = (Vec::new(), [0; 2]);
    let mut add = |before: &str, id: u64, after: String| match runs.last_mut() {
        Some((kind, _, last, state)) if *kind == before && *state == after && *last + 1 == id => {
            *last = id;
        }
        _ => runs.push((before.into(), id, id, after)),
    };
    for change in changes {
        match change {
            Change::PutCounters(_)
            | Change::PutEvents(_)
            | Change::DeleteEvents(_)
            | Change::PutLeaders(_) => {}
            Change::PutLimit(row) => named.push(format!("limit {}", row.limit)),
            Change::DeleteLimit(name) => named.push(format!("-limit {name}")),
            Change::PutWorker(row) => {
                let draining = if row.draining { " draining" } else { "" };
                named.push(format!("worker {}{draining}", row.worker));
            }
            Change::DeleteWorker(name) => named.push(format!("-worker {name}")),
            Change::PutSchedule(row) => named.push(format!("schedule {}", row.schedule)),
            Change::DeleteSchedule(name) => named.push(format!("-schedule {name}")),
            Change::PutLane(row) => named.push(format!("{} turn {}", row.key, row.turn)),
            Change::DeleteLane(_, key) => named.push(format!("-{key}")),
            Change::PutWorkflow(row) => named.push(format!("workflow w{}", row.first_task)),
            Change::DeleteWorkflow(first) => named.push(format!("-workflow w{}", first.get())),
            Change::PutWait(_) => waits[0] += 1,
            Change::DeleteWait(..) => waits[1] += 1,
            Change::PutQueue(row) => {
                let deleted = if row.deleted { " deleted" } else { "" };
                let paused = if row.paused { " paused" } else { "" };
                add("queue ", row.id.into(), format!(" {}{deleted}{paused}", row.name));
            }
            Change::DeleteQueue(id) => add("-queue ", (*id).into(), String::new()),
            Change::PutTask(row) => add("t", row.id, format!(" {}", row.state())),
            Change::DeleteTask(id) => add("-t", id.get(), String::new()),
            Change::PutPayload(id, _) => add("payload t", id.get(), String::new()),
            Change::PutResult(id, _) => add("result t", id.get(), String::new()),
            Change::PutIdempotency(row) => add("answer ", row.id, String::new()),
            Change::DeleteIdempotency(id) => add("-answer ", *id, String::new()),
            Change::PutEnded(row) => {
                let how = if row.failed { " failed" } else { "" };
                add("end of t", row.task, how.into());
            }
            Change::DeleteEnded(id) => add("-end of t", id.get(), String::new()),
        }
    }
    named.extend(workflows::waits(waits));
    let text = |(kind, first, last, state): (String, u64, u64, String)| {
        let letter = if kind.ends_with('t') { "t" } else { "" };
        let more = if first == last { String::new() } else { format!("..{letter}{last}") };
        format!("{kind}{first}{more}{state}")
    };
    runs.into_iter().map(text).chain(named).collect()
}

/// A task, with what is not as usual.
pub(crate) fn shown(witness: &Witness, id: TaskId) -> String {
    let Some(TaskView { queue, row }) = witness.machine.task(id) else { return "no task".into() };
    let mut text = format!("{} in {queue} attempt={}", row.state(), row.attempt);
    let facts = [
        ("enqueued", Some(time(row.enqueued_at_ms))),
        ("run_at", row.run_at_ms.map(time)),
        ("token", row.token.map(|token| token.to_string())),
        ("started", row.started_at_ms.map(time)),
        ("until", row.expires_at_ms.map(time)),
        ("worker", row.worker.clone()),
        ("finished", row.finished_at_ms.map(time)),
        ("kept_until", row.kept_until_ms.map(time)),
        ("ttl", row.ttl_ms.map(time)),
        ("ttl_ends", row.ttl_ends_at_ms.map(time)),
        ("unique", row.unique.as_ref().map(|unique| unique.key.clone())),
        ("depends_on", (!row.depends_on.is_empty()).then(|| list(&row.depends_on))),
        ("waits_for", (!row.waits_for.is_empty()).then(|| list(&row.waits_for))),
        ("held", row.held.then(|| "yes".into())),
        ("error", row.last_error.as_ref().map(|error| format!("{error:?}"))),
        ("type", row.task_type.clone()),
        ("for", row.key.clone()),
        ("locks", (!row.locks.is_empty()).then(|| row.locks.join(","))),
        ("trace", row.traceparent.clone()),
        ("needs", workers::needs(&row.resources, &row.selector)),
        ("firing", row.firing.as_ref().map(|of| format!("{} of {}", time(of.at_ms), of.schedule))),
        ("result", witness.result(id).map(|result| String::from_utf8_lossy(result).into())),
    ];
    for (name, value) in facts {
        text.extend(value.map(|value| format!(" {name}={value}")));
    }
    text.extend(row.labels.iter().map(|(key, value)| format!(" label.{key}={value}")));
    text + &format!(" index={}", row.index)
}

/// What has happened to a task.
pub(crate) fn history(machine: &Machine, id: TaskId) -> String {
    let Some(events) = machine.history(id) else { return "no task".into() };
    let event = |event: HistoryView| {
        let HistoryView { index, at, event, state, attempt, node, worker } = event;
        let node = node.map(|node| format!(" node={node}")).unwrap_or_default();
        let worker = worker.map(|worker| format!(" worker={worker}")).unwrap_or_default();
        let at = time(at.as_millis());
        format!("{event} {state} attempt={attempt} at={at} index={index}{node}{worker}")
    };
    let text: Vec<String> = events.into_iter().map(event).collect();
    text.join("; ")
}

/// The events that the disk has, by entry.
pub(crate) fn events<'a>(rows: impl Iterator<Item = &'a EventRow>) -> String {
    let row = |row: &EventRow| {
        let event = |event: &TaskEvent| {
            let queue = row.queues.iter().find(|queue| queue.id == event.queue);
            let queue = &queue.expect("a queue has its name there").name;
            let (name, state) = (event.event(), event.state());
            format!("t{} in {queue} {name} {state} attempt={}", event.task, event.attempt)
        };
        let events: Vec<String> = row.events.iter().map(event).collect();
        format!("{} at={}: {}", row.index, time(row.at_ms), events.join(", "))
    };
    let text: Vec<String> = rows.map(row).collect();
    if text.is_empty() { "nothing".into() } else { text.join("; ") }
}

/// A queue's counts, bytes and rates.
pub(crate) fn counted(machine: &Machine, name: &str) -> String {
    let Some(queue) = machine.queue(name) else { return "no queue".into() };
    let mut text = format!("{}; {} bytes", counts(&queue.counts), queue.bytes);
    text.extend(queue.paused.then_some("; paused"));
    let oldest = queue.oldest_ready_at.map(|at| format!("; oldest ready {}", time(at.as_millis())));
    text.extend(oldest);
    text + &format!("; lately {} enqueued, {} acked", queue.enqueued_lately, queue.acked_lately)
}

/// Whether a dequeue would get a task.
pub(crate) fn offered(machine: &Machine, name: &str, worker: Option<&str>) -> String {
    match machine.offers(name, worker) {
        None => "no queue".into(),
        Some(Offer::Ready) => "a task".into(),
        Some(Offer::Nothing) => "nothing".into(),
        Some(Offer::NotBefore(at)) => format!("nothing before {}", time(at.as_millis())),
    }
}

/// A page of a browse.
pub(crate) fn page((tasks, next): (Vec<TaskView>, Option<TaskId>)) -> String {
    let task = |task: TaskView| format!("t{} {}", task.row.id, task.row.state());
    let mut text: Vec<String> = tasks.into_iter().map(task).collect();
    text.extend(next.map(|next| format!("more after {next}")));
    if text.is_empty() { "nothing".into() } else { text.join(", ") }
}

pub(crate) fn counts(counts: &StateCounts) -> String {
    let StateCounts { scheduled, blocked, ready, leased, retrying, .. } = *counts;
    let StateCounts { succeeded, dead, cancelled, expired, .. } = *counts;
    let unfinished = [scheduled, blocked, ready, leased, retrying];
    let all = unfinished.into_iter().chain([succeeded, dead, cancelled, expired]);
    let all = StateName::ALL.into_iter().zip(all);
    let some = all.filter(|(_, count)| *count > 0);
    let text: Vec<String> = some.map(|(state, count)| format!("{count} {state}")).collect();
    if text.is_empty() { "empty".into() } else { text.join(", ") }
}

fn list(ids: &[u64]) -> String {
    ids.iter().map(|id| format!("t{id}")).collect::<Vec<_>>().join(",")
}

pub(crate) fn span(first: u64, last: u64) -> String {
    if first == last { format!("t{first}") } else { format!("t{first}..t{last}") }
}

pub(super) fn time(millis: u64) -> String {
    if millis.is_multiple_of(1_000) {
        format!("{}s", millis / 1_000)
    } else {
        format!("{millis}ms")
    }
}
