use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ferry_bench::{Bench, Ferry, Outcome, Plan, RequestError, Scenario, Target, Usage};

use crate::arguments::Arguments;
use crate::case::Case;
use crate::figure::{Figures, figures};
use crate::nats::{Nats, Sync};
use crate::rabbitmq::RabbitMq;
use crate::results::Results;
use crate::system::System;

/// How much longer than it measures a scenario may take: queues have to be filled.
const PATIENCE: Duration = Duration::from_secs(180);

/// Servers that use less than a tenth of a core for so long have nothing left to do.
const QUIET_WINDOW: Duration = Duration::from_millis(500);
const QUIET_PATIENCE: Duration = Duration::from_secs(20);

/// Measures the systems in turn, one at a time, so that an idle one takes nothing from another.
pub(crate) struct Runner<'a> {
    arguments: &'a Arguments,
    results: Results,
}

impl<'a> Runner<'a> {
    /// Runs every round and answers what was found.
    pub(crate) async fn run(arguments: &'a Arguments) -> Results {
        let mut runner = Self { arguments, results: Results::default() };
        for round in 1..=runner.arguments.rounds {
            for system in runner.arguments.systems() {
                if let Err(error) = runner.measure(round, system).await {
                    eprintln!("bench-peers: {}: {error}", system.title());
                    for case in runner.arguments.cases() {
                        runner.results.refuse(round, system, case, &error);
                    }
                }
            }
        }
        runner.results
    }

    /// Starts a system, measures it, and stops it.
    async fn measure(&mut self, round: u32, system: System) -> Result<(), RequestError> {
        eprintln!("bench-peers: round {round}: starting {}", system.title());
        let folder = self.folder(round, system)?;
        match system {
            System::Ferry => {
                let ferry = Ferry::start(&self.arguments.ferry, false).await?;
                let processes = ferry.processes().await;
                let bench = Bench::new(ferry);
                self.play(round, system, &processes, &bench, &bench).await;
            }
            System::Rabbitmq => {
                let (programs, port) = (&self.arguments.rabbitmq, self.arguments.first_port);
                let rabbitmq = RabbitMq::start(programs, &folder, port).await?;
                let processes = rabbitmq.processes().await;
                let bench = Bench::new(rabbitmq);
                self.play(round, system, &processes, &bench, &bench).await;
            }
            System::Nats => self.measure_nats(round, system, &folder, Sync::Always).await?,
            System::NatsDefault => {
                self.measure_nats(round, system, &folder, Sync::Default).await?;
            }
        }
        // The servers are gone; nobody writes here any more.
        fs::remove_dir_all(&folder).map_err(|error| {
            RequestError::new(format!("cannot remove {}: {error}", folder.display()))
        })
    }

    async fn measure_nats(
        &mut self,
        round: u32,
        system: System,
        folder: &Path,
        sync: Sync,
    ) -> Result<(), RequestError> {
        let (program, port) = (&self.arguments.nats, self.arguments.first_port);
        let nats = Nats::start(program, folder, port, sync).await?;
        let processes = nats.processes().await;
        let awaiting = Bench::new(nats.awaiting_settled());
        self.play(round, system, &processes, &Bench::new(nats), &awaiting).await;
        Ok(())
    }

    async fn play<T: Target>(
        &mut self,
        round: u32,
        system: System,
        processes: &[u32],
        bench: &Bench<T>,
        awaiting: &Bench<T>,
    ) {
        for case in self.arguments.cases() {
            if let Err(reason) = case.fits(system) {
                self.results.refuse(round, system, case, &RequestError::new(reason));
                continue;
            }
            let bench = if case == Case::DrainBy100Awaited { awaiting } else { bench };
            quiet(processes).await;
            let plan = case.plan(system, self.arguments.duration());
            match run_case(bench, case.scenario(), &plan).await {
                Ok(figures) => {
                    tell(round, system, case, &described(&figures));
                    self.results.add(round, system, case, figures);
                }
                Err(error) => {
                    tell(round, system, case, &error.to_string());
                    self.results.refuse(round, system, case, &error);
                }
            }
        }
    }

    fn folder(&self, round: u32, system: System) -> Result<PathBuf, RequestError> {
        let folder = self.arguments.folder.join(format!("{system:?}-{round}"));
        fs::create_dir_all(&folder).map_err(|error| {
            RequestError::new(format!("cannot make {}: {error}", folder.display()))
        })?;
        Ok(folder)
    }
}

/// Waits until the servers are done with what the last scenario left them: a deleted queue, files
/// to merge. One that is never done is measured all the same.
async fn quiet(processes: &[u32]) {
    let deadline = Instant::now() + QUIET_PATIENCE;
    let mut before = Usage::of(processes);
    while Instant::now() < deadline {
        tokio::time::sleep(QUIET_WINDOW).await;
        let after = Usage::of(processes);
        let used = before.zip(after).map(|(before, after)| after.cpu.saturating_sub(before.cpu));
        if used.is_none_or(|used| used < QUIET_WINDOW / 10) {
            return;
        }
        before = after;
    }
}

fn tell(round: u32, system: System, case: Case, what: &str) {
    eprintln!("bench-peers: round {round}: {}: {}: {what}", system.title(), case.name());
}

/// The figures of a run on one line.
fn described(figures: &Figures) -> String {
    let each = figures.iter().map(|(figure, value)| format!("{figure:?} {value:.3}"));
    each.collect::<Vec<_>>().join(", ")
}

async fn run_case<T: Target>(
    bench: &Bench<T>,
    scenario: Scenario,
    plan: &Plan,
) -> Result<Figures, RequestError> {
    let run = bench.run(scenario, plan, &|_| {});
    let outcome = tokio::time::timeout(plan.duration + PATIENCE, Box::pin(run)).await;
    let Ok(outcome) = outcome else {
        // Its queue goes with the cluster.
        return Err(RequestError::new("it did not end in time"));
    };
    let outcome: Outcome = outcome?;
    Ok(figures(&outcome))
}
