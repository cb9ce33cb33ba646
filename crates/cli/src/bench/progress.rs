use std::time::Duration;

use ferry_bench::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on stderr, drawn on terminals only.
pub(crate) struct ProgressLine {
    bar: ProgressBar,
    duration: Duration,
}

impl ProgressLine {
    /// A bar for a run of this name, whose window lasts `duration`.
    pub(crate) fn new(name: String, duration: Duration) -> Self {
        let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr_with_hz(5));
        let style = ProgressStyle::with_template("{prefix:24} {bar:30} {msg}");
        bar.set_style(style.expect("the template is valid"));
        bar.set_prefix(name);
        Self { bar, duration }
    }

    /// Shows how far it is.
    pub(crate) fn show(&self, progress: Progress) {
        let share = |position: u64, length: u64, message: String| {
            self.bar.set_length(length);
            self.bar.set_position(position);
            self.bar.set_message(message);
        };
        match progress {
            Progress::Filling { done, of } => share(done, of, format!("filling, {done} of {of}")),
            Progress::Killing { done, of } => {
                share(done as u64, of as u64, format!("round {} of {of}", done + 1));
            }
            Progress::WarmingUp => share(0, 1, "warming up".to_owned()),
            Progress::Measuring { elapsed, done } => {
                let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
                let message = format!("measuring, {done} tasks");
                share(millis(elapsed), millis(self.duration), message);
            }
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
