use std::fmt;

use clap::ValueEnum;
use ferry_bench::Scenario;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScenarioName {
    /// Producers, each of which waits for its answer before its next task
    Enqueue,
    /// Producers with many tasks a request
    Batch,
    /// Workers that empty a queue; each step settles the last tasks and takes the next
    Drain,
    /// Producers and workers at a steady rate; latency from the intended start to delivery
    Mixed,
    /// Enqueue and drain in balance while few, many and very many tasks wait (--waiting)
    Backlog,
    /// Kill the leader under load (--cluster): longest gap, tasks lost and doubled
    Failover,
}

/// A scenario with its numbers: one row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) scenario: Scenario,
    pub(crate) concurrency: usize,
    pub(crate) batch: usize,
}

/// Tasks a request where a scenario is about many.
const BATCH: usize = 100;

impl fmt::Display for Run {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} C={}", self.scenario, self.concurrency)?;
        if self.batch > 1 { write!(out, " by {}", self.batch) } else { Ok(()) }
    }
}

impl ScenarioName {
    /// The numbers that are used where none are given: concurrency and tasks a request.
    fn usual(self) -> Run {
        let run = |scenario, concurrency, batch| Run { scenario, concurrency, batch };
        match self {
            Self::Enqueue => run(Scenario::Enqueue, 64, 1),
            Self::Batch => run(Scenario::Batch, 16, BATCH),
            Self::Drain => run(Scenario::Drain, 64, 1),
            Self::Mixed => run(Scenario::Mixed, 16, 1),
            Self::Backlog => run(Scenario::Backlog, 16, 1),
            Self::Failover => run(Scenario::Failover, 16, 1),
        }
    }
}

/// The runs that were asked for, or the standard set.
pub(crate) fn runs(
    scenarios: &[ScenarioName],
    concurrency: &[usize],
    batch: Option<usize>,
) -> Vec<Run> {
    let drain_many = Run { concurrency: 16, batch: BATCH, ..ScenarioName::Drain.usual() };
    let usual: Vec<Run> = match scenarios {
        [] => {
            use ScenarioName::{Batch, Drain, Enqueue, Mixed};
            let usual = [Enqueue, Batch, Drain].map(ScenarioName::usual);
            usual.into_iter().chain([drain_many, Mixed.usual()]).collect()
        }
        named => named.iter().map(|name| name.usual()).collect(),
    };
    let mut runs = Vec::new();
    for run in usual {
        // Only these two know of several tasks a step.
        let knows_batches = matches!(run.scenario, Scenario::Batch | Scenario::Drain);
        let batch = batch.filter(|_| knows_batches).unwrap_or(run.batch);
        let run = Run { batch, ..run };
        let with = |&concurrency: &usize| Run { concurrency, ..run };
        match concurrency {
            [] => runs.push(run),
            given => runs.extend(given.iter().map(with)),
        }
    }
    runs.dedup();
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_word_there_is_a_standard_set() {
        let runs = runs(&[], &[], None);
        let drains: Vec<_> = runs
            .iter()
            .filter(|run| run.scenario == Scenario::Drain)
            .map(|run| run.batch)
            .collect();
        assert_eq!(drains, [1, 100]);
        assert!(runs.iter().any(|run| run.scenario == Scenario::Enqueue));
    }

    #[test]
    fn each_concurrency_is_a_run() {
        let runs = runs(&[ScenarioName::Enqueue], &[1, 16], None);
        let found: Vec<_> = runs.iter().map(|run| run.concurrency).collect();
        assert_eq!(found, [1, 16]);
    }

    #[test]
    fn a_given_batch_holds_where_there_are_batches() {
        let runs = runs(&[ScenarioName::Drain, ScenarioName::Enqueue], &[], Some(50));
        assert_eq!(runs.iter().map(|run| run.batch).collect::<Vec<_>>(), [50, 1]);
    }
}
