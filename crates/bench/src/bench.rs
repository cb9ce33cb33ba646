use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::payloads::random_number;
use crate::scenario::{backlog, batch, drain, enqueue, failover, mixed};
use crate::{Failover, Listener, Measurement, Plan, RequestError, Scenario, Target};

/// Runs scenarios against a target, in queues of its own, which it deletes.
pub struct Bench<T: Target> {
    target: Arc<T>,
    /// Queues that were made and not deleted.
    queues: Mutex<BTreeSet<String>>,
}

/// What a scenario has found.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A rate and latencies, once or several times.
    Measured(Vec<Measurement>),
    /// How the death of leaders was survived.
    Failover(Failover),
}

impl<T: Target> Bench<T> {
    /// A bench for this target.
    pub fn new(target: T) -> Self {
        Self { target: Arc::new(target), queues: Mutex::default() }
    }

    /// Runs a scenario and deletes its queues.
    ///
    /// Dropping the future leaves queues behind, which [`Bench::clear`] deletes.
    ///
    /// # Errors
    /// If it could not be run. Failures of single requests are counted in the outcome.
    pub async fn run(
        &self,
        scenario: Scenario,
        plan: &Plan,
        listener: Listener<'_>,
    ) -> Result<Outcome, RequestError> {
        let outcome = Box::pin(self.play(scenario, plan, listener)).await;
        let cleared = self.clear().await;
        let outcome = outcome?;
        cleared.map(|()| outcome)
    }

    /// Deletes what an abandoned run left behind.
    ///
    /// # Errors
    /// If a queue could not be deleted.
    pub async fn clear(&self) -> Result<(), RequestError> {
        let queues: Vec<_> = self.queues().iter().cloned().collect();
        for queue in queues {
            self.target.delete_queue(&queue).await?;
            self.queues().remove(&queue);
        }
        Ok(())
    }

    async fn play(
        &self,
        scenario: Scenario,
        plan: &Plan,
        listener: Listener<'_>,
    ) -> Result<Outcome, RequestError> {
        match scenario {
            Scenario::Enqueue => enqueue::run(self, plan, listener).await.map(Outcome::Measured),
            Scenario::Batch => batch::run(self, plan, listener).await.map(Outcome::Measured),
            Scenario::Drain => drain::run(self, plan, listener).await.map(Outcome::Measured),
            Scenario::Mixed => mixed::run(self, plan, listener).await.map(Outcome::Measured),
            Scenario::Backlog => backlog::run(self, plan, listener).await.map(Outcome::Measured),
            Scenario::Failover => failover::run(self, plan, listener).await.map(Outcome::Failover),
        }
    }

    /// The system.
    pub(crate) fn target(&self) -> &Arc<T> {
        &self.target
    }

    /// A fresh queue, which [`Bench::clear`] deletes.
    pub(crate) async fn queue(&self) -> Result<String, RequestError> {
        let queue = format!("bench-{:016x}", random_number());
        // Remembered first: one that was made by a request without answer is deleted as well.
        self.queues().insert(queue.clone());
        self.target.create_queue(&queue).await?;
        Ok(queue)
    }

    fn queues(&self) -> MutexGuard<'_, BTreeSet<String>> {
        // A set of names is whole whatever happens elsewhere.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
