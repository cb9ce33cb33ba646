//! The loops of a replica, and what happens when one of them breaks.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// Owns the loops. A replica without one of them is no replica, so a panic in one ends the
/// process.
#[derive(Clone)]
pub(crate) struct Loops {
    tracker: TaskTracker,
    fatal: watch::Sender<Option<String>>,
}

impl Loops {
    pub(crate) fn new(fatal: watch::Sender<Option<String>>) -> Self {
        Self { tracker: TaskTracker::new(), fatal }
    }

    /// Runs a loop until it ends by itself.
    pub(crate) fn spawn<T>(
        &self,
        name: &'static str,
        run: impl Future<Output = T> + Send + 'static,
    ) {
        let fatal = self.fatal.clone();
        self.tracker.spawn(async move {
            if AssertUnwindSafe(run).catch_unwind().await.is_err() {
                let message = format!("the {name} loop of this node broke; start the node again");
                fatal.send_replace(Some(message));
            }
        });
    }

    /// Returns once all have ended.
    pub(crate) async fn join(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
