use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::case::Case;
use crate::system::System;

/// Measures Ferry, RabbitMQ and NATS in turn and compares them
#[derive(Debug, Parser)]
#[command(name = "ferry-bench-peers", version, max_term_width = 100, args_override_self = true)]
pub(crate) struct Arguments {
    /// How often each system is started and measured; the table has the medians
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) rounds: u32,
    /// How long each scenario is measured, in seconds
    #[arg(long, value_name = "S", default_value = "5", value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Which systems to measure [default: all]
    #[arg(long, value_name = "SYSTEM,...", value_delimiter = ',', value_enum)]
    systems: Vec<System>,
    /// Which scenarios to run [default: all]
    #[arg(long, value_name = "SCENARIO,...", value_delimiter = ',', value_enum)]
    scenarios: Vec<Case>,
    /// Write each run's figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the table between the markers of this file, besides printing it, if nothing is left
    /// out of it
    #[arg(long, value_name = "FILE")]
    pub(crate) document: Option<PathBuf>,
    /// Ferry's executable
    #[arg(long, value_name = "FILE")]
    pub(crate) ferry: PathBuf,
    /// Which state of Ferry's source that is, for the table
    #[arg(long, value_name = "COMMIT")]
    pub(crate) revision: Option<String>,
    /// The folder of RabbitMQ's programs
    #[arg(long, value_name = "DIR", default_value = "/usr/lib/rabbitmq/bin")]
    pub(crate) rabbitmq: PathBuf,
    /// NATS's executable
    #[arg(long, value_name = "FILE", default_value = "nats-server")]
    pub(crate) nats: PathBuf,
    /// Where the peers keep their files while they run
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// The first of ten ports of the peers
    #[arg(long, value_name = "PORT", default_value = "29500", value_parser = clap::value_parser!(u16).range(1_024..=65_000))]
    pub(crate) first_port: u16,
}

impl Arguments {
    /// How long each scenario is measured.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// Whether every system and every scenario is measured.
    pub(crate) fn is_whole(&self) -> bool {
        self.systems().len() == System::ALL.len() && self.cases().len() == Case::ALL.len()
    }

    /// The systems, in the order in which they are measured.
    pub(crate) fn systems(&self) -> Vec<System> {
        let is_wanted = |system: &System| self.systems.is_empty() || self.systems.contains(system);
        System::ALL.into_iter().filter(is_wanted).collect()
    }

    /// The scenarios, in the order in which they are run.
    pub(crate) fn cases(&self) -> Vec<Case> {
        let is_wanted = |case: &Case| self.scenarios.is_empty() || self.scenarios.contains(case);
        Case::ALL.into_iter().filter(is_wanted).collect()
    }
}
