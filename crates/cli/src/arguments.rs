use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use ferry_client::Client;

use crate::command::{
    Ack, Bench, Cluster, Dequeue, Dev, Enqueue, Extend, Forecast, Limits, Nack, Queues, Release,
    Schedules, Serve, Tasks, Work, Workers, Workflows,
};
use crate::failure::Failure;
use crate::output::Output;

/// How long a command that a person waits for tries.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a command that works through many tasks tries for each call.
const PATIENT_TIMEOUT: Duration = Duration::from_secs(30);

/// A replicated task queue and task scheduler.
#[derive(Debug, Parser)]
#[command(name = "ferry", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  ferry dev                                a cluster of three nodes on this machine
  ferry enqueue mail '{\"to\": \"ann\"}'       one task
  seq 1000 | ferry enqueue numbers -       a task for each line
  ferry work numbers --drain -- wc -c      run a command for each task
  ferry cluster                            who leads
  ferry bench                              how fast it is

Exit codes: 0 done, 1 refused or failed, 2 wrong command line, 3 outcome not known.";

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Nodes to ask, separated by commas; the next is tried when one fails
    #[arg(
        long,
        global = true,
        help_heading = "Options of every command",
        value_name = "URL",
        env = "FERRY_SERVER",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:7101"
    )]
    server: Vec<String>,
    /// Print one JSON document a line on stdout
    #[arg(long, global = true, help_heading = "Options of every command")]
    json: bool,
    /// How long to try each call, in milliseconds [default: 5000; 30000 for many tasks]
    #[arg(long, global = true, value_name = "MS", help_heading = "Options of every command")]
    timeout_ms: Option<u64>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(Serve),
    #[command(flatten)]
    User(Box<UserCommand>),
}

/// What people and programs do with a cluster.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    Dev(Dev),
    Enqueue(Enqueue),
    Dequeue(Dequeue),
    Ack(Ack),
    Nack(Nack),
    Extend(Extend),
    Release(Release),
    Work(Work),
    Tasks(Tasks),
    Queues(Queues),
    Forecast(Forecast),
    Limits(Limits),
    Schedules(Schedules),
    Workflows(Workflows),
    Workers(Workers),
    Cluster(Cluster),
    Bench(Bench),
}

impl Global {
    /// How data is printed.
    pub(crate) fn output(&self) -> Output {
        Output { json: self.json }
    }

    /// The nodes to ask.
    pub(crate) fn servers(&self) -> &[String] {
        &self.server
    }

    /// A client for one question.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.connect(TIMEOUT)
    }

    /// A client for long work: it tries for longer, and knows all nodes so that it survives the
    /// death of the one it was told.
    pub(crate) async fn patient_client(&self) -> Result<Client, Failure> {
        let client = self.connect(PATIENT_TIMEOUT)?;
        if let Err(error) = client.learn_servers().await {
            // The work itself asks again, and says what is wrong if it stays so.
            let line = Failure::from(error).line().unwrap_or_default();
            eprintln!("ferry: cannot learn the other nodes' addresses: {line}");
        }
        Ok(client)
    }

    fn connect(&self, timeout: Duration) -> Result<Client, Failure> {
        let timeout = self.timeout_ms.map_or(timeout, Duration::from_millis);
        Ok(Client::builder().servers(self.server.iter().cloned()).timeout(timeout).build()?)
    }
}

impl UserCommand {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::Dev(dev) => dev.run(global.output()).await,
            Self::Enqueue(enqueue) => enqueue.run(global).await,
            Self::Dequeue(dequeue) => dequeue.run(global).await,
            Self::Ack(ack) => ack.run(global).await,
            Self::Nack(nack) => nack.run(global).await,
            Self::Extend(extend) => extend.run(global).await,
            Self::Release(release) => release.run(global).await,
            Self::Work(work) => work.run(global).await,
            Self::Tasks(tasks) => tasks.run(global).await,
            Self::Queues(queues) => queues.run(global).await,
            Self::Forecast(forecast) => forecast.run(global).await,
            Self::Limits(limits) => limits.run(global).await,
            Self::Schedules(schedules) => schedules.run(global).await,
            Self::Workflows(workflows) => workflows.run(global).await,
            Self::Workers(workers) => workers.run(global).await,
            Self::Cluster(cluster) => cluster.run(global).await,
            Self::Bench(bench) => bench.run(global).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn globals_stand_anywhere() {
        for line in ["ferry --json queues show a", "ferry queues show a --json"] {
            let arguments = Arguments::try_parse_from(line.split(' ')).expect("valid");
            assert!(arguments.global.json, "{line}");
        }
        let line = "ferry queues --server http://a:1,http://b:2";
        let arguments = Arguments::try_parse_from(line.split(' ')).expect("valid");
        assert_eq!(arguments.global.server, ["http://a:1", "http://b:2"]);
    }

    #[test]
    fn bad_names_and_ids_are_wrong_command_lines() {
        for line in [
            "ferry enqueue",
            "ferry enqueue ../etc x",
            "ferry ack t7",
            "ferry tasks show l7.1",
            "ferry tasks --state asleep",
            "ferry tasks cancel l7.1",
            "ferry queues purge mail",
            "ferry queues put mail --assign push",
            "ferry queues put mail --assign spread=",
            "ferry queues purge mail leased",
            "ferry queues redrive mail --label novalue",
            "ferry work mail",
            "ferry work -- cat",
            "ferry work mail --slots 0 -- cat",
            "ferry work mail --slots 2 --concurrency 2 -- cat",
            "ferry work mail --resources cpu -- cat",
            "ferry work mail --labels novalue -- cat",
            "ferry workers show a/b",
            "ferry workers drain",
            "ferry enqueue mail x --label novalue",
            "ferry enqueue mail x --priority 10",
            "ferry enqueue mail x --depends-on l7.1",
            "ferry enqueue mail x --unique-ms 5",
            "ferry enqueue mail x --run-on-dependency-failure",
            "ferry limits put smtp --max-concurrency 1",
            "ferry limits put smtp --type send --burst 1",
            "ferry limits show a/b",
            "ferry workflows show t7",
            "ferry workflows submit",
            "ferry forecast",
            "ferry forecast mail --slo-ms soon",
            "ferry dev --nodes 0",
            "ferry bench sprint",
            "ferry frobnicate",
        ] {
            let error = Arguments::try_parse_from(line.split(' ')).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
