use crate::case::Case;
use crate::figure::Figure;
use crate::results::Results;
use crate::system::System;

/// A line of the table.
pub(crate) struct Row {
    /// What is measured, with its unit.
    pub(crate) title: &'static str,
    /// Where the figure comes from; several are summed.
    pub(crate) cases: &'static [Case],
    /// What is looked at.
    pub(crate) figure: Figure,
    /// What Ferry is held to.
    pub(crate) bars: &'static [Bar],
}

/// What Ferry is held to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bar {
    /// Ferry's figure over another system's is at least this.
    AtLeast(f64, System),
    /// Ferry's figure over another system's is at most this.
    AtMost(f64, System),
    /// Ferry's figure is at most this.
    Within(f64),
}

use Bar::{AtLeast, AtMost, Within};
use Case::{
    Batch, Drain64, DrainBy100, DrainBy100Awaited, Enqueue1, Enqueue64, Enqueue256, Failover,
    Memory, Mixed,
};
use System::{Nats, NatsDefault, Rabbitmq};

/// Six times a payload of 256 bytes: what a task may cost a node's disk over its life.
const DISK_BYTES_MAX: f64 = 6.0 * 256.0;

/// The table's lines, in reading order.
pub(crate) const ROWS: &[Row] = &[
    row("enqueue C = 1, p50 ms", &[Enqueue1], Figure::P50Ms, &[AtMost(0.7, Rabbitmq)]),
    row("enqueue C = 1, tasks/s", &[Enqueue1], Figure::Rate, &[]),
    row(
        "enqueue C = 64, tasks/s",
        &[Enqueue64],
        Figure::Rate,
        &[AtLeast(2.5, Rabbitmq), AtLeast(10.0, Nats)],
    ),
    row("enqueue C = 64, p50 ms", &[Enqueue64], Figure::P50Ms, &[]),
    row("enqueue C = 64, p99 ms", &[Enqueue64], Figure::P99Ms, &[]),
    row(
        "enqueue C = 256, tasks/s",
        &[Enqueue256],
        Figure::Rate,
        &[AtLeast(2.5, Rabbitmq), AtLeast(10.0, Nats)],
    ),
    row("batch or pipeline, C = 16, tasks/s", &[Batch], Figure::Rate, &[AtLeast(5.0, Rabbitmq)]),
    row(
        "drain C = 64 one at a time, tasks/s",
        &[Drain64],
        Figure::Rate,
        &[AtLeast(2.5, Rabbitmq), AtLeast(1.2, NatsDefault)],
    ),
    row("drain C = 16 by 100, tasks/s", &[DrainBy100], Figure::Rate, &[AtLeast(3.0, Rabbitmq)]),
    row(
        "the same, settlements awaited, tasks/s",
        &[DrainBy100Awaited],
        Figure::Rate,
        &[AtLeast(4.0, Nats), AtLeast(4.0, NatsDefault)],
    ),
    row("mixed at 1,000 tasks/s, p50 ms", &[Mixed], Figure::P50Ms, &[AtMost(0.8, Rabbitmq)]),
    row("mixed at 1,000 tasks/s, p99 ms", &[Mixed], Figure::P99Ms, &[]),
    row(
        "server CPU-s per 1,000, enqueue C = 64",
        &[Enqueue64],
        Figure::CpuSecondsPer1000,
        &[AtMost(0.5, Rabbitmq)],
    ),
    row(
        "server CPU-s per 1,000, drain C = 64",
        &[Drain64],
        Figure::CpuSecondsPer1000,
        &[AtMost(0.5, Rabbitmq)],
    ),
    row(
        "client CPU-s per 1,000, enqueue C = 64",
        &[Enqueue64],
        Figure::ClientCpuSecondsPer1000,
        &[],
    ),
    row(
        "context switches a task, enqueue C = 64",
        &[Enqueue64],
        Figure::ContextSwitchesPerTask,
        &[Within(1.0)],
    ),
    row("context switches a task, drain C = 64", &[Drain64], Figure::ContextSwitchesPerTask, &[]),
    row(
        "disk bytes a task and node, enqueue and drain C = 64",
        &[Enqueue64, Drain64],
        Figure::DiskBytesPerTaskAndNode,
        &[Within(DISK_BYTES_MAX)],
    ),
    row("resident MiB of all nodes after enqueue C = 64", &[Enqueue64], Figure::ResidentMib, &[]),
    row(
        "resident bytes a waiting task and node, 200,000 waiting",
        &[Memory],
        Figure::ResidentBytesPerWaitingTask,
        &[Within(150.0)],
    ),
    row(
        "leader killed: longest gap, ms",
        &[Failover],
        Figure::LongestGapMs,
        &[Within(150.0), AtMost(1.0, Rabbitmq), AtMost(1.0, Nats), AtMost(1.0, NatsDefault)],
    ),
    row("leader killed: tasks confirmed", &[Failover], Figure::Confirmed, &[]),
    row("leader killed: confirmed and missing", &[Failover], Figure::Missing, &[Within(0.0)]),
    row("leader killed: tasks doubled", &[Failover], Figure::Doubled, &[Within(0.0)]),
];

const fn row(
    title: &'static str,
    cases: &'static [Case],
    figure: Figure,
    bars: &'static [Bar],
) -> Row {
    Row { title, cases, figure, bars }
}

impl Row {
    /// What a system's cell shows: a median, or a sum where every round counts.
    pub(crate) fn value(&self, results: &Results, system: System) -> Option<f64> {
        let of_case = |&case: &Case| {
            if self.figure.is_count() {
                results.sum(system, case, self.figure)
            } else {
                results.median(system, case, self.figure)
            }
        };
        self.cases.iter().map(of_case).sum()
    }

    /// Whether any round has told anything of it.
    pub(crate) fn was_run(&self, results: &Results) -> bool {
        System::ALL.iter().any(|&system| self.value(results, system).is_some())
    }
}

impl Bar {
    /// What it asks for and whether that is met, in words.
    pub(crate) fn judge(self, row: &Row, results: &Results) -> String {
        let ferry = row.value(results, System::Ferry);
        let ratio = |other| {
            let (ferry, other) = ferry.zip(row.value(results, other))?;
            (other != 0.0).then(|| ferry / other)
        };
        let (asked, is_met) = match self {
            AtLeast(bar, other) => {
                (format!("≥ {bar} × {}", other.title()), ratio(other).map(|ratio| ratio >= bar))
            }
            AtMost(bar, other) => {
                (format!("≤ {bar} × {}", other.title()), ratio(other).map(|ratio| ratio <= bar))
            }
            Within(bar) => (format!("≤ {bar}"), ferry.map(|ferry| ferry <= bar)),
        };
        match is_met {
            Some(true) => format!("{asked}: met"),
            Some(false) => format!("{asked}: **missed**"),
            None => format!("{asked}: not measured"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Figures;

    fn results(figures: &[(System, Case, f64)]) -> Results {
        let mut results = Results::default();
        for &(system, case, value) in figures {
            results.add(1, system, case, Figures::from([(Figure::Rate, value)]));
        }
        results
    }

    #[test]
    fn a_bar_is_met_missed_or_unknown() {
        let row = row("rate", &[Batch], Figure::Rate, &[]);
        let results = results(&[(System::Ferry, Batch, 500.0), (Rabbitmq, Batch, 100.0)]);
        let judge = |bar: Bar| bar.judge(&row, &results);
        assert_eq!(judge(AtLeast(5.0, Rabbitmq)), "≥ 5 × RabbitMQ: met");
        assert_eq!(judge(AtLeast(5.1, Rabbitmq)), "≥ 5.1 × RabbitMQ: **missed**");
        assert_eq!(judge(AtMost(0.5, Rabbitmq)), "≤ 0.5 × RabbitMQ: **missed**");
        assert_eq!(judge(AtMost(0.5, NatsDefault)), "≤ 0.5 × NATS, default: not measured");
        assert_eq!(judge(Within(500.0)), "≤ 500: met");
    }

    #[test]
    fn cases_are_summed_and_one_that_is_missing_leaves_nothing() {
        let row = row("life", &[Batch, Mixed], Figure::Rate, &[]);
        let both = results(&[(Rabbitmq, Batch, 3.0), (Rabbitmq, Mixed, 4.0), (Nats, Batch, 3.0)]);
        assert_eq!(row.value(&both, Rabbitmq), Some(7.0));
        assert_eq!(row.value(&both, Nats), None);
        assert!(row.was_run(&both) && !row.was_run(&results(&[])));
    }
}
