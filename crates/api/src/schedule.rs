use ferry_types::{QueueName, ScheduleName, TaskId, Timestamp, limits};
use serde::{Deserialize, Serialize};

use crate::{CheckedTask, Due, InvalidField, NewTask, Payload, null, rfc3339};

/// What a schedule says: the body of `PUT /v1/schedules/{schedule}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleSettings {
    /// When it fires: five fields of cron, or six that begin with seconds. Either this or `every_ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The time zone of `cron`, by its IANA name; `UTC`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// It fires each time after so many milliseconds. 1,000 to ten years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_ms: Option<u64>,
    /// The queue that its tasks go to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueName>,
    /// The task of each firing, with up to 64 KiB of payload, and without times or dependencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<NewTask>,
    /// What a firing does while the task of an earlier one is unfinished; `allow`.
    #[serde(deserialize_with = "null::or_default")]
    pub overlap: Overlap,
    /// What becomes of firings that were missed; `none`.
    #[serde(deserialize_with = "null::or_default")]
    pub catch_up: CatchUp,
    /// By how much at most a task is due later than its firing, in milliseconds. 0 to a day; 0.
    #[serde(deserialize_with = "null::or_default")]
    pub jitter_ms: u64,
    /// Whether it does not fire for now; false.
    #[serde(deserialize_with = "null::or_default")]
    pub paused: bool,
}

/// What a firing does while the task of an earlier one is unfinished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It gives a task all the same.
    #[default]
    Allow,
    /// It gives none.
    Skip,
}

/// What becomes of firings that were missed: those of a pause, and those that are more than
/// 30 seconds late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// They are skipped.
    #[default]
    None,
    /// The last of them gives a task, for all.
    Latest,
    /// Each gives a task.
    All,
}

/// A schedule that has passed the border, but for its calendar.
#[derive(Clone, Debug)]
pub struct CheckedSchedule {
    /// When it fires.
    pub recurrence: Recurrence,
    /// The queue that its tasks go to.
    pub queue: QueueName,
    /// The task of each firing.
    pub task: CheckedTask,
    /// What a firing does while the task of an earlier one is unfinished.
    pub overlap: Overlap,
    /// What becomes of firings that were missed.
    pub catch_up: CatchUp,
    /// By how much at most a task is due later than its firing, in milliseconds.
    pub jitter_ms: u64,
    /// Whether it does not fire for now.
    pub paused: bool,
}

/// When a schedule fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recurrence {
    /// By a calendar: an expression, and the name of a time zone. Neither is read yet.
    Cron(String, String),
    /// Each time after so many milliseconds.
    EveryMs(u64),
}

impl ScheduleSettings {
    /// The schedule, if everything is in range.
    ///
    /// # Errors
    /// The first field that is not.
    pub fn check(self) -> Result<CheckedSchedule, InvalidField> {
        let recurrence = recurrence(self.cron, self.timezone, self.every_ms)?;
        let queue = self.queue.ok_or_else(|| InvalidField::new("queue", "is missing"))?;
        let task = self.task.ok_or_else(|| InvalidField::new("task", "is missing"))?;
        let task = check_task(task).map_err(|invalid| invalid.within("task"))?;
        let most = limits::SCHEDULE_JITTER_MAX;
        InvalidField::check_millis("jitter_ms", self.jitter_ms, 0, most)?;
        Ok(CheckedSchedule {
            recurrence,
            queue,
            task,
            overlap: self.overlap,
            catch_up: self.catch_up,
            jitter_ms: self.jitter_ms,
            paused: self.paused,
        })
    }
}

fn recurrence(
    cron: Option<String>,
    timezone: Option<String>,
    every_ms: Option<u64>,
) -> Result<Recurrence, InvalidField> {
    match (cron, every_ms) {
        (None, None) => Err(InvalidField::new("cron", "is missing; give it or every_ms")),
        (Some(_), Some(_)) => {
            Err(InvalidField::new("cron", "cannot be combined with every_ms; give one of them"))
        }
        (Some(cron), None) => {
            InvalidField::check_length("cron", cron.len(), limits::CRON_BYTES_MAX, "bytes")?;
            Ok(Recurrence::Cron(cron, timezone.unwrap_or_else(|| "UTC".to_owned())))
        }
        (None, Some(_)) if timezone.is_some() => {
            Err(InvalidField::new("timezone", "goes with cron; an interval is the same everywhere"))
        }
        (None, Some(every)) => {
            let least = u64::try_from(limits::SCHEDULE_EVERY_MIN.as_millis()).unwrap_or(u64::MAX);
            InvalidField::check_millis("every_ms", every, least, limits::DELAY_MAX)?;
            Ok(Recurrence::EveryMs(every))
        }
    }
}

/// Refuses what a task cannot say that is enqueued again and again.
fn check_task(task: NewTask) -> Result<CheckedTask, InvalidField> {
    if task.run_at.is_some() {
        return Err(InvalidField::new("run_at", "is the schedule's to say; leave it out"));
    }
    if !task.depends_on.is_empty() {
        let detail = "cannot be said for every firing; leave it out";
        return Err(InvalidField::new("depends_on", detail));
    }
    let task = task.check(Timestamp::default())?;
    if task.due != Due::After(std::time::Duration::ZERO) {
        return Err(InvalidField::new("delay_ms", "is the schedule's to say; leave it out"));
    }
    let (field, bytes) = match &task.payload {
        Payload::Json(json) => ("payload", json.get().len()),
        Payload::Bytes(bytes) => ("payload_base64", bytes.len()),
    };
    let most = limits::SCHEDULE_PAYLOAD_BYTES_MAX;
    InvalidField::check_length(field, bytes, most, "bytes in a schedule")?;
    Ok(task)
}

/// A schedule as it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScheduleDocument {
    /// Its name.
    pub schedule: ScheduleName,
    /// When it fires, unless it does after an interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The time zone of `cron`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// The interval after which it fires each time, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_ms: Option<u64>,
    /// The queue that its tasks go to.
    pub queue: QueueName,
    /// The task of each firing.
    pub task: NewTask,
    /// What a firing does while the task of an earlier one is unfinished.
    #[serde(default)]
    pub overlap: Overlap,
    /// What becomes of firings that were missed.
    #[serde(default)]
    pub catch_up: CatchUp,
    /// By how much at most a task is due later than its firing, in milliseconds.
    #[serde(default)]
    pub jitter_ms: u64,
    /// Whether it does not fire for now.
    #[serde(default)]
    pub paused: bool,
    /// Its next firing, without jitter; left out while it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::option")]
    pub next_at: Option<Timestamp>,
    /// The last firing that gave a task.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::option")]
    pub last_at: Option<Timestamp>,
    /// That task, which may no longer be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_task: Option<TaskId>,
    /// The last firing that gave no task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_skip: Option<SkippedFiring>,
}

impl ScheduleDocument {
    /// What it says, to put it again.
    pub fn into_settings(self) -> ScheduleSettings {
        ScheduleSettings {
            cron: self.cron,
            timezone: self.timezone,
            every_ms: self.every_ms,
            queue: Some(self.queue),
            task: Some(self.task),
            overlap: self.overlap,
            catch_up: self.catch_up,
            jitter_ms: self.jitter_ms,
            paused: self.paused,
        }
    }
}

/// A firing that gave no task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedFiring {
    /// The time that it was for.
    #[serde(with = "rfc3339")]
    pub at: Timestamp,
    /// Why: `missed`, `overlap`, `queue_full`, `queue_not_found` or `already_exists`.
    pub reason: String,
}

/// The firing of a schedule that a task is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiringDocument {
    /// The schedule's name. It may be gone, or another by now.
    pub schedule: ScheduleName,
    /// The time that it was for, without jitter.
    #[serde(with = "rfc3339")]
    pub at: Timestamp,
}

/// A page of schedules, by name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScheduleList {
    /// The schedules.
    pub schedules: Vec<ScheduleDocument>,
    /// Where the next page begins; left out on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(json: &str) -> Result<CheckedSchedule, String> {
        let settings: ScheduleSettings = serde_json::from_str(json).expect("well-formed");
        settings.check().map_err(|invalid| invalid.to_string())
    }

    #[test]
    fn what_is_left_out_is_the_default() {
        let checked = checked(r#"{"cron": "0 9 * * *", "queue": "mail", "task": {"payload": 1}}"#);
        let checked = checked.expect("in range");
        assert_eq!(checked.recurrence, Recurrence::Cron("0 9 * * *".into(), "UTC".into()));
        assert_eq!((checked.overlap, checked.catch_up), (Overlap::Allow, CatchUp::None));
        assert_eq!((checked.jitter_ms, checked.paused), (0, false));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_limit() {
        let refusal = |fields: &str| {
            let json = format!("{{{fields}}}");
            checked(&json).expect_err("out of range")
        };
        assert_eq!(refusal(""), "cron is missing; give it or every_ms");
        let both = r#""cron": "", "every_ms": 1000"#;
        assert_eq!(refusal(both), "cron cannot be combined with every_ms; give one of them");
        let fast = r#""every_ms": 999"#;
        assert_eq!(refusal(fast), "every_ms must be 1000 to 315360000000, not 999");
        let zone = r#""every_ms": 1000, "timezone": "UTC""#;
        assert_eq!(refusal(zone), "timezone goes with cron; an interval is the same everywhere");
        assert_eq!(refusal(r#""every_ms": 1000"#), "queue is missing");
        assert_eq!(refusal(r#""every_ms": 1000, "queue": "q""#), "task is missing");
        let of_task = |task: &str| refusal(&format!(r#""every_ms": 1000, "queue": "q", {task}"#));
        assert_eq!(
            of_task(r#""task": {"payload": 1, "priority": 10}"#),
            "task.priority must be 0 to 9, not 10"
        );
        assert_eq!(
            of_task(r#""task": {"payload": 1, "run_at": "2026-01-02T03:04:05Z"}"#),
            "task.run_at is the schedule's to say; leave it out"
        );
        assert_eq!(
            of_task(r#""task": {"payload": 1, "delay_ms": 1}"#),
            "task.delay_ms is the schedule's to say; leave it out"
        );
        assert_eq!(
            of_task(r#""task": {"payload": 1, "depends_on": ["t1"]}"#),
            "task.depends_on cannot be said for every firing; leave it out"
        );
        assert_eq!(
            of_task(&format!(r#""task": {{"payload": "{}"}}"#, "x".repeat(65_535))),
            "task.payload must be at most 65536 bytes in a schedule, not 65537"
        );
        assert_eq!(
            of_task(r#""task": {"payload": 1}, "jitter_ms": 86400001"#),
            "jitter_ms must be 0 to 86400000, not 86400001"
        );
    }
}
