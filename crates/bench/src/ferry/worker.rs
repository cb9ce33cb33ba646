use std::time::Duration;

use super::puller::Puller;
use super::registered::Registered;
use crate::{RequestError, Worker};

/// A worker the way its queue has it.
pub enum FerryWorker {
    /// Of a queue whose workers ask.
    Pulling(Puller),
    /// Of a queue that assigns.
    Registered(Registered),
}

impl Worker for FerryWorker {
    async fn take(
        &mut self,
        wait: Duration,
        seen: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<usize, RequestError> {
        match self {
            Self::Pulling(worker) => worker.take(wait, seen).await,
            Self::Registered(worker) => worker.take(wait, seen).await,
        }
    }

    async fn finish(self) -> Result<(), RequestError> {
        match self {
            Self::Pulling(worker) => worker.finish().await,
            Self::Registered(worker) => worker.finish().await,
        }
    }
}
