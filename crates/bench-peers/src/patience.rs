use std::time::{Duration, Instant};

use ferry_bench::RequestError;

const POLL: Duration = Duration::from_millis(100);

/// The waiting for a condition, which is looked at again and again until a deadline.
pub(crate) struct Patience {
    what: String,
    deadline: Instant,
}

impl Patience {
    /// Patience until `what` has happened.
    pub(crate) fn new(what: impl Into<String>, patience: Duration) -> Self {
        Self { what: what.into(), deadline: Instant::now() + patience }
    }

    /// Returns when it is time to look again.
    ///
    /// # Errors
    /// If the patience is at its end; `why` is what the last look found.
    pub(crate) async fn wait(&self, why: Option<RequestError>) -> Result<(), RequestError> {
        if Instant::now() > self.deadline {
            let why = why.map(|error| format!(": {error}")).unwrap_or_default();
            return Err(RequestError::new(format!("waited in vain for {}{why}", self.what)));
        }
        tokio::time::sleep(POLL).await;
        Ok(())
    }
}
