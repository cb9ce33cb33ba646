use clap::{ArgGroup, Args, ValueEnum};
use ferry_api::{CatchUp, Overlap, ScheduleSettings};
use ferry_types::{QueueName, ScheduleName};

use crate::payload;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("when").args(["cron", "every_ms"]).required(true))]
pub(super) struct Put {
    /// The schedule's name
    pub(super) schedule: ScheduleName,
    /// The payload of its tasks; what is not JSON is sent as a JSON string
    #[arg(default_value = "null")]
    payload: String,
    /// The queue that its tasks go to
    #[arg(long)]
    queue: QueueName,
    /// When it fires: five fields of cron, or six that begin with seconds
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
    /// The time zone of the expression, by its IANA name [default: UTC]
    #[arg(long, value_name = "ZONE", conflicts_with = "every_ms")]
    timezone: Option<String>,
    /// It fires each time after so many milliseconds
    #[arg(long, value_name = "N")]
    every_ms: Option<u64>,
    /// What a firing does while the task of an earlier one is unfinished
    #[arg(long, value_name = "WORD", default_value = "allow")]
    overlap: OverlapWord,
    /// What becomes of firings that were missed
    #[arg(long, value_name = "WORD", default_value = "none")]
    catch_up: CatchUpWord,
    /// By how much at most a task is due later than its firing, in milliseconds
    #[arg(long, value_name = "N", default_value_t = 0)]
    jitter_ms: u64,
    /// Do not fire for now
    #[arg(long)]
    paused: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OverlapWord {
    Allow,
    Skip,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CatchUpWord {
    None,
    Latest,
    All,
}

impl Put {
    /// The schedule as a request has it.
    pub(super) fn settings(&self) -> ScheduleSettings {
        ScheduleSettings {
            cron: self.cron.clone(),
            timezone: self.timezone.clone(),
            every_ms: self.every_ms,
            queue: Some(self.queue.clone()),
            task: Some(payload::task(self.payload.as_bytes())),
            overlap: match self.overlap {
                OverlapWord::Allow => Overlap::Allow,
                OverlapWord::Skip => Overlap::Skip,
            },
            catch_up: match self.catch_up {
                CatchUpWord::None => CatchUp::None,
                CatchUpWord::Latest => CatchUp::Latest,
                CatchUpWord::All => CatchUp::All,
            },
            jitter_ms: self.jitter_ms,
            paused: self.paused,
        }
    }
}
