use std::time::Duration;

use ferry_api::Code;

use super::{Event, Worker};
use crate::Error;

/// The pause after the cluster could not be asked: the call before it has tried for long already.
const PAUSE: Duration = Duration::from_millis(500);

impl Worker {
    /// Tells of trouble that passes.
    ///
    /// # Errors
    /// A refusal, passed on: asking again does not help.
    pub(super) fn tell_trouble(&self, error: Error) -> Result<(), Error> {
        let passes = match &error {
            Error::Refused(problem) => {
                // A session that is over begins again.
                matches!(problem.code, Code::TooManyWaiters | Code::WorkerNotFound)
            }
            Error::Invalid(_) => false,
            Error::NotWritten { .. } | Error::Unknown { .. } => true,
        };
        if !passes {
            return Err(error);
        }
        (self.listener)(Event::Trouble(&error));
        Ok(())
    }

    /// Tells of trouble that passes, and waits.
    ///
    /// # Errors
    /// As [`tell_trouble`](Self::tell_trouble), at once.
    pub(super) async fn wait_out(&self, error: Error) -> Result<(), Error> {
        self.tell_trouble(error)?;
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}
