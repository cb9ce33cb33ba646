//! How well a worker suits a task, by the policy of the task's queue.
//!
//! A policy has a first concern, and others that only tell alike from alike: these are scaled so
//! that they stay below what the first can differ by.

use crate::groups::Groups;
use crate::{Paces, Policy, Task, Worker};

/// What a pace weighs beside a fill: a worker that is ten times as slow is passed over for one that
/// the task fills less by up to a hundredth.
const PACE_BESIDE_FILL: f64 = 1.0 / 1_000.0;
/// The slowest pace that counts beside a group's load. A worker's load is at most 1, so with its
/// pace it is at most this.
const PACE_BESIDE_GROUP_MAX: f64 = 10.0;
/// What a group's load weighs beside that of a worker: one task more in a group of up to a hundred
/// slots is as much as the worker can make up for.
const GROUP_BESIDE_WORKER: f64 = 100.0 * PACE_BESIDE_GROUP_MAX;

/// What giving `task` to `worker`, one of `all`, costs: the lower the better.
pub(crate) fn score(
    task: &Task,
    worker: &Worker,
    all: &[Worker],
    groups: &mut Groups,
    paces: &Paces,
) -> f64 {
    let load = worker.load_with(task);
    let pace = paces.of(task.kind.as_deref(), &worker.name);
    match &task.policy {
        Policy::LeastLoaded => load * pace,
        Policy::BestFit => pace * PACE_BESIDE_FILL - load,
        Policy::Spread(label) => {
            let group = groups.load(label, worker, all);
            group * GROUP_BESIDE_WORKER + load * pace.min(PACE_BESIDE_GROUP_MAX)
        }
    }
}
