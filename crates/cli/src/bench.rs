//! What `ferry bench` shows: the table, the bar while it runs, and the document of `--json`.

mod progress;
mod report;
mod runs;

pub(crate) use progress::ProgressLine;
pub(crate) use report::Report;
pub(crate) use runs::{Run, ScenarioName, runs};
