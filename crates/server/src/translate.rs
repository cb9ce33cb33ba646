//! Between the words of the HTTP contract and those of the machine.

use ferry_api as api;
use ferry_api::{Code, Problem};
use ferry_core::command::{self, Action, BestFit, LeastLoaded};
use ferry_core::rejection::{
    self, AlreadyExists, DependencyCycle, LeaseLost, LimitLimit, QueueFull, QueueNotEmpty,
    QueueNotFound, ScheduleLimit, TaskNotFound, WorkerLimit, WrongState,
};
use ferry_core::reply::{Accepted, Lease, SettleOutcome, SettledItem};
use ferry_core::row::TaskRow;
use ferry_core::{QueueView, Rejection, StateName, TaskView};
use ferry_types::{LeaseId, LeaseToken, LogIndex, TaskId, Timestamp};
use hyper::StatusCode;
use serde_json::value::RawValue;

mod feed;
mod forecast;
mod limit;
mod schedule;
mod sweep;
mod task;
mod worker;
mod workflow;

pub(crate) use feed::{events, history};
pub(crate) use forecast::{forecast, workers_needed};
pub(crate) use limit::{limit_document, limit_settings};
pub(crate) use schedule::{schedule_document, schedule_settings};
pub(crate) use sweep::{dead_filter, purged_state};
pub(crate) use task::{document, from_json, leased_document, new_task};
pub(crate) use worker::{worker_document, worker_lease, worker_said, worker_settings};
pub(crate) use workflow::{graph_task, workflow_status};

/// A state's word at the border.
pub(crate) fn state(state: StateName) -> api::TaskState {
    match state {
        // No task has it; a row that did would not have passed the restore.
        StateName::Unknown | StateName::Scheduled => api::TaskState::Scheduled,
        StateName::Blocked => api::TaskState::Blocked,
        StateName::Ready => api::TaskState::Ready,
        StateName::Leased => api::TaskState::Leased,
        StateName::Retrying => api::TaskState::Retrying,
        StateName::Succeeded => api::TaskState::Succeeded,
        StateName::Dead => api::TaskState::Dead,
        StateName::Cancelled => api::TaskState::Cancelled,
        StateName::Expired => api::TaskState::Expired,
    }
}

/// The machine's word for a state.
pub(crate) fn state_name(state: api::TaskState) -> StateName {
    match state {
        api::TaskState::Scheduled => StateName::Scheduled,
        api::TaskState::Blocked => StateName::Blocked,
        api::TaskState::Ready => StateName::Ready,
        api::TaskState::Leased => StateName::Leased,
        api::TaskState::Retrying => StateName::Retrying,
        api::TaskState::Succeeded => StateName::Succeeded,
        api::TaskState::Dead => StateName::Dead,
        api::TaskState::Cancelled => StateName::Cancelled,
        api::TaskState::Expired => StateName::Expired,
    }
}

fn state_of(number: i32) -> api::TaskState {
    state(StateName::try_from(number).unwrap_or(StateName::Unknown))
}

/// A queue's settings for the machine. They are in range.
pub(crate) fn queue_settings(
    settings: &api::QueueSettings,
) -> Result<command::QueueSettings, api::InvalidField> {
    settings.check()?;
    Ok(command::QueueSettings {
        lease_ms: settings.lease_ms,
        max_attempts: settings.max_attempts,
        retry: retry(settings.retry.check()?),
        max_tasks: settings.max_tasks,
        max_bytes: settings.max_bytes,
        ttl_ms: settings.ttl_ms,
        result_retention_ms: settings.result_retention_ms,
        dead_retention_ms: settings.dead_retention_ms,
        max_concurrency: settings.max_concurrency,
        rate: settings.rate.map(|rate| rate.check().map(limit::rate)).transpose()?,
        key_concurrency: settings.key_concurrency,
        fair: settings.fair,
        assign: assign_policy(&settings.assign),
    })
}

fn assign_policy(policy: &api::AssignPolicy) -> Option<command::AssignPolicy> {
    Some(match policy {
        api::AssignPolicy::Pull => return None,
        api::AssignPolicy::LeastLoaded => command::AssignPolicy::LeastLoaded(LeastLoaded {}),
        api::AssignPolicy::BestFit => command::AssignPolicy::BestFit(BestFit {}),
        api::AssignPolicy::Spread(label) => command::AssignPolicy::Spread(label.clone()),
    })
}

fn assign_policy_document(policy: Option<command::AssignPolicy>) -> api::AssignPolicy {
    match policy {
        None => api::AssignPolicy::Pull,
        Some(command::AssignPolicy::LeastLoaded(_)) => api::AssignPolicy::LeastLoaded,
        Some(command::AssignPolicy::BestFit(_)) => api::AssignPolicy::BestFit,
        Some(command::AssignPolicy::Spread(label)) => api::AssignPolicy::Spread(label),
    }
}

fn retry(retry: api::CheckedRetry) -> command::RetryPolicy {
    command::RetryPolicy {
        initial_ms: retry.initial_ms,
        multiplier_milli: retry.multiplier_milli,
        max_ms: retry.max_ms,
        jitter_milli: retry.jitter_milli,
    }
}

fn retry_document(retry: command::RetryPolicy) -> api::RetryPolicy {
    api::RetryPolicy::from(api::CheckedRetry {
        initial_ms: retry.initial_ms,
        multiplier_milli: retry.multiplier_milli,
        max_ms: retry.max_ms,
        jitter_milli: retry.jitter_milli,
    })
}

pub(crate) fn counts(counts: &rejection::StateCounts) -> api::StateCounts {
    api::StateCounts {
        scheduled: counts.scheduled,
        blocked: counts.blocked,
        ready: counts.ready,
        leased: counts.leased,
        retrying: counts.retrying,
        succeeded: counts.succeeded,
        dead: counts.dead,
        cancelled: counts.cancelled,
        expired: counts.expired,
    }
}

/// A queue as it stands at the replicated time `now`.
pub(crate) fn queue_document(view: QueueView, now: Timestamp) -> api::QueueDocument {
    let settings = view.settings;
    let per_second = |count: u64| count as f64 / QueueView::RATE_WINDOW.as_secs_f64();
    let age = |at: Timestamp| now.saturating_since(at).as_millis();
    api::QueueDocument {
        queue: view.name,
        settings: api::QueueSettings {
            lease_ms: settings.lease_ms,
            max_attempts: settings.max_attempts,
            retry: retry_document(settings.retry),
            max_tasks: settings.max_tasks,
            max_bytes: settings.max_bytes,
            ttl_ms: settings.ttl_ms,
            result_retention_ms: settings.result_retention_ms,
            dead_retention_ms: settings.dead_retention_ms,
            max_concurrency: settings.max_concurrency,
            rate: settings.rate.map(limit::rate_document),
            key_concurrency: settings.key_concurrency,
            fair: settings.fair,
            assign: assign_policy_document(settings.assign),
        },
        paused: view.paused,
        counts: counts(&view.counts),
        bytes: view.bytes,
        oldest_ready_age_ms: view
            .oldest_ready_at
            .map(|at| u64::try_from(age(at)).unwrap_or(u64::MAX)),
        rates: api::QueueRates {
            enqueue_per_second: per_second(view.enqueued_lately),
            ack_per_second: per_second(view.acked_lately),
        },
    }
}

/// A settlement for the machine.
pub(crate) fn settlement(settlement: api::Settlement) -> command::Settlement {
    let action = match settlement.action {
        api::Action::Ack(request) => Action::Ack(ack(request)),
        api::Action::Nack(request) => Action::Nack(nack(request)),
        api::Action::Extend(extend) => {
            Action::Extend(command::Extend { lease_ms: extend.lease_ms })
        }
        api::Action::Release => Action::Release(command::Release {}),
    };
    command::Settlement {
        task: settlement.lease.task.get(),
        token: settlement.lease.token.get(),
        action: Some(action),
    }
}

/// An ack for the machine.
pub(crate) fn ack(ack: api::AckRequest) -> command::Ack {
    command::Ack { result: ack.result.map(from_json).unwrap_or_default() }
}

/// A nack for the machine.
pub(crate) fn nack(nack: api::NackRequest) -> command::Nack {
    command::Nack { error: nack.error, delay_ms: nack.delay_ms, dead: nack.dead }
}

/// The outcome of a settlement, or why it was refused.
pub(crate) fn outcome(item: SettledItem) -> Result<Accepted, Rejection> {
    let refused = match item.outcome {
        Some(SettleOutcome::Accepted(accepted)) => return Ok(accepted),
        Some(SettleOutcome::Refused(refused)) => refused.rejection,
        None => None,
    };
    Err(refused.expect("the machine gives every settlement an outcome"))
}

/// The answer to an accepted ack, nack or release.
pub(crate) fn settled(accepted: &Accepted) -> api::Settled {
    let task = TaskId::new(accepted.task);
    api::Settled { task, state: state_of(accepted.state), attempt: accepted.attempt }
}

/// How a task stands that was named by itself.
pub(crate) fn settled_row(row: &TaskRow) -> api::Settled {
    api::Settled { task: TaskId::new(row.id), state: state_of(row.state), attempt: row.attempt }
}

/// The answer to an accepted extend.
pub(crate) fn extended(accepted: &Accepted) -> api::Extended {
    api::Extended {
        task: TaskId::new(accepted.task),
        state: state_of(accepted.state),
        attempt: accepted.attempt,
        expires_at: Timestamp::from_millis(accepted.expires_at_ms.unwrap_or_default()),
        cancelled: is_cancelled(accepted),
    }
}

fn is_cancelled(accepted: &Accepted) -> bool {
    state_of(accepted.state) == api::TaskState::Cancelled
}

/// The outcomes of a settle list, which named these leases.
pub(crate) fn settled_items(
    leases: impl Iterator<Item = LeaseId>,
    items: Vec<SettledItem>,
) -> Vec<api::SettledItem> {
    let item = |(lease, item)| match outcome(item) {
        Ok(accepted) => api::SettledItem {
            lease,
            status: StatusCode::OK.as_u16(),
            code: None,
            detail: None,
            task: Some(TaskId::new(accepted.task)),
            state: Some(state_of(accepted.state)),
            attempt: Some(accepted.attempt),
            expires_at: accepted.expires_at_ms.map(Timestamp::from_millis),
            cancelled: accepted.expires_at_ms.map(|_| is_cancelled(&accepted)),
        },
        Err(rejection) => {
            let problem = problem(&rejection);
            api::SettledItem {
                lease,
                status: problem.status,
                code: Some(problem.code),
                detail: Some(problem.detail),
                task: problem.task,
                state: problem.state,
                attempt: problem.attempt,
                expires_at: None,
                cancelled: None,
            }
        }
    };
    leases.zip(items).map(item).collect()
}

/// What the caller is told of a refusal, and what to do about it.
pub(crate) fn problem(rejection: &Rejection) -> Problem {
    let with = |code, advice: &str| Problem::new(code, format!("{rejection}; {advice}"));
    match rejection {
        Rejection::QueueNotFound(QueueNotFound { queue }) => {
            let problem = with(Code::QueueNotFound, "create it or correct its name");
            Problem { queue: queue.parse().ok(), ..problem }
        }
        Rejection::QueueFull(QueueFull { queue, limit, .. }) => {
            let problem = with(Code::QueueFull, "enqueue later, or raise the bound");
            let retry_after_ms = Some(1_000);
            Problem { queue: queue.parse().ok(), limit: Some(*limit), retry_after_ms, ..problem }
        }
        Rejection::QueueNotEmpty(QueueNotEmpty { queue, counts: tasks }) => {
            let problem = with(Code::NotEmpty, "drain it first, or delete it with force=true");
            Problem { queue: queue.parse().ok(), counts: Some(counts(tasks)), ..problem }
        }
        Rejection::LeaseLost(LeaseLost { task, state, attempt, .. }) => {
            let problem = with(Code::LeaseLost, "drop the work, it may be someone else's by now");
            Problem {
                task: Some(TaskId::new(*task)),
                state: Some(state_of(*state)),
                attempt: Some(*attempt),
                ..problem
            }
        }
        Rejection::LeaseNotFound(_) => {
            with(Code::LeaseNotFound, "its task is no longer kept, or the id is wrong")
        }
        Rejection::IdempotencyMismatch(_) => {
            with(Code::IdempotencyMismatch, "use a new key for a new request")
        }
        Rejection::AlreadyExists(AlreadyExists { task, .. }) => {
            let problem = with(Code::AlreadyExists, "leave it to that task, or take another key");
            Problem { task: Some(TaskId::new(*task)), ..problem }
        }
        Rejection::OperationRefused(refused) => {
            let place = refused.operation;
            let Some(reason) = refused.reason() else {
                return with(Code::InvalidArgument, "say what the operation does");
            };
            let problem = self::problem(reason);
            let detail = format!("operations[{place}]: {}; nothing was done", problem.detail);
            Problem { detail, operation: Some(place), ..problem }
        }
        Rejection::WorkflowNotFound(_) => {
            with(Code::WorkflowNotFound, "none of its tasks is kept any longer, or the id is wrong")
        }
        Rejection::DependencyCycle(DependencyCycle { path, .. }) => {
            let problem = with(Code::DependencyCycle, "take out one of these dependencies");
            Problem { path: path.clone(), ..problem }
        }
        Rejection::QueueLimit(limit) => {
            let problem = with(Code::QueueFull, "delete a queue first");
            Problem { limit: Some(limit.limit), retry_after_ms: Some(1_000), ..problem }
        }
        Rejection::LimitNotFound(_) => {
            with(Code::LimitNotFound, "put it first or correct its name")
        }
        Rejection::WorkerNotFound(_) => {
            with(Code::WorkerNotFound, "register it first or correct its name")
        }
        Rejection::WorkerLimit(WorkerLimit { limit }) => {
            let problem = with(Code::QuotaExceeded, "delete a worker first");
            Problem { limit: Some(*limit), retry_after_ms: Some(1_000), ..problem }
        }
        Rejection::LimitLimit(LimitLimit { limit }) => {
            let problem = with(Code::QuotaExceeded, "delete a limit first");
            Problem { limit: Some(*limit), retry_after_ms: Some(1_000), ..problem }
        }
        Rejection::ScheduleNotFound(_) => {
            with(Code::ScheduleNotFound, "put it first or correct its name")
        }
        Rejection::ScheduleLimit(ScheduleLimit { limit }) => {
            let problem = with(Code::QuotaExceeded, "delete a schedule first");
            Problem { limit: Some(*limit), retry_after_ms: Some(1_000), ..problem }
        }
        // Only leaders have schedules fire, and nobody is told.
        Rejection::NotToFire(_) => with(Code::WrongState, "look at its next firing"),
        Rejection::TaskNotFound(TaskNotFound { task }) => {
            let problem = with(Code::TaskNotFound, "it is no longer kept, or the id is wrong");
            Problem { task: Some(TaskId::new(*task)), ..problem }
        }
        Rejection::WrongState(WrongState { task, state }) => {
            let problem = with(Code::WrongState, "nothing was done; its state does not allow it");
            let state = Some(state_of(*state));
            Problem { task: Some(TaskId::new(*task)), state, ..problem }
        }
    }
}
