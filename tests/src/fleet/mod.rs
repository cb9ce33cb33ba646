//! Fifty workers of three sizes and a pile of mixed tasks, for real clusters and for simulations of
//! how long schedulers take with them.

mod list_scheduler;
mod policy;
mod record;
mod round_robin;
mod simulation;

use std::collections::{BTreeMap, BTreeSet};

use ferry_scheduler::{Amounts, Policy, Task, Worker};

pub use list_scheduler::ListScheduler;
pub use policy::ByPolicy;
pub use record::{Record, Span};
pub use round_robin::RoundRobin;
pub use simulation::{Loss, Scheduler, makespan};

/// How many workers the fleet has.
pub const WORKERS: usize = 50;
/// The queue of all tasks.
pub const QUEUE: &str = "q";

/// A task of the pile, with the time that nobody but the list scheduler knows.
#[derive(Clone, Debug)]
pub struct Job {
    /// What it needs.
    pub task: Task,
    /// How long it takes, in milliseconds.
    pub millis: u64,
}

/// Small, middling and large tasks of two resources, and a few that want a label. A task takes
/// 20 to 820 times `pace` milliseconds.
pub fn pile(tasks: usize, pace: u64, policy: &Policy) -> Vec<Job> {
    let mut chance = Seeded(0x5eed);
    let sizes = [(500, 256), (500, 2_048), (2_000, 512), (4_000, 8_192)];
    let job = |_| {
        let size = [0, 0, 0, 0, 1, 1, 2, 2, 2, 3][chance.below(10) as usize];
        let (cpu, memory) = sizes[size];
        let wants_label = chance.below(20) == 0;
        let selector = wants_label.then(|| ("disk".to_owned(), "fast".to_owned()));
        let task = Task {
            queue: QUEUE.into(),
            policy: policy.clone(),
            resources: Amounts::from([("cpu_millis", cpu), ("memory_mb", memory)]),
            selector: selector.into_iter().collect(),
            kind: Some(format!("size {size}")),
        };
        Job { task, millis: pace * (20 + chance.below(200) * (1 + size as u64)) }
    };
    (0..tasks).map(job).collect()
}

/// The workers, by their place.
pub fn workers() -> Vec<Worker> {
    let sizes = [(4, 4_000, 8_192), (8, 8_000, 16_384), (16, 16_000, 65_536)];
    let worker = |place: usize| {
        let (slots, cpu, memory) = sizes[place % 3];
        let resources = Amounts::from([("cpu_millis", cpu), ("memory_mb", memory)]);
        let disk = if place.is_multiple_of(2) { "fast" } else { "slow" };
        let zone = format!("zone-{}", place % 4);
        Worker {
            name: format!("w{place}"),
            queues: BTreeSet::from([QUEUE.to_owned()]),
            slots,
            free_slots: slots,
            free: resources.clone(),
            resources,
            labels: BTreeMap::from([("disk".into(), disk.into()), ("zone".into(), zone)]),
        }
    };
    (0..WORKERS).map(worker).collect()
}

/// Numbers that look like chance and are the same with each run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
