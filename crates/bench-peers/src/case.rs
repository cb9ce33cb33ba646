use std::time::Duration;

use clap::ValueEnum;
use ferry_bench::{Plan, Scenario};
use serde::Serialize;

use crate::system::System;

/// A scenario with its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Case {
    /// One producer.
    #[value(name = "enqueue-1")]
    #[serde(rename = "enqueue-1")]
    Enqueue1,
    /// 64 producers.
    #[value(name = "enqueue-64")]
    #[serde(rename = "enqueue-64")]
    Enqueue64,
    /// 256 producers.
    #[value(name = "enqueue-256")]
    #[serde(rename = "enqueue-256")]
    Enqueue256,
    /// 16 producers that enqueue the fastest way of the protocol.
    Batch,
    /// 64 workers that take and settle one task at a time.
    #[value(name = "drain-64")]
    #[serde(rename = "drain-64")]
    Drain64,
    /// 16 workers that take and settle 100 tasks at a time.
    #[value(name = "drain-by-100")]
    #[serde(rename = "drain-by-100")]
    DrainBy100,
    /// The same with awaited settlements, which some systems do not ask for.
    #[value(name = "drain-by-100-awaited")]
    #[serde(rename = "drain-by-100-awaited")]
    DrainBy100Awaited,
    /// 16 producers and 16 workers at 1,000 tasks a second.
    Mixed,
    /// 200,000 waiting tasks.
    Memory,
    /// 16 producers while the leader is killed.
    Failover,
}

const WARMUP: Duration = Duration::from_secs(1);
const PAYLOAD_BYTES: usize = 256;

impl Case {
    /// All, in the order in which they are run.
    pub(crate) const ALL: [Self; 10] = [
        Self::Enqueue1,
        // Early: a process that has been larger before tells nothing by its size.
        Self::Memory,
        Self::Enqueue64,
        Self::Enqueue256,
        Self::Batch,
        Self::Drain64,
        Self::DrainBy100,
        Self::DrainBy100Awaited,
        Self::Mixed,
        Self::Failover,
    ];

    /// Its name, as on the command line.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value().expect("no case is hidden");
        value.get_name().to_owned()
    }

    /// Which scenario it is.
    pub(crate) const fn scenario(self) -> Scenario {
        match self {
            Self::Enqueue1 | Self::Enqueue64 | Self::Enqueue256 => Scenario::Enqueue,
            Self::Batch => Scenario::Batch,
            Self::Drain64 | Self::DrainBy100 | Self::DrainBy100Awaited => Scenario::Drain,
            Self::Mixed => Scenario::Mixed,
            Self::Memory => Scenario::Backlog,
            Self::Failover => Scenario::Failover,
        }
    }

    /// Its numbers for this system.
    pub(crate) fn plan(self, system: System, duration: Duration) -> Plan {
        let (concurrency, batch) = match self {
            Self::Enqueue1 => (1, 1),
            Self::Enqueue64 | Self::Drain64 => (64, 1),
            Self::Enqueue256 => (256, 1),
            Self::Batch | Self::DrainBy100 | Self::DrainBy100Awaited => (16, 100),
            Self::Mixed | Self::Memory | Self::Failover => (16, 1),
        };
        let seconds = (WARMUP + duration).as_secs();
        let tasks = match self.scenario() {
            Scenario::Drain => Some(seconds * system.drain_rate(batch > 1)),
            Scenario::Enqueue
            | Scenario::Batch
            | Scenario::Mixed
            | Scenario::Backlog
            | Scenario::Failover => None,
        };
        Plan {
            concurrency,
            batch,
            rate: 1_000.0,
            warmup: WARMUP,
            duration,
            payload_bytes: PAYLOAD_BYTES,
            tasks,
            waiting: 200_000,
            rounds: 1,
        }
    }

    /// Whether it makes sense for this system, or why not.
    pub(crate) const fn fits(self, system: System) -> Result<(), &'static str> {
        match (self, system) {
            (Self::DrainBy100Awaited, System::Rabbitmq) => {
                Err("its protocol confirms no settlements")
            }
            _ => Ok(()),
        }
    }
}
