//! Whose leases are settled: to settle one is a sign of life of the registered worker that has it.

use ferry_core::reply::{SettleOutcome, SettledItem};
use ferry_types::LeaseId;

use crate::call::Call;

/// The registered workers that had some leases before these were settled, in the leases' order.
#[derive(Default)]
pub(crate) struct Holders(Vec<Option<String>>);

impl Holders {
    /// Looks up who has these leases. Costs nothing while no worker is registered.
    pub(crate) fn of(call: &Call, leases: impl Iterator<Item = LeaseId>) -> Self {
        if call.node.workers.sessions.is_empty() {
            return Self::default();
        }
        call.node.replica.view(|_, machine| {
            let holder = |lease| machine.lease(lease).map(|lease| lease.worker.name.to_owned());
            Self(leases.map(holder).collect())
        })
    }

    /// Notes that all of them live.
    pub(crate) fn sign_all(&self, call: &Call) {
        self.0.iter().flatten().for_each(|worker| call.node.workers.sessions.sign(worker));
    }

    /// Notes that those live of whose leases one was settled: by the outcome for each lease.
    pub(crate) fn sign(&self, call: &Call, items: &[SettledItem]) {
        let accepted =
            |item: &SettledItem| matches!(item.outcome, Some(SettleOutcome::Accepted(_)));
        for (holder, _) in self.0.iter().zip(items).filter(|(_, item)| accepted(item)) {
            holder.iter().for_each(|worker| call.node.workers.sessions.sign(worker));
        }
    }
}
