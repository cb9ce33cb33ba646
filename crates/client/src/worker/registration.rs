use std::collections::BTreeSet;
use std::time::Duration;

use ferry_api::{Action, Code, Settlement, WorkerSettings};
use ferry_types::{LeaseId, WorkerName};

use crate::{Client, Error};

/// A worker's registration.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    pub(super) name: WorkerName,
    pub(super) settings: WorkerSettings,
}

impl Registration {
    /// A third of the session: how long the worker is silent at most.
    pub(super) fn beat(&self) -> Duration {
        Duration::from_millis(self.settings.session_ms) / 3
    }

    /// Begins a session, or goes on with the one under this name with these settings, even if that
    /// was drained.
    pub(super) async fn enter(&self, client: &Client) -> Result<(), Error> {
        client.put_worker(&self.name, &self.settings).await.map(drop)
    }

    /// Shows that the worker lives, until its session is gone.
    pub(super) async fn keep(&self, client: &Client) {
        loop {
            match client.heartbeat(&self.name).timeout(self.beat()).await {
                Err(error) if is_gone(&error) => return,
                // The clock of a cluster that cannot be asked stands still.
                Ok(_) | Err(_) => {}
            }
            tokio::time::sleep(self.beat()).await;
        }
    }

    /// Has the cluster give the worker nothing new, and gives back what it has not begun: its leases
    /// that are not `known`, which they are from then on.
    pub(super) async fn drain(
        &self,
        client: &Client,
        known: &mut BTreeSet<LeaseId>,
    ) -> Result<(), Error> {
        match self.drained(client).await {
            Ok(leases) => release(client, leases, known).await,
            Err(error) if is_gone(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What the worker has after it was told that it gets nothing new.
    async fn drained(&self, client: &Client) -> Result<Vec<LeaseId>, Error> {
        client.drain_worker(&self.name).await?;
        let leases = client.worker(&self.name).await?.leases.unwrap_or_default();
        Ok(leases.into_iter().map(|held| held.lease).collect())
    }

    /// Ends the session. What the worker has counts as run out.
    pub(super) async fn leave(&self, client: &Client) -> Result<(), Error> {
        match client.delete_worker(&self.name).await {
            Err(error) if is_gone(&error) => Ok(()),
            other => other,
        }
    }
}

/// Gives back leases that are not known.
pub(super) async fn release(
    client: &Client,
    leases: Vec<LeaseId>,
    known: &mut BTreeSet<LeaseId>,
) -> Result<(), Error> {
    let unknown = leases.into_iter().filter(|lease| !known.contains(lease));
    let settle: Vec<Settlement> =
        unknown.map(|lease| Settlement { lease, action: Action::Release }).collect();
    if settle.is_empty() {
        return Ok(());
    }
    known.extend(settle.iter().map(|settlement| settlement.lease));
    client.settle(settle).await.map(drop)
}

/// Whether there is no such session any more.
fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Refused(problem) if problem.code == Code::WorkerNotFound)
}
