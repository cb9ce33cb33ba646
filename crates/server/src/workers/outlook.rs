//! What workers will have once what is under way is applied: settlements that free room, and
//! assignments that take it.

use std::collections::{BTreeMap, BTreeSet};

use ferry_core::command::{Assignment, Session};
use ferry_core::{LeaseView, Machine, WorkerView};
use ferry_scheduler::{Amounts, Worker};
use ferry_types::{LeaseId, TaskId};

/// What is proposed and not known to be applied.
#[derive(Default)]
pub(super) struct UnderWay {
    /// Leases whose settlements are.
    pub(super) ending: BTreeSet<LeaseId>,
    /// Tasks whose assignments are, and to whom.
    pub(super) assigned: BTreeMap<TaskId, Session>,
}

impl UnderWay {
    /// Leases that end, and assignments.
    pub(super) fn new<'a>(
        ending: BTreeSet<LeaseId>,
        assigned: impl Iterator<Item = &'a Assignment>,
    ) -> Self {
        let assigned = assigned.map(|item| (TaskId::new(item.task), item.to.clone()));
        Self { ending, assigned: assigned.collect() }
    }
}

/// How the room of workers changes, by session.
pub(super) struct Outlook<'a>(BTreeMap<u64, Change<'a>>);

/// What a worker has more or less than the machine shows.
struct Change<'a> {
    worker: WorkerView<'a>,
    slots: i64,
    resources: BTreeMap<&'a str, i64>,
}

impl<'a> Outlook<'a> {
    /// What is left to change of what is under way: some of it may be applied already.
    pub(super) fn new(machine: &'a Machine, under_way: &UnderWay) -> Self {
        let mut outlook = Self(BTreeMap::new());
        for lease in &under_way.ending {
            if let Some(LeaseView { worker, resources }) = machine.lease(*lease) {
                outlook.change(worker, resources, 1);
            }
        }
        for (task, to) in &under_way.assigned {
            let worker = machine.worker(&to.worker).filter(|view| view.session == to.session);
            if let Some(worker) = worker.filter(|view| !view.held.contains(task)) {
                outlook.change(worker, machine.resources(*task), -1);
            }
        }
        outlook
    }

    fn change(
        &mut self,
        worker: WorkerView<'a>,
        resources: Option<&'a BTreeMap<String, u64>>,
        sign: i64,
    ) {
        let none = || Change { worker, slots: 0, resources: BTreeMap::new() };
        let change = self.0.entry(worker.session).or_insert_with(none);
        change.slots += sign;
        for (name, amount) in resources.into_iter().flatten() {
            let amount = i64::try_from(*amount).unwrap_or(i64::MAX);
            let left = change.resources.entry(name).or_default();
            *left = left.saturating_add(sign * amount);
        }
    }

    /// The workers that are full and will have room, unless they drain.
    pub(super) fn opening(&self) -> impl Iterator<Item = WorkerView<'a>> {
        let opening = self.0.values().filter(|change| change.slots > 0);
        opening.map(|change| change.worker).filter(|view| view.free_slots() == 0 && !view.draining)
    }

    /// How many leases a worker may get.
    pub(super) fn free_slots(&self, view: &WorkerView<'_>) -> u32 {
        let change = self.0.get(&view.session).map_or(0, |change| change.slots);
        let slots = view.free_slots().saturating_add_signed(change);
        u32::try_from(slots).unwrap_or(u32::MAX).min(view.settings.slots)
    }

    /// A worker as the policies see it.
    pub(super) fn worker(&self, view: &WorkerView<'_>) -> Worker {
        let resources = Amounts(view.settings.resources.clone());
        let mut free = resources.clone();
        free.take(&Amounts(view.used.clone()));
        if let Some(change) = self.0.get(&view.session) {
            for (name, more) in &change.resources {
                if let Some(left) = free.0.get_mut(*name) {
                    *left = left.saturating_add_signed(*more).min(resources.of(name));
                }
            }
        }
        Worker {
            name: view.name.to_owned(),
            queues: view.settings.queues.iter().cloned().collect::<BTreeSet<_>>(),
            slots: view.settings.slots,
            free_slots: self.free_slots(view),
            resources,
            free,
            labels: view.settings.labels.clone(),
        }
    }
}
