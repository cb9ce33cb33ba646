use ferry_types::limits::{DELAY_MAX, FORECAST_WORKERS_MAX};
use serde_json::{Value, json};

use crate::openapi::schema::{answer, count, duration, integer, of, or_null};

pub(super) fn all() -> Vec<(&'static str, Value)> {
    vec![("ForecastDocument", document())]
}

fn document() -> Value {
    let most = FORECAST_WORKERS_MAX.into();
    let (variation, needed) = (
        "The squared coefficient of variation of the times",
        "The workers with which that probability is at most 0.05; null if they are too many to say.",
    );
    let wait = "The mean time that a task waits for a worker; null also if it grows without end. \
                Milliseconds.";
    let empty = "How long it takes until no task is ready or leased; null also if that never \
                 comes. Milliseconds.";
    answer(
        "What comes of a queue if it goes on as in the window, as the answering node has seen it. \
         What is not known yet is null.",
        &["queue", "slo_ms", "workers", "arrival_rate_per_second", "window_ms"],
        vec![
            ("queue", of("QueueName")),
            ("slo_ms", duration("How long a task should wait at most.", 1, DELAY_MAX)),
            ("workers", integer("How many workers it is made for.", 0, most)),
            ("arrival_rate_per_second", positive("Tasks that became ready per second.")),
            (
                "arrival_variability",
                positive(&format!("{variation} between them; 1 is a Poisson process.")),
            ),
            (
                "service_rate_per_second",
                or_null(positive("Tasks that one worker settles per second of work.")),
            ),
            (
                "service_variability",
                or_null(positive(&format!("{variation} from lease to ack or nack."))),
            ),
            (
                "utilisation",
                or_null(positive(
                    "The load as a share of what the workers can do; above 1 the queue grows.",
                )),
            ),
            ("expected_wait_ms", or_null(count(wait))),
            (
                "expected_length",
                or_null(positive(
                    "The mean number of tasks that wait for a worker; null also if it grows \
                     without end.",
                )),
            ),
            (
                "probability_over_slo",
                or_null(positive("The probability that a task waits for longer than `slo_ms`.")),
            ),
            ("workers_needed", or_null(integer(needed, 0, most))),
            ("time_to_empty_ms", or_null(count(empty))),
            ("window_ms", count("How long was measured. Milliseconds.")),
            (
                "past_error",
                or_null(positive(
                    "How far the mean wait of the forecasts for the window was from the one \
                     observed, as a share of that; null if there is nothing to compare.",
                )),
            ),
        ],
    )
}

fn positive(description: &str) -> Value {
    json!({ "type": "number", "description": description, "minimum": 0 })
}
