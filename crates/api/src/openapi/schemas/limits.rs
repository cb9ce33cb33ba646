use ferry_types::limits::{
    BURST_MAX, CONCURRENCY_MAX, KEY_BYTES_MAX, LABEL_VALUE_BYTES_MAX, PAGE_MAX, RATE_PER_SECOND_MAX,
};
use serde_json::{Value, json};

use crate::openapi::schema::{
    answer, bounded, count, integer, list, number, of, or_none, pattern, request, text,
};

pub(super) fn all() -> Vec<(&'static str, Value)> {
    vec![
        (
            "LimitName",
            pattern(
                "A limit's name: 1 to 80 of `A-Z a-z 0-9 . _ -`, at least one not a dot.",
                r"^(?=.*[^.])[A-Za-z0-9._-]{1,80}$",
            ),
        ),
        ("Rate", rate()),
        ("LimitMatch", scope()),
        ("LimitSettings", limit_settings()),
        (
            "LimitDocument",
            answer(
                "A named limit as it stands.",
                &["limit", "match", "leased"],
                [("limit", of("LimitName"))]
                    .into_iter()
                    .chain(settings())
                    .chain([("leased", count("How many of the tasks that it binds are leased."))])
                    .collect(),
            ),
        ),
        (
            "LimitList",
            answer(
                "A page of limits, by name.",
                &["limits"],
                vec![
                    ("limits", list("The limits.", of("LimitDocument"), 0, PAGE_MAX)),
                    ("next_page_token", text("Where the next page begins; none on the last.")),
                ],
            ),
        ),
    ]
}

/// How many tasks may be leased at a time.
pub(super) fn concurrency(description: &str) -> Value {
    or_none(integer(description, 1, CONCURRENCY_MAX))
}

/// A key's or a lock's name.
pub(super) fn key(description: &str) -> Value {
    bounded(description, KEY_BYTES_MAX)
}

fn rate() -> Value {
    let most = RATE_PER_SECOND_MAX as f64;
    let burst = "The most deliveries at once after a rest; null is one second's worth, at least 1.";
    request(
        "How often tasks may be delivered: a token bucket.",
        &["per_second"],
        vec![
            ("per_second", number("Deliveries per second, to the thousandth.", 0.001, most)),
            ("burst", or_none(integer(burst, 1, BURST_MAX))),
        ],
    )
}

fn scope() -> Value {
    let mut scope = request(
        "Which tasks a limit binds: those that fit all that is given, which is one field at least.",
        &[],
        vec![
            ("queue", of("QueueName")),
            ("key", key("Only with this ordering key; without it all keys count together.")),
            ("type", bounded("Only of this type.", LABEL_VALUE_BYTES_MAX)),
        ],
    );
    scope["minProperties"] = json!(1);
    scope
}

fn limit_settings() -> Value {
    let mut schema = request("What a named limit says.", &["match"], settings());
    schema["anyOf"] = json!([{ "required": ["max_concurrency"] }, { "required": ["rate"] }]);
    schema
}

fn settings() -> Vec<(&'static str, Value)> {
    let most = "The most of these tasks that may be leased at a time; null is no bound.";
    vec![("match", of("LimitMatch")), ("max_concurrency", concurrency(most)), ("rate", of("Rate"))]
}
