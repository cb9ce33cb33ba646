use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use ferry_scheduler::{Task, Worker};

use super::{Job, Scheduler};

/// A list scheduler that knows all times: the longest first, each at the first worker that has
/// room (R. L. Graham, "Bounds on Multiprocessing Timing Anomalies", 1969).
pub struct ListScheduler<'a> {
    jobs: &'a [Job],
    /// The jobs that wait, of each kind the longest first.
    waiting: BTreeMap<Kind<'a>, BTreeSet<(Reverse<u64>, usize)>>,
}

/// What a task needs, by its kind and selector.
type Kind<'a> = (&'a Option<String>, &'a BTreeMap<String, String>);

impl<'a> ListScheduler<'a> {
    /// A scheduler of these jobs.
    pub fn new(jobs: &'a [Job]) -> Self {
        Self { jobs, waiting: BTreeMap::new() }
    }
}

impl Scheduler for ListScheduler<'_> {
    fn add(&mut self, jobs: Vec<usize>) {
        for job in jobs {
            let Job { task, millis } = &self.jobs[job];
            let line = self.waiting.entry((&task.kind, &task.selector)).or_default();
            line.insert((Reverse(*millis), job));
        }
    }

    fn begin(&mut self, workers: &mut [Worker]) -> Vec<(usize, usize)> {
        let (mut begun, mut hopeless) = (Vec::new(), BTreeSet::new());
        loop {
            let lines = self.waiting.iter_mut().filter(|(kind, _)| !hopeless.contains(*kind));
            let firsts = lines.filter_map(|(kind, line)| Some((*line.first()?, *kind, line)));
            let Some(((_, job), kind, line)) = firsts.min_by_key(|(first, ..)| *first) else {
                return begun;
            };
            let task = &self.jobs[job].task;
            let fits = |worker: &Worker| has_room(worker, task);
            let Some(worker) = workers.iter().position(fits) else {
                hopeless.insert(kind);
                continue;
            };
            line.pop_first();
            workers[worker].take(task);
            begun.push((job, worker));
        }
    }
}

fn has_room(worker: &Worker, task: &Task) -> bool {
    worker.has_room(task) && worker.suits(task)
}
