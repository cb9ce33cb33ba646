//! From what the machine has measured of a queue to a forecast, and that on its way out.

use ferry_core::{Sums, TrafficBucket, TrafficView};
use ferry_forecast::{self as theory, Backlog, Forecast, Measured, Question};
use ferry_types::limits::{FORECAST_SLO, FORECAST_WORKERS_MAX};

use super::*;

/// A queue's forecast at `now`; the query is in range.
pub(crate) fn forecast(
    view: QueueView,
    traffic: &TrafficView,
    now: Timestamp,
    query: api::ForecastQuery,
) -> api::ForecastDocument {
    let slo_ms = query.slo_ms.unwrap_or(default_slo_ms());
    let question = Question { slo_ms, workers: query.workers, workers_max: FORECAST_WORKERS_MAX };
    let forecast = predict(&view, traffic, now, &question);
    let whole = |millis: f64| millis.round() as u64;
    api::ForecastDocument {
        queue: view.name,
        slo_ms,
        workers: forecast.workers,
        arrival_rate_per_second: forecast.arrival_rate_per_second,
        arrival_variability: forecast.arrival_variability,
        service_rate_per_second: forecast.service_rate_per_second,
        service_variability: forecast.service_variability,
        utilisation: forecast.utilisation,
        expected_wait_ms: forecast.expected_wait_ms.map(whole),
        expected_length: forecast.expected_length,
        probability_over_slo: forecast.probability_over_slo,
        workers_needed: forecast.workers_needed,
        time_to_empty_ms: forecast.time_to_empty_ms.map(whole),
        window_ms: forecast.window_ms,
        past_error: forecast.past_error,
    }
}

/// The workers that a queue needs so that hardly a task waits for longer than it does by default.
pub(crate) fn workers_needed(
    view: &QueueView,
    traffic: &TrafficView,
    now: Timestamp,
) -> Option<u32> {
    let (slo_ms, workers) = (default_slo_ms(), None);
    let question = Question { slo_ms, workers, workers_max: FORECAST_WORKERS_MAX };
    predict(view, traffic, now, &question).workers_needed
}

fn predict(
    view: &QueueView,
    traffic: &TrafficView,
    now: Timestamp,
    question: &Question,
) -> Forecast {
    let buckets: Vec<theory::Bucket> = traffic.buckets.iter().map(bucket).collect();
    let bucket_ms = TrafficView::BUCKET.as_millis();
    let measured = Measured {
        buckets: &buckets,
        bucket_ms: u64::try_from(bucket_ms).expect("a bucket is far below an age"),
        window_buckets: TrafficView::WINDOW,
        began_at: traffic.began_at.as_millis(),
        last_arrival_at: traffic.last_arrival_at.map(Timestamp::as_millis),
        workers: traffic.workers,
        now: now.as_millis(),
    };
    let backlog = Backlog { ready: view.counts.ready, leased: view.counts.leased };
    theory::forecast(&measured, backlog, question)
}

fn bucket(bucket: &TrafficBucket) -> theory::Bucket {
    let TrafficBucket { number, batches, gaps, services, waits, slots, leased } = *bucket;
    let observed = theory::Observed {
        batches: sums(batches),
        gaps: sums(gaps),
        services: sums(services),
        waits: sums(waits),
        workers: slots.max(leased),
    };
    theory::Bucket { number, observed }
}

fn sums(Sums { count, sum, squares }: Sums) -> theory::Sums {
    theory::Sums { count, sum, squares }
}

fn default_slo_ms() -> u64 {
    u64::try_from(FORECAST_SLO.as_millis()).expect("the default is far below an age")
}

#[cfg(test)]
#[path = "forecast_tests.rs"]
mod tests;
