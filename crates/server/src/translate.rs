//! Between the words of the HTTP contract and those of the machine.

use ferry_api as api;
use ferry_core::command::{self, Action, BestFit, LeastLoaded};
use ferry_core::rejection;
use ferry_core::reply::{Accepted, Lease, QueueStatus, SettleOutcome, SettledItem};
use ferry_core::row::TaskRow;
use ferry_core::{QueueView, Rejection, StateName, TaskView};
use ferry_types::{LeaseId, LeaseToken, LogIndex, QueueName, TaskId, Timestamp};
use hyper::StatusCode;
use serde_json::value::RawValue;

mod feed;
mod forecast;
mod limit;
mod problem;
mod schedule;
mod sweep;
mod task;
mod worker;
mod workflow;

pub(crate) use feed::{events, history};
pub(crate) use forecast::{forecast, workers_needed};
pub(crate) use limit::{limit_document, limit_settings};
pub(crate) use problem::problem;
pub(crate) use schedule::{schedule_document, schedule_settings};
pub(crate) use sweep::{dead_filter, purged_state};
pub(crate) use task::{document, from_json, leased_document, new_task};
pub(crate) use worker::{worker_document, worker_lease, worker_left, worker_settings};
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
    let per_second = |count: u64| count as f64 / QueueView::RATE_WINDOW.as_secs_f64();
    let age = |at: Timestamp| now.saturating_since(at).as_millis();
    api::QueueDocument {
        queue: view.name,
        settings: settings_document(view.settings),
        paused: view.paused,
        counts: counts(&view.counts),
        bytes: view.bytes,
        oldest_ready_age_ms: view
            .oldest_ready_at
            .map(|at| u64::try_from(age(at)).unwrap_or(u64::MAX)),
        rates: Some(api::QueueRates {
            enqueue_per_second: per_second(view.enqueued_lately),
            ack_per_second: per_second(view.acked_lately),
        }),
    }
}

/// A queue as a write left it. What a node has measured is not in the answer, so that whoever
/// repeats the write is told the same, but a queue that is new has not moved.
pub(crate) fn queue_left(
    name: QueueName,
    status: &QueueStatus,
    is_new: bool,
) -> api::QueueDocument {
    api::QueueDocument {
        queue: name,
        settings: settings_document(status.settings.clone()),
        paused: status.paused,
        counts: counts(&status.counts),
        bytes: status.bytes,
        oldest_ready_age_ms: status.oldest_ready_age_ms,
        rates: is_new.then(api::QueueRates::default),
    }
}

fn settings_document(settings: command::QueueSettings) -> api::QueueSettings {
    api::QueueSettings {
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
