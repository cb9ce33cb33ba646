use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ferry_core::command::{Action, Settlement};
use ferry_types::{LeaseId, LeaseToken, TaskId};

/// Leases that are about to end: their settlements are proposed and not answered yet. Whatever is
/// assigned behind such a settlement, most often in the same entry, may count on the room that it
/// leaves. If the settlement is refused, so is the assignment.
#[derive(Default)]
pub(crate) struct Ending(Mutex<BTreeSet<LeaseId>>);

/// Keeps leases announced until it is dropped.
pub(crate) struct Announced<'a> {
    ending: &'a Ending,
    leases: Vec<LeaseId>,
}

impl Ending {
    /// Announces the leases that these settlements end; `None` if they end none.
    pub(crate) fn announce(&self, settlements: &[Settlement]) -> Option<Announced<'_>> {
        let ends = |item: &&Settlement| !matches!(item.action, None | Some(Action::Extend(_)));
        let lease = |item: &Settlement| LeaseId {
            task: TaskId::new(item.task),
            token: LeaseToken::new(item.token),
        };
        let leases: Vec<LeaseId> = settlements.iter().filter(ends).map(lease).collect();
        if leases.is_empty() {
            return None;
        }
        self.lock().extend(&leases);
        Some(Announced { ending: self, leases })
    }

    /// All that are announced.
    pub(crate) fn leases(&self) -> BTreeSet<LeaseId> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<LeaseId>> {
        // Announcements are hints, whoever panicked with them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        let mut leases = self.ending.lock();
        for lease in &self.leases {
            leases.remove(lease);
        }
    }
}
