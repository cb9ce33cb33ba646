//! The formulas against queues that are simulated, arrival by arrival.

mod chance;
mod queue;

use chance::{Chance, Law};
use ferry_forecast::Station;
use queue::{Outcome, Source, simulate};

/// Of a service, in milliseconds.
const MEAN: f64 = 200.0;
const UTILISATIONS: [f64; 5] = [0.5, 0.6, 0.7, 0.8, 0.9];

fn source(utilisation: f64, servers: u32) -> Source {
    let gap = MEAN / f64::from(servers) / utilisation;
    Source { gaps: Law::Exponential, gap, batch: 1, services: Law::Exponential, service: MEAN }
}

/// Runs a queue for so long that chance moves its mean wait by a few hundredths at most.
fn run(source: &Source, servers: u32, tasks: u64) -> Outcome {
    let seed = 20_260_101;
    println!("seed {seed}");
    simulate(source, servers, tasks, &mut Chance::new(seed))
}

fn assert_near(forecast: f64, observed: f64, tolerance: f64, what: &str) {
    let error = (forecast - observed).abs() / observed;
    println!("{what}: forecast {forecast:.1} ms, observed {observed:.1} ms, error {error:.3}");
    assert!(error <= tolerance, "{what}: forecast {forecast} ms, observed {observed} ms");
}

/// What is forecast of the measured sums, as a node does, against the waits of the same tasks.
#[test]
fn the_mean_wait_of_poisson_load_is_forecast_within_15_percent() {
    for servers in [1, 3, 10] {
        for utilisation in UTILISATIONS {
            let outcome = run(&source(utilisation, servers), servers, 1_000_000);
            let station =
                outcome.observed.station(outcome.millis, servers).expect("tasks are done");
            let forecast = station.mean_wait().expect("it is stable");
            let what = format!("{servers} servers at {utilisation}");
            assert_near(forecast, outcome.mean_wait(), 0.15, &what);
        }
    }
}

#[test]
fn the_share_of_long_waits_is_that_of_the_formula() {
    for servers in [1, 5] {
        let source = source(0.8, servers);
        let station = Station::markovian(1.0 / source.gap, 1.0 / MEAN, servers);
        for time in [0, 100, 500] {
            let outcome = run(&source, servers, 400_000);
            // Waits are seen in whole milliseconds; half of those below one are longer than nothing.
            let (forecast, observed) =
                (station.probability_over(time as f64 + 0.5), outcome.share_over(time));
            assert!((forecast - observed).abs() < 0.02, "{servers}: {forecast} {observed}");
        }
    }
}

#[test]
fn the_mean_length_is_arrivals_times_wait() {
    let source = source(0.8, 4);
    let outcome = run(&source, 4, 400_000);
    let station = Station::markovian(1.0 / source.gap, 1.0 / MEAN, 4);
    // The waits of all tasks together are the area under the number of those that wait.
    let observed = outcome.observed.waits.sum as f64 / outcome.millis as f64;
    assert_near(station.mean_length().expect("it is stable"), observed, 0.1, "length");
}

/// The approximation of Allen and Cunneen is known to be this good where the load is high.
#[test]
fn other_load_than_poisson_is_forecast_within_a_quarter() {
    let laws = [Law::Fixed, Law::Erlang2, Law::Exponential, Law::Hyper4];
    for (gaps, services) in laws.iter().flat_map(|gaps| laws.map(|services| (*gaps, services))) {
        // Without chance nobody waits, and there is nothing to compare.
        if (gaps, services) == (Law::Fixed, Law::Fixed) {
            continue;
        }
        let source = Source { gaps, services, ..source(0.9, 4) };
        let outcome = run(&source, 4, 1_000_000);
        let station = outcome.observed.station(outcome.millis, 4).expect("tasks are done");
        let forecast = station.mean_wait().expect("it is stable");
        assert_near(forecast, outcome.mean_wait(), 0.25, &format!("{gaps:?} {services:?}"));
    }
}

#[test]
fn load_in_batches_is_forecast_within_a_quarter() {
    for batch in [2, 10, 100] {
        let single = source(0.9, 4);
        let source = Source { batch, gap: single.gap * batch as f64, ..single };
        let outcome = run(&source, 4, 1_000_000);
        let station = outcome.observed.station(outcome.millis, 4).expect("tasks are done");
        let forecast = station.mean_wait().expect("it is stable");
        assert_near(forecast, outcome.mean_wait(), 0.25, &format!("batches of {batch}"));
    }
}
