//! Schedules on their way in and out.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ferry_core::ScheduleView;
use ferry_core::row::Skip;

use super::task::{new_task, to_json, unique_document};
use super::*;

/// What a schedule says, for the machine. Its calendar is not read yet.
pub(crate) fn schedule_settings(
    checked: api::CheckedSchedule,
    create_queue: bool,
) -> command::ScheduleSettings {
    let recurrence = match checked.recurrence {
        api::Recurrence::Cron(expression, timezone) => {
            command::Recurrence::Cron(command::Cron { expression, timezone })
        }
        api::Recurrence::EveryMs(millis) => command::Recurrence::EveryMs(millis),
    };
    let catch_up = match checked.catch_up {
        api::CatchUp::None => command::CatchUp::None,
        api::CatchUp::Latest => command::CatchUp::Latest,
        api::CatchUp::All => command::CatchUp::All,
    };
    command::ScheduleSettings {
        recurrence: Some(recurrence),
        queue: checked.queue.as_str().into(),
        task: new_task(checked.task, None),
        skips_overlap: checked.overlap == api::Overlap::Skip,
        catch_up: catch_up.into(),
        jitter_ms: checked.jitter_ms,
        paused: checked.paused,
        create_queue,
    }
}

/// A schedule as it stands; `None` if its name or its queue's is none, which the border refuses.
pub(crate) fn schedule_document(view: ScheduleView) -> Option<api::ScheduleDocument> {
    let settings = view.settings;
    let (cron, every_ms) = match settings.recurrence.clone() {
        Some(command::Recurrence::Cron(cron)) => (Some(cron), None),
        Some(command::Recurrence::EveryMs(millis)) => (None, Some(millis)),
        None => (None, None),
    };
    let (cron, timezone) = cron.map(|cron| (cron.expression, cron.timezone)).unzip();
    let catch_up = match settings.catch_up() {
        command::CatchUp::None => api::CatchUp::None,
        command::CatchUp::Latest => api::CatchUp::Latest,
        command::CatchUp::All => api::CatchUp::All,
    };
    let skipped = |skip: Skip| api::SkippedFiring {
        at: Timestamp::from_millis(skip.at_ms),
        reason: skip.reason().as_str().into(),
    };
    Some(api::ScheduleDocument {
        schedule: view.name.parse().ok()?,
        cron,
        timezone,
        every_ms,
        queue: settings.queue.parse().ok()?,
        task: task_said(settings.task),
        overlap: if settings.skips_overlap { api::Overlap::Skip } else { api::Overlap::Allow },
        catch_up,
        jitter_ms: settings.jitter_ms,
        paused: settings.paused,
        next_at: view.next_at.filter(|_| !settings.paused),
        last_at: view.last_at,
        last_task: view.last_task,
        last_skip: view.last_skip.map(skipped),
    })
}

/// The firing that a task is of.
pub(super) fn firing_document(firing: command::Firing) -> Option<api::FiringDocument> {
    let schedule = firing.schedule.parse().ok()?;
    Some(api::FiringDocument { schedule, at: Timestamp::from_millis(firing.at_ms) })
}

/// A schedule's task as its owner said it.
fn task_said(task: command::NewTask) -> api::NewTask {
    let (payload, payload_base64) = match task.payload_is_bytes {
        true => (None, Some(BASE64_STANDARD.encode(&task.payload))),
        false => (to_json(&task.payload), None),
    };
    api::NewTask {
        payload,
        payload_base64,
        priority: u8::try_from(task.priority).ok(),
        run_at: None,
        delay_ms: None,
        max_attempts: task.max_attempts,
        lease_ms: task.lease_ms,
        ttl_ms: task.ttl_ms,
        retry: task.retry.map(retry_document),
        task_type: task.task_type,
        labels: task.labels,
        key: task.key,
        locks: task.locks,
        unique: task.unique.map(unique_document),
        depends_on: Vec::new(),
        on_dependency_failure: api::OnDependencyFailure::default(),
        resources: task.resources,
        selector: task.selector,
    }
}
