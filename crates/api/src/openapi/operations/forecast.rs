//! Forecasts.

use super::Operation;
use crate::routes;

pub(super) fn operation(path: &str, method: &str) -> Option<Operation> {
    Some(match (path, method) {
        (routes::FORECAST, "get") => Operation::read(
            "forecast",
            "queues",
            "Tells how long tasks will wait and how many workers they need, by what was seen lately.",
            &["queue", "slo_ms", "workers"],
            &[(200, Some("ForecastDocument"))],
        ),
        _ => return None,
    })
}
