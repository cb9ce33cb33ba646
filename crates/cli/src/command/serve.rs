use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, value_parser};
use ferry_server::{Config, ConfigKey, ConfigSource, KEYS, Kind};

use crate::failure::Failure;

/// How long threads that block may keep a stopped node's process.
const LINGER: Duration = Duration::from_secs(1);

/// Runs one node. Its flags are the keys of the configuration.
#[derive(Debug)]
pub(crate) struct Serve {
    source: ConfigSource,
}

const EXAMPLES: &str = "\
A key comes from the file, from the environment (FERRY_ and its name in upper case) or from a
flag; the later overrides the earlier.

Examples:
  ferry serve --config /etc/ferry/ferry.toml
  ferry serve --config ferry.toml --log debug";

impl Serve {
    /// Runs the node until it is stopped by a signal.
    pub(crate) fn run(self) -> Result<(), Failure> {
        // A variable that is not text is none of ours.
        let environment = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
        let config = Config::load(&self.source, environment)
            .map_err(|problems| Failure::new(problems.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(config.worker_threads)
            .enable_all()
            .build()
            .map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
        let outcome = runtime.block_on(Box::pin(ferry_server::run(config)));
        runtime.shutdown_timeout(LINGER);
        outcome.map_err(|error| Failure::new(error.to_string()))
    }
}

impl Args for Serve {
    fn augment_args(command: clap::Command) -> clap::Command {
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("The configuration file (TOML)");
        let command = command.about("Run one node").after_help(EXAMPLES).arg(config);
        command.args(KEYS.iter().map(flag))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Serve {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Vec::new();
        for key in KEYS {
            let values = matches.get_many::<String>(key.name).into_iter().flatten();
            flags.extend(values.map(|value| (key.name.to_owned(), value.clone())));
        }
        let file = matches.get_one::<PathBuf>("config").cloned();
        Ok(Self { source: ConfigSource { file, flags } })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn flag(key: &ConfigKey) -> Arg {
    let help = format!("{} [default: {}]", key.meaning, key.default.describe());
    // The command line is described once in a process, so its names may live as long as that.
    let long: &'static str = Box::leak(key.flag().into_boxed_str());
    let flag = Arg::new(key.name).long(long).help(help).value_parser(value_parser!(String));
    match key.kind {
        Kind::Boolean => flag.value_name("BOOL").num_args(0..=1).default_missing_value("true"),
        Kind::Members => flag.value_name("ID@HTTP@PEER").action(ArgAction::Append),
        Kind::Integer { .. } => flag.value_name("N"),
        Kind::Address => flag.value_name("HOST:PORT"),
        Kind::Url => flag.value_name("URL"),
        Kind::Text | Kind::Choice(_) => flag.value_name("TEXT"),
    }
}
