use super::*;
use crate::{Bucket, Observed, Sums};

const BUCKET_MS: u64 = 15_000;
const WINDOW_BUCKETS: u64 = 20;
/// In the middle of a bucket, long after the epoch.
const NOW: u64 = 100_000 * BUCKET_MS + BUCKET_MS / 2;
const QUESTION: Question = Question { slo_ms: 1_000, workers: None, workers_max: 100_000 };

/// Sums of `count` numbers with this mean and a variability of 1.
fn exponential(count: u64, mean: u64) -> Sums {
    let squares = u128::from(mean * mean) * u128::from(2 * count - 1);
    Sums { count, sum: count * mean, squares }
}

/// What is seen in `millis` of Poisson arrivals every 100 ms and exponential services of 150 ms.
fn seen(millis: u64, wait: u64) -> Observed {
    let tasks = millis / 100;
    Observed {
        batches: Sums { count: tasks, sum: tasks, squares: tasks.into() },
        gaps: exponential(tasks, 100),
        services: exponential(tasks, 150),
        waits: exponential(tasks, wait),
        workers: 2,
    }
}

/// Buckets full of the same, the newest of them half over.
fn steady(wait: u64) -> Vec<Bucket> {
    let newest = NOW / BUCKET_MS;
    let bucket = |number| {
        let millis = if number == newest { BUCKET_MS / 2 } else { BUCKET_MS };
        Bucket { number, observed: seen(millis, wait) }
    };
    (newest - 2 * WINDOW_BUCKETS + 1..=newest).map(bucket).collect()
}

fn measured(buckets: &[Bucket]) -> Measured<'_> {
    let (last_arrival_at, now) = (Some(NOW - 50), NOW);
    let (bucket_ms, window_buckets) = (BUCKET_MS, WINDOW_BUCKETS);
    Measured { buckets, bucket_ms, window_buckets, began_at: 0, last_arrival_at, workers: 2, now }
}

fn is(value: Option<f64>, expected: f64) {
    let value = value.expect("it is known");
    assert!((value - expected).abs() < 0.03 * expected, "{value} instead of {expected}");
}

#[test]
fn a_steady_queue_is_forecast_as_the_books_say() {
    let buckets = steady(193);
    let forecast = forecast(&measured(&buckets), Backlog::default(), &QUESTION);
    let book = Station::markovian(0.01, 1.0 / 150.0, 2);
    assert_eq!(forecast.workers, 2);
    is(Some(forecast.arrival_rate_per_second), 10.0);
    is(Some(forecast.arrival_variability), 1.0);
    is(forecast.service_rate_per_second, 1_000.0 / 150.0);
    is(forecast.service_variability, 1.0);
    is(forecast.utilisation, 0.75);
    is(forecast.expected_wait_ms, book.mean_wait().expect("it is stable"));
    is(forecast.expected_length, book.mean_length().expect("it is stable"));
    is(forecast.probability_over_slo, book.probability_over(1_000.0));
    assert_eq!(forecast.workers_needed, Some(2));
    assert_eq!(forecast.window_ms, 19 * BUCKET_MS + BUCKET_MS / 2);
    assert!(forecast.past_error.expect("there is a past") < 0.02, "{forecast:?}");
}

#[test]
fn the_past_error_is_a_share_of_what_was_observed() {
    let buckets = steady(386);
    let forecast = forecast(&measured(&buckets), Backlog::default(), &QUESTION);
    is(forecast.past_error, 0.5);
    // A bucket that measuring only began in tells too little.
    let (buckets, began_at) = (&buckets[buckets.len() - 2..], NOW - 20_000);
    let young = Measured { began_at, ..measured(buckets) };
    let backlog = Backlog::default();
    assert_eq!(super::forecast(&young, backlog, &QUESTION).past_error, None);
}

#[test]
fn other_workers_than_those_seen_may_be_asked_about() {
    let buckets = steady(193);
    let with = |workers| {
        let question = Question { workers: Some(workers), ..QUESTION };
        forecast(&measured(&buckets), Backlog { ready: 100, leased: 1 }, &question)
    };
    let one = with(1);
    is(one.utilisation, 1.5);
    assert_eq!((one.expected_wait_ms, one.expected_length), (None, None));
    assert_eq!((one.probability_over_slo, one.time_to_empty_ms), (Some(1.0), None));
    is(with(3).time_to_empty_ms, 101.0 / (3.0 / 150.0 - 0.01));
    assert!(with(3).expected_wait_ms < with(2).expected_wait_ms);
    // What waits already has to be begun within a second: 100 tasks of 150 ms each.
    assert_eq!(with(1).workers_needed, Some(15));
}

#[test]
fn a_queue_that_nobody_has_worked_on_asks_for_one_worker() {
    let observed = Observed { batches: exponential(5, 1), ..Observed::default() };
    let buckets = [Bucket { number: NOW / BUCKET_MS, observed }];
    let measured = Measured { workers: 0, ..measured(&buckets) };
    let forecast = forecast(&measured, Backlog { ready: 5, leased: 0 }, &QUESTION);
    assert_eq!((forecast.workers, forecast.workers_needed), (0, Some(1)));
    assert_eq!((forecast.utilisation, forecast.time_to_empty_ms), (None, None));
    let nothing = Measured { buckets: &[], last_arrival_at: None, ..measured };
    let forecast = super::forecast(&nothing, Backlog::default(), &QUESTION);
    assert_eq!((forecast.workers_needed, forecast.time_to_empty_ms), (Some(0), Some(0.0)));
}

#[test]
fn a_burst_that_is_over_does_not_come_again() {
    let buckets = steady(193);
    let backlog = Backlog { ready: 1_000, leased: 2 };
    let still = Measured { last_arrival_at: Some(NOW - 2_000), ..measured(&buckets) };
    is(forecast(&still, backlog, &QUESTION).time_to_empty_ms, 1_002.0 * 75.0);
    is(forecast(&measured(&buckets), backlog, &QUESTION).time_to_empty_ms, 1_002.0 * 300.0);
    let observed = Observed {
        batches: exponential(1, 1_000),
        services: exponential(9, 150),
        ..Observed::default()
    };
    let buckets = [Bucket { number: NOW / BUCKET_MS, observed }];
    is(forecast(&measured(&buckets), backlog, &QUESTION).time_to_empty_ms, 1_002.0 * 75.0);
}
