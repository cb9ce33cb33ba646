//! Measurements as a picture: plain SVG, two panels, a curve for each measurement.

mod axis;
mod canvas;
mod panel;

use crate::Measurement;
use canvas::Canvas;
use panel::{Curve, Panel};

const WIDTH: f64 = 1_040.0;
const PANEL_HEIGHT: f64 = 330.0;
const LEGEND_LINE_HEIGHT: f64 = 20.0;
const MARGIN: f64 = 24.0;
/// Space for the title above everything.
const TITLE_HEIGHT: f64 = 52.0;

/// Colours that people with colour blindness can tell apart (Okabe and Ito).
const COLOURS: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555"];
/// Dashes tell the curves apart once the colours are used up.
const DASHES: [&str; 4] = ["", "7 4", "2 3", "10 3 2 3"];

/// Draws latency by percentile and rate over time.
pub fn plot(measurements: &[Measurement]) -> String {
    let legend_height = LEGEND_LINE_HEIGHT * measurements.len() as f64;
    let height = TITLE_HEIGHT + legend_height + 2.0 * (PANEL_HEIGHT + MARGIN) + MARGIN;
    let mut canvas = Canvas::new(WIDTH, height);
    canvas.title(MARGIN, 34.0, "Latency and rate");
    for (index, measurement) in measurements.iter().enumerate() {
        let y = TITLE_HEIGHT + LEGEND_LINE_HEIGHT * (index as f64 + 0.5);
        let (colour, dash) = pen(index);
        canvas.line((MARGIN, y), (MARGIN + 34.0, y), colour, 2.5, dash);
        canvas.text((MARGIN + 44.0, y + 4.0), "start", &legend(measurement));
    }
    let top = TITLE_HEIGHT + legend_height + MARGIN / 2.0;
    let curves = |points: fn(&Measurement) -> Vec<(f64, f64)>| -> Vec<Curve> {
        let curve = |(index, measurement)| {
            let (colour, dash) = pen(index);
            Curve { colour, dash, points: points(measurement) }
        };
        measurements.iter().enumerate().map(curve).collect()
    };
    let latency = curves(latency_points);
    let (x, y) = (axis::percentiles(&latency), axis::logarithmic(&latency));
    let at = |top| (MARGIN, top, WIDTH - 2.0 * MARGIN, PANEL_HEIGHT);
    Panel::new("Percentile of tasks", "Latency (ms)", x, y).draw(&mut canvas, at(top), &latency);
    let rate = curves(rate_points);
    let (x, y) = (axis::seconds(&rate), axis::rates(&rate));
    let top = top + PANEL_HEIGHT + MARGIN;
    Panel::new("Time (s)", "Rate (tasks/s)", x, y).draw(&mut canvas, at(top), &rate);
    canvas.into_svg()
}

fn pen(index: usize) -> (&'static str, &'static str) {
    (COLOURS[index % COLOURS.len()], DASHES[index / COLOURS.len() % DASHES.len()])
}

fn legend(measurement: &Measurement) -> String {
    let Measurement { target, scenario, concurrency, batch, rate, .. } = measurement;
    let mut text = format!("{target} {scenario}, {concurrency} connections");
    if *batch > 1 {
        text.push_str(&format!(", by {batch}"));
    }
    if let Some(waiting) = measurement.waiting {
        text.push_str(&format!(", {} waiting", axis::short(waiting as f64)));
    }
    text.push_str(&format!(": {} tasks/s", axis::short(*rate)));
    if let Some(latency) = measurement.latency_us {
        let millis = |us: u64| us as f64 / 1_000.0;
        let (half, most) = (millis(latency.p50), millis(latency.p99));
        text.push_str(&format!(", p50 {half:.2} ms, p99 {most:.2} ms"));
    }
    text
}

/// Latency in milliseconds over the number of nines, so that each nine has as much room.
fn latency_points(measurement: &Measurement) -> Vec<(f64, f64)> {
    let point = |point: &crate::CurvePoint| (axis::nines(point.share), point.us as f64 / 1_000.0);
    measurement.latency_curve.iter().map(point).collect()
}

/// Rate over seconds, each in the middle of its tick.
fn rate_points(measurement: &Measurement) -> Vec<(f64, f64)> {
    let tick = crate::TICK.as_secs_f64();
    let point = |(index, &rate): (usize, &f64)| ((index as f64 + 0.5) * tick, rate);
    measurement.rate_over_time.iter().enumerate().map(point).collect()
}

#[cfg(test)]
mod tests;
