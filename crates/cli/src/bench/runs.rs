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

impl ScenarioName {
    /// The numbers that are used where none are given: concurrency and tasks a request.
    fn usual(self) -> Run {
        let run = |scenario, concurrency, batch| Run { scenario, concurrency, batch };
        match self {
            Self::Enqueue => run(Scenario::Enqueue, 64, 1),
            Self::Batch => run(Scenario::Batch, 16, BATCH),
            Self::Drain => run(Scenario::Drain, 64, 1),
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
            let [enqueue, batch, drain] =
                [ScenarioName::Enqueue, ScenarioName::Batch, ScenarioName::Drain];
            vec![enqueue.usual(), batch.usual(), drain.usual(), drain_many]
        }
        named => named.iter().map(|name| name.usual()).collect(),
    };
    let mut runs = Vec::new();
    for run in usual {
        let run = Run { batch: batch.unwrap_or(run.batch), ..run };
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
    fn a_given_batch_holds_for_drains_as_well() {
        let runs = runs(&[ScenarioName::Drain], &[], Some(50));
        assert_eq!(runs.iter().map(|run| run.batch).collect::<Vec<_>>(), [50]);
    }
}
