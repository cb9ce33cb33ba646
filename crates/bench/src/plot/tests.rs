use std::time::Duration;

use super::axis::{self, Axis};
use super::*;
use crate::{Plan, Recorder};

fn measurement(latencies_ms: &[u64]) -> Measurement {
    let recorder = Recorder::default();
    recorder.open();
    for &millis in latencies_ms {
        recorder.done(Duration::from_millis(millis), 100);
    }
    recorder.close();
    let mut measurement =
        Measurement::new("ferry", "a <b> & c", &Plan::default(), &recorder.snapshot());
    measurement.rate_over_time = vec![1_000.0, 0.0, 2_500.0];
    measurement
}

fn curve(points: &[(f64, f64)]) -> Curve {
    Curve { colour: "#000", dash: "", points: points.to_vec() }
}

#[test]
fn every_measurement_has_a_curve_in_each_panel_and_names_are_escaped() {
    let svg = plot(&[measurement(&[1, 2, 3]), measurement(&[10, 20])]);
    assert_eq!(svg.matches("<polyline").count(), 4, "{svg}");
    assert_eq!(svg.matches("a &lt;b&gt; &amp; c").count(), 2, "{svg}");
    for title in ["Percentile of tasks", "Latency (ms)", "Time (s)", "Rate (tasks/s)"] {
        assert!(svg.contains(title), "{title} is missing in {svg}");
    }
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn nothing_measured_is_an_empty_picture() {
    let mut nothing = measurement(&[]);
    nothing.rate_over_time.clear();
    for svg in [plot(&[]), plot(&[nothing])] {
        assert_eq!(svg.matches("<polyline").count(), 0, "{svg}");
        assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{svg}");
    }
}

#[test]
fn latency_axes_end_at_round_numbers_around_the_values() {
    let axis = axis::logarithmic(&[curve(&[(0.0, 0.7), (1.0, 33.0)])]);
    assert_eq!((axis.low, axis.high), (0.5, 50.0));
    let labels: Vec<_> = axis.ticks.iter().map(|(_, label)| label.as_str()).collect();
    assert_eq!(labels, ["0.5", "1", "2", "5", "10", "20", "50"]);
    assert!((axis.share(5.0) - 0.5).abs() < 1e-9, "{axis:?}");
}

#[test]
fn one_value_alone_has_an_axis_too() {
    let axis = axis::logarithmic(&[curve(&[(0.0, 1.0)])]);
    assert_eq!((axis.low, axis.high), (1.0, 2.0));
}

#[test]
fn rate_axes_begin_at_zero_and_hold_the_largest() {
    let Axis { low, high, ticks, .. } = axis::from_zero(&[curve(&[(0.1, 34_000.0)])]);
    assert_eq!((low, high, ticks.len()), (0.0, 40_000.0, 5));
    assert_eq!(ticks[1].1, "10k");
}

#[test]
fn rates_that_differ_much_get_equal_room_for_equal_factors() {
    let axis = |rates: [f64; 2]| axis::rates(&rates.map(|rate| curve(&[(0.1, rate)])));
    assert!(!axis([1_000.0, 9_000.0]).is_logarithmic);
    let wide = axis([1_000.0, 90_000.0]);
    assert!(wide.is_logarithmic);
    assert_eq!((wide.share(0.0), wide.share(90_000.0) <= 1.0), (0.0, true));
}

#[test]
fn each_nine_of_a_percentile_has_as_much_room() {
    let axis = axis::percentiles(&[curve(&[(axis::nines(0.999), 1.0)])]);
    let places: Vec<_> = axis.ticks.iter().map(|(nines, _)| axis.share(*nines)).collect();
    assert_eq!(axis.ticks.last().map(|(_, label)| label.as_str()), Some("99.9"));
    assert!((places[4] - places[3] - (places[3] - places[2])).abs() < 1e-9, "{places:?}");
}

#[test]
fn numbers_are_short() {
    let all = [0.0, 0.05, 1.0, 2.5, 999.0, 1_500.0, 20_000.0, 5e6].map(axis::short);
    assert_eq!(all, ["0", "0.05", "1", "2.5", "999", "1.5k", "20k", "5M"]);
}
