use ferry_types::limits::{
    CRON_BYTES_MAX, DELAY_MAX, PAGE_MAX, SCHEDULE_EVERY_MIN, SCHEDULE_JITTER_MAX,
};
use serde_json::{Value, json};

use crate::invalid_field::millis;
use crate::openapi::schema::{
    Properties, answer, described, duration, flag, list, moment, of, or, pattern, request, text,
    words,
};

pub(super) fn all() -> Vec<(&'static str, Value)> {
    vec![
        (
            "ScheduleName",
            pattern(
                "A schedule's name: 1 to 80 of `A-Z a-z 0-9 . _ -`, at least one not a dot.",
                r"^(?=.*[^.])[A-Za-z0-9._-]{1,80}$",
            ),
        ),
        ("ScheduleSettings", settings()),
        ("ScheduleDocument", document()),
        ("SkippedFiring", skipped()),
        ("FiringDocument", firing()),
        (
            "ScheduleList",
            answer(
                "A page of schedules, by name.",
                &["schedules"],
                vec![
                    ("schedules", list("The schedules.", of("ScheduleDocument"), 0, PAGE_MAX)),
                    ("next_page_token", text("Where the next page begins; none on the last.")),
                ],
            ),
        ),
    ]
}

fn settings() -> Value {
    let mut schema = request(
        "What a schedule says. What is left out is its default.",
        &["queue", "task"],
        said(),
    );
    schema["oneOf"] = json!([{ "required": ["cron"] }, { "required": ["every_ms"] }]);
    schema
}

fn document() -> Value {
    let required = ["schedule", "queue", "task", "overlap", "catch_up", "jitter_ms", "paused"];
    let told = vec![
        ("next_at", moment("Its next firing, without jitter; left out while it is paused.")),
        ("last_at", moment("The last firing that gave a task.")),
        ("last_task", described("That task, which may no longer be kept.", "TaskId")),
        ("last_skip", described("The last firing that gave no task.", "SkippedFiring")),
    ];
    let properties = [("schedule", of("ScheduleName"))].into_iter().chain(said()).chain(told);
    answer("A schedule as it stands.", &required, properties.collect())
}

/// What its owner says.
fn said() -> Properties {
    let mut cron = text(
        "When it fires: minute, hour, day of month, month, day of week, and before them the second \
         if there are six. With both days, either fits. Either this or `every_ms`.",
    );
    cron["maxLength"] = json!(CRON_BYTES_MAX);
    let every = "It fires each time after so long, first after one interval.";
    let task = "The task of each firing, with up to 64 KiB of payload, and without `run_at`, \
                `delay_ms` and `depends_on`.";
    let overlap = "`skip`: a firing gives no task while the last one's is unfinished.";
    let catch_up = "What becomes of firings that were missed, in a pause or by more than 30 \
                    seconds: none gives a task, the latest does for all, or all do.";
    let jitter = "By how much at most a task is due later than its firing.";
    vec![
        ("cron", cron),
        ("timezone", or(text("The time zone of `cron`, by its IANA name."), "UTC")),
        ("every_ms", duration(every, millis(SCHEDULE_EVERY_MIN), DELAY_MAX)),
        ("queue", of("QueueName")),
        ("task", described(task, "NewTask")),
        ("overlap", or(words(overlap, &["allow", "skip"]), "allow")),
        ("catch_up", or(words(catch_up, &["none", "latest", "all"]), "none")),
        ("jitter_ms", or(duration(jitter, 0, SCHEDULE_JITTER_MAX), 0)),
        ("paused", or(flag("Whether it does not fire for now."), false)),
    ]
}

fn skipped() -> Value {
    let reasons = ["missed", "overlap", "queue_full", "queue_not_found", "already_exists"];
    let properties =
        vec![("at", moment("The time that it was for.")), ("reason", words("Why.", &reasons))];
    answer("A firing that gave no task.", &["at", "reason"], properties)
}

fn firing() -> Value {
    let properties = vec![
        ("schedule", of("ScheduleName")),
        ("at", moment("The time that it was for, without jitter.")),
    ];
    answer("The firing of a schedule that a task is of.", &["schedule", "at"], properties)
}
