//! Workers come and go, and are assigned tasks.

use std::collections::BTreeMap;

use ferry_core::Command;
use ferry_core::command::{
    Assign, AssignPolicy, Assignment, BestFit, DeleteWorker, DrainWorker, EndSessions, LeastLoaded,
    PutQueue, PutWorker, QueueSettings, Session, WorkerSettings,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::past::Past;

/// Whom a step means, by place.
#[derive(Clone, Debug)]
pub(crate) enum OfWorkers {
    /// As it stands.
    Just(Command),
    /// The session that began so many before the last, with its number off by something.
    End(Vec<(usize, u64)>),
    /// The task enqueued so many before the last, and such a session.
    Assign(Vec<(u64, usize, u64)>),
}

impl OfWorkers {
    pub(crate) fn command(&self, past: &Past) -> Command {
        let session = |back: usize, off: u64| {
            let (worker, session) = past.sessions.iter().rev().nth(back)?;
            Some(Session { worker: worker.clone(), session: session + off })
        };
        match self {
            Self::Just(command) => command.clone(),
            Self::End(places) => {
                let sessions = places.iter().filter_map(|(back, off)| session(*back, *off));
                Command::EndSessions(EndSessions { sessions: sessions.collect() })
            }
            Self::Assign(places) => {
                let item = |(back, of, off): &(u64, usize, u64)| {
                    let task = past.tasks.saturating_sub(*back);
                    Some(Assignment { task, to: session(*of, *off)? })
                };
                Command::Assign(Assign { items: places.iter().filter_map(item).collect() })
            }
        }
    }
}

/// One of the names that dequeues ask under as well.
pub(crate) fn name() -> impl Strategy<Value = String> {
    select(vec!["w1", "w2"]).prop_map(Into::into)
}

pub(crate) fn resources() -> impl Strategy<Value = BTreeMap<String, u64>> {
    let some = btree_map(select(vec!["cpu", "gpu"]).prop_map(Into::into), 0..4_u64, 1..3);
    prop_oneof![3 => Just(BTreeMap::new()), 1 => some]
}

pub(crate) fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    let zone = select(vec!["a", "b"]);
    let some = zone.prop_map(|zone| BTreeMap::from([("zone".into(), zone.into())]));
    prop_oneof![4 => Just(BTreeMap::new()), 1 => some]
}

pub(crate) fn policy() -> impl Strategy<Value = Option<AssignPolicy>> {
    select(vec![
        None,
        Some(AssignPolicy::LeastLoaded(LeastLoaded {})),
        Some(AssignPolicy::BestFit(BestFit {})),
        Some(AssignPolicy::Spread("zone".into())),
    ])
}

fn settings() -> impl Strategy<Value = WorkerSettings> {
    let queues = subsequence(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], 2..=3);
    let zone = select(vec!["a", "b"]).prop_map(|zone| ("zone".to_owned(), zone.to_owned()));
    let amounts = (0..5_u64, 0..4_u64);
    (queues, 1..5_u32, amounts, zone).prop_map(|(queues, slots, (cpu, gpu), zone)| {
        let resources = BTreeMap::from([("cpu".into(), cpu), ("gpu".into(), gpu)]);
        let labels = BTreeMap::from([zone]);
        WorkerSettings { queues, slots, resources, labels, session_ms: 10_000 }
    })
}

pub(crate) fn of_workers() -> impl Strategy<Value = OfWorkers> {
    let off = || prop_oneof![15 => Just(0), 1 => Just(1_u64)];
    prop_oneof![
        12 => (name(), settings()).prop_map(|(worker, settings)| {
            OfWorkers::Just(Command::PutWorker(Box::new(PutWorker { worker, settings })))
        }),
        4 => (super::queue(), policy(), any::<bool>()).prop_map(|(queue, assign, fair)| {
            let settings = QueueSettings { assign, fair, ..QueueSettings::standard() };
            OfWorkers::Just(Command::PutQueue(Box::new(PutQueue { queue, settings })))
        }),
        1 => name()
            .prop_map(|worker| OfWorkers::Just(Command::DrainWorker(DrainWorker { worker }))),
        1 => name()
            .prop_map(|worker| OfWorkers::Just(Command::DeleteWorker(DeleteWorker { worker }))),
        2 => vec((0..2_usize, off()), 1..3).prop_map(OfWorkers::End),
        20 => vec((0..6_u64, 0..2_usize, off()), 1..6).prop_map(OfWorkers::Assign),
    ]
}
