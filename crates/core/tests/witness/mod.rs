//! A machine that is watched: after every entry its invariants hold, its effects are the ones its
//! state calls for, and the rows it stored make the same machine again.

mod feed;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ferry_core::row::{
    CountersRow, EndedRow, EventRow, IdempotencyRow, LaneRow, LeadersRow, LimitRow, QueueRow,
    ScheduleRow, TaskRow, WaitRow, WorkerRow, WorkflowRow,
};
use ferry_core::{
    Applied, Change, Effect, Entry, Machine, Offer, Restoring, StateName, WorkerView,
};
use ferry_types::{LogIndex, TaskId};
use prost::Message;

/// A machine and what a disk would hold of it.
#[derive(Default)]
pub(crate) struct Witness {
    /// The machine, to be asked.
    pub(crate) machine: Machine,
    index: u64,
    events_max: u64,
    stored: Stored,
}

impl Witness {
    /// Applies the next entry and looks at everything that came of it.
    pub(crate) fn apply(&mut self, entry: Entry) -> Applied {
        self.index += 1;
        let (before, alarm) = (self.machine.now(), self.machine.next_alarm());
        let firing = self.machine.next_firing();
        let (at_ms, proposals) = (entry.at_ms, entry.proposals.len());
        self.events_max = entry.limits.events_max;
        let (offering, living) = (self.offering(), self.living());
        let applied = self.machine.apply(LogIndex::new(self.index), entry);

        assert_eq!(applied.outcomes.len(), proposals, "an outcome per proposal");
        assert_eq!(self.machine.now().as_millis(), before.as_millis().max(at_ms), "I1");
        self.machine.check().unwrap_or_else(|wrong| panic!("{wrong}"));
        self.check_effects(&applied.effects, alarm, &offering);
        self.check_gone(&applied.effects, &living);
        self.check_firing(&applied.effects, firing);
        self.stored.store(&applied.changes);
        assert!(self.stored.restored() == self.machine, "the rows do not hold the state");
        self.stored.check_bodies();
        self.check_feed(&applied.changes);
        applied
    }

    /// Goes on with the machine that the rows make, as after a restart.
    pub(crate) fn restart(&mut self) {
        self.machine = self.stored.restored();
    }

    /// The result that is stored for a task.
    pub(crate) fn result(&self, id: TaskId) -> Option<&Bytes> {
        self.stored.results.get(&id)
    }

    /// The queues from which somebody gets a task, now or when a rate lets it, and from which those
    /// do who are not registered, or are.
    fn offering(&self) -> Offering {
        let queues = self.living();
        let give = |offer| offer != Some(Offer::Nothing);
        let to = |worker: Option<&str>| {
            let given = queues.iter().filter(|name| give(self.machine.offers(name, worker)));
            given.cloned().collect::<BTreeSet<_>>()
        };
        let of_worker = |worker: WorkerView<'_>| (worker.name.into(), to(Some(worker.name)));
        let anybody = queues.iter().filter(|name| give(self.machine.offers_anybody(name)));
        Offering {
            anybody: anybody.cloned().collect(),
            unregistered: to(None),
            workers: self.machine.workers(None).map(of_worker).collect(),
        }
    }

    fn living(&self) -> BTreeSet<String> {
        let queues = self.machine.queues(None, usize::MAX).into_iter();
        queues.map(|queue| queue.name.to_string()).collect()
    }

    /// Who waits for a queue that is there no more is told so.
    fn check_gone(&self, effects: &[Effect], living: &BTreeSet<String>) {
        let is_told = |name: &String| {
            effects
                .iter()
                .any(|effect| matches!(effect, Effect::Gone { queue } if queue.as_str() == name))
        };
        let living_now = self.living();
        assert!(living.difference(&living_now).all(is_told), "{living:?} to {living_now:?}");
    }

    fn check_effects(
        &self,
        effects: &[Effect],
        alarm: Option<ferry_types::Timestamp>,
        offering: &Offering,
    ) {
        let mut woken = BTreeSet::new();
        let mut rooms = BTreeSet::new();
        let mut alarms = Vec::new();
        for effect in effects {
            match effect {
                Effect::Wake { queue, tasks } => {
                    let view = self.machine.queue(queue.as_str()).expect("a known queue wakes");
                    let ready = view.counts.ready;
                    assert!((1..=ready).contains(tasks), "{ready} ready, {tasks} woken");
                    assert!(woken.insert(queue.to_string()), "{queue} wakes twice");
                }
                Effect::Room { worker } => {
                    assert!(rooms.insert(worker.as_str()), "{worker} has room twice");
                    assert!(self.machine.worker(worker).is_some(), "{worker} has left");
                }
                Effect::Left { worker } => {
                    assert!(rooms.insert(worker.as_str()), "{worker} left and has room");
                    assert!(self.machine.worker(worker).is_none(), "{worker} is there");
                }
                Effect::Lapsed { worker } => {
                    assert!(woken.is_empty() && rooms.is_empty(), "{worker} lapsed before that");
                }
                Effect::Served { worker, .. } => {
                    let is_room = rooms.contains(worker.as_str());
                    assert!(is_room, "{worker} is done and has no room");
                }
                Effect::Gone { .. } => {}
                Effect::Alarm { at } => alarms.push(*at),
                Effect::Fire { .. } => {}
            }
        }
        let offering_now = self.offering();
        let wakes = |before: &BTreeSet<String>, now: &BTreeSet<String>| {
            now.difference(before).all(|name| woken.contains(name))
        };
        let unregistered = wakes(&offering.unregistered, &offering_now.unregistered);
        assert!(unregistered, "{woken:?} wake, {offering_now:?} offer");
        for (name, now) in &offering_now.workers {
            let before = offering.workers.get(name).unwrap_or(&offering.unregistered);
            let hears = rooms.contains(name.as_str()) || wakes(before, now);
            assert!(
                hears,
                "{name} may get from {now:?} since, {woken:?} wake, {rooms:?} have room"
            );
        }
        assert!(woken.is_subset(&offering_now.anybody), "{woken:?} wake, {offering_now:?} offer");
        let next = self.machine.next_alarm();
        let expected = next.filter(|at| Some(*at) != alarm || *at <= self.machine.now());
        assert_eq!(alarms, Vec::from_iter(expected), "the alarm follows the nearest deadline");
    }

    fn check_firing(&self, effects: &[Effect], before: Option<ferry_types::Timestamp>) {
        let told = effects
            .iter()
            .filter_map(|effect| if let Effect::Fire { at } = effect { Some(*at) } else { None });
        let next = self.machine.next_firing().filter(|at| Some(*at) != before);
        assert!(told.eq(next), "the next firing is told as it moves");
    }
}

/// Who gets a task from which queues.
#[derive(Debug)]
struct Offering {
    anybody: BTreeSet<String>,
    unregistered: BTreeSet<String>,
    workers: BTreeMap<String, BTreeSet<String>>,
}

/// The rows, as a disk holds them.
#[derive(Default)]
struct Stored {
    counters: Option<CountersRow>,
    queues: BTreeMap<u32, QueueRow>,
    tasks: BTreeMap<TaskId, TaskRow>,
    payloads: BTreeMap<TaskId, Bytes>,
    results: BTreeMap<TaskId, Bytes>,
    answers: BTreeMap<u64, IdempotencyRow>,
    ended: BTreeMap<TaskId, EndedRow>,
    events: BTreeMap<u64, EventRow>,
    leaders: Option<LeadersRow>,
    limits: BTreeMap<String, LimitRow>,
    lanes: BTreeMap<(u32, String), LaneRow>,
    workers: BTreeMap<String, WorkerRow>,
    workflows: BTreeMap<TaskId, WorkflowRow>,
    waits: BTreeMap<(TaskId, TaskId), WaitRow>,
    schedules: BTreeMap<String, ScheduleRow>,
}

impl Stored {
    fn store(&mut self, changes: &[Change]) {
        let mut seen = BTreeSet::new();
        for change in changes {
            let row = self.store_one(change);
            assert!(seen.insert(row.clone()), "{row} is stored twice");
        }
    }

    /// Stores one change and tells which row it is.
    fn store_one(&mut self, change: &Change) -> String {
        match change {
            Change::PutCounters(row) => {
                assert_ne!(self.counters, Some(*row), "unchanged counters are stored");
                self.counters = Some(recoded(row));
                "counters".into()
            }
            Change::PutQueue(row) => {
                self.queues.insert(row.id, recoded(row));
                format!("queue {}", row.id)
            }
            Change::DeleteQueue(id) => {
                self.queues.remove(id);
                format!("queue {id}")
            }
            Change::PutTask(row) => {
                self.tasks.insert(TaskId::new(row.id), recoded(row));
                format!("t{}", row.id)
            }
            Change::DeleteTask(id) => {
                self.tasks.remove(id);
                self.payloads.remove(id);
                self.results.remove(id);
                id.to_string()
            }
            Change::PutPayload(id, payload) => {
                let before = self.payloads.insert(*id, payload.clone());
                assert_eq!(before, None, "the payload of {id} changes");
                format!("payload of {id}")
            }
            Change::PutResult(id, result) => {
                let before = self.results.insert(*id, result.clone());
                assert_eq!(before, None, "the result of {id} changes");
                format!("result of {id}")
            }
            Change::PutIdempotency(row) => {
                self.answers.insert(row.id, recoded(row));
                format!("answer {}", row.id)
            }
            Change::DeleteIdempotency(id) => {
                self.answers.remove(id);
                format!("answer {id}")
            }
            Change::PutEnded(row) => {
                self.ended.insert(TaskId::new(row.task), recoded(row));
                format!("end of t{}", row.task)
            }
            Change::DeleteEnded(id) => {
                self.ended.remove(id);
                format!("end of {id}")
            }
            Change::PutEvents(row) => {
                let before = self.events.insert(row.index, recoded(row));
                assert_eq!(before, None, "the events of entry {} change", row.index);
                format!("events of {}", row.index)
            }
            Change::DeleteEvents(index) => {
                self.events.remove(&index.get());
                format!("events of {index}")
            }
            Change::PutLeaders(row) => {
                self.leaders = Some(recoded(row));
                "leaders".into()
            }
            Change::PutLimit(row) => {
                self.limits.insert(row.limit.clone(), recoded(row));
                format!("limit {}", row.limit)
            }
            Change::DeleteLimit(name) => {
                self.limits.remove(&**name);
                format!("limit {name}")
            }
            Change::PutLane(row) => {
                self.lanes.insert((row.queue, row.key.clone()), recoded(row));
                format!("key {} of {}", row.key, row.queue)
            }
            Change::PutWorker(row) => {
                self.workers.insert(row.worker.clone(), recoded(row));
                format!("worker {}", row.worker)
            }
            Change::DeleteWorker(name) => {
                self.workers.remove(&**name);
                format!("worker {name}")
            }
            Change::DeleteLane(queue, key) => {
                self.lanes.remove(&(*queue, key.to_string()));
                format!("key {key} of {queue}")
            }
            Change::PutWorkflow(row) => {
                self.workflows.insert(TaskId::new(row.first_task), recoded(row));
                format!("workflow of t{}", row.first_task)
            }
            Change::DeleteWorkflow(first) => {
                self.workflows.remove(first);
                format!("workflow of {first}")
            }
            Change::PutWait(row) => {
                let pair = (TaskId::new(row.task), TaskId::new(row.dependency));
                self.waits.insert(pair, recoded(row));
                format!("wait of t{} for t{}", row.task, row.dependency)
            }
            Change::DeleteWait(id, dependency) => {
                self.waits.remove(&(*id, *dependency));
                format!("wait of {id} for {dependency}")
            }
            Change::PutSchedule(row) => {
                self.schedules.insert(row.schedule.clone(), recoded(row.as_ref()));
                format!("schedule {}", row.schedule)
            }
            Change::DeleteSchedule(name) => {
                self.schedules.remove(&**name);
                format!("schedule {name}")
            }
        }
    }

    /// The machine that the rows make. They come last to first, because no order is promised.
    fn restored(&self) -> Machine {
        let mut restoring = Restoring::default();
        self.workers.values().rev().for_each(|row| restoring.worker(row.clone()));
        self.waits.values().rev().for_each(|row| restoring.wait(*row));
        self.workflows.values().rev().for_each(|row| restoring.workflow(*row));
        self.lanes.values().rev().for_each(|row| restoring.lane(row.clone()));
        self.schedules.values().rev().for_each(|row| restoring.schedule(row.clone()));
        self.limits.values().rev().for_each(|row| restoring.limit(row.clone()));
        self.answers.values().rev().for_each(|row| restoring.idempotency(row.clone()));
        self.ended.values().rev().for_each(|row| restoring.ended(*row));
        self.tasks.values().rev().for_each(|row| restoring.task(row.clone()));
        self.queues.values().rev().for_each(|row| restoring.queue(row.clone()));
        self.leaders.iter().for_each(|row| restoring.leaders(row.clone()));
        self.counters.iter().for_each(|row| restoring.counters(*row));
        restoring.finish().unwrap_or_else(|wrong| panic!("the rows are refused: {wrong}"))
    }

    /// Payloads are there exactly for the tasks, results only for those that succeeded.
    fn check_bodies(&self) {
        let lengths = |(id, payload): (&TaskId, &Bytes)| (id.get(), payload.len() as u64);
        let expected = self.tasks.values().map(|row| (row.id, row.payload_bytes));
        assert!(self.payloads.iter().map(lengths).eq(expected), "payloads are not the tasks'");
        for id in self.results.keys() {
            let state = self.tasks.get(id).map(TaskRow::state);
            assert_eq!(state, Some(StateName::Succeeded), "the result of {id} outlives it");
        }
    }
}

fn recoded<Row: Message + Default + PartialEq>(row: &Row) -> Row {
    let decoded = Row::decode(row.encode_to_vec().as_slice()).expect("a row can be read back");
    assert!(&decoded == row, "a row is read back otherwise than it was written");
    decoded
}
