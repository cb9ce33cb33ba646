use std::collections::{BTreeMap, BTreeSet};

use ferry_types::TaskId;

use super::needs::Needs;
use crate::command::WorkerSettings;
use crate::row::WorkerRow;

/// A registered worker, with what its leases use.
#[derive(Debug, PartialEq)]
pub(crate) struct Worker {
    pub(crate) name: Box<str>,
    pub(crate) settings: WorkerSettings,
    /// Whether it gets nothing new.
    pub(crate) draining: bool,
    /// The tasks that its leases hold, cancelled ones as well.
    held: BTreeSet<TaskId>,
    /// What these use of its resources; nothing is listed that is not used.
    used: BTreeMap<String, u64>,
}

impl Worker {
    /// A worker without leases.
    pub(crate) fn new(name: &str, settings: WorkerSettings) -> Self {
        let (held, used) = (BTreeSet::new(), BTreeMap::new());
        Self { name: name.into(), settings, draining: false, held, used }
    }

    /// The tasks that its leases hold, cancelled ones as well.
    pub(crate) const fn held(&self) -> &BTreeSet<TaskId> {
        &self.held
    }

    /// What its leases use of its resources.
    pub(crate) const fn used(&self) -> &BTreeMap<String, u64> {
        &self.used
    }

    /// How many leases it may get; none while it drains.
    pub(crate) fn free_slots(&self) -> u64 {
        let slots = if self.draining { 0 } else { self.settings.slots };
        u64::from(slots).saturating_sub(self.held.len() as u64)
    }

    /// Whether it has enough left of every resource.
    pub(crate) fn has_resources(&self, needs: &Needs) -> bool {
        needs.resources.iter().all(|(resource, amount)| {
            let all = self.settings.resources.get(resource).copied().unwrap_or(0);
            let used = self.used.get(resource).copied().unwrap_or(0);
            all.checked_sub(used).is_some_and(|left| left >= *amount)
        })
    }

    /// Whether it has the labels that are selected.
    pub(crate) fn is_selected(&self, needs: &Needs) -> bool {
        let has = |(label, value)| self.settings.labels.get(label) == Some(value);
        needs.selector.iter().all(has)
    }

    /// Whether it has what a task needs, a slot apart.
    pub(crate) fn fits(&self, needs: &Needs) -> bool {
        self.is_selected(needs) && self.has_resources(needs)
    }

    /// Counts a lease.
    pub(crate) fn hold(&mut self, id: TaskId, needs: Option<&Needs>) {
        self.held.insert(id);
        for (resource, amount) in needs.into_iter().flat_map(|needs| &needs.resources) {
            match self.used.get_mut(resource) {
                Some(used) => *used += amount,
                None if *amount > 0 => drop(self.used.insert(resource.clone(), *amount)),
                None => {}
            }
        }
    }

    /// Undoes [`hold`](Self::hold).
    pub(crate) fn let_go(&mut self, id: TaskId, needs: Option<&Needs>) {
        self.held.remove(&id);
        for (resource, amount) in needs.into_iter().flat_map(|needs| &needs.resources) {
            if let Some(used) = self.used.get_mut(resource) {
                *used -= amount;
                if *used == 0 {
                    self.used.remove(resource);
                }
            }
        }
    }

    /// The row that holds it.
    pub(crate) fn to_row(&self, session: u64) -> WorkerRow {
        WorkerRow {
            worker: (&*self.name).into(),
            session,
            settings: self.settings.clone(),
            draining: self.draining,
        }
    }
}
