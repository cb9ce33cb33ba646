//! Log lines on stderr, as text or as JSON.

use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// Libraries whose news are of no use to an operator, unless the filter names them: what is wrong
/// with a log, the store says itself.
const QUIET: &str = "openraft=error,hyper=warn,h2=warn";

/// Starts logging for the whole process, unless something else has started it already.
///
/// # Errors
/// What is wrong with the filter.
pub(crate) fn start(config: &Config) -> Result<(), String> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", config.log))
        .map_err(|error| format!("log: {:?} is no filter: {error}", config.log))?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A process that runs several nodes, as tests do, keeps the first one's subscriber.
    let _ = match config.log_format {
        LogFormat::Text => subscriber.with_ansi(false).try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
    Ok(())
}
