use std::collections::BTreeSet;

use ferry_scheduler::{Paces, Round, Worker};

use super::{Job, Scheduler};

/// As many ready tasks as one look takes in.
const LOOK: usize = 500;

/// Ferry's own policies, which see the first of the jobs that wait and know no times.
pub struct ByPolicy<'a> {
    jobs: &'a [Job],
    waiting: BTreeSet<usize>,
    paces: Paces,
}

impl<'a> ByPolicy<'a> {
    /// A scheduler of these jobs.
    pub fn new(jobs: &'a [Job]) -> Self {
        Self { jobs, waiting: BTreeSet::new(), paces: Paces::default() }
    }
}

impl Scheduler for ByPolicy<'_> {
    fn add(&mut self, jobs: Vec<usize>) {
        self.waiting.extend(jobs);
    }

    fn begin(&mut self, workers: &mut [Worker]) -> Vec<(usize, usize)> {
        let mut round = Round::new(workers.to_vec(), &self.paces);
        let (mut begun, mut hopeless) = (Vec::new(), BTreeSet::new());
        for &job in self.waiting.iter().take(LOOK) {
            let task = &self.jobs[job].task;
            let needs = (&task.kind, &task.selector);
            if hopeless.contains(&needs) {
                continue;
            }
            match round.give(task) {
                Some(worker) => begun.push((job, worker)),
                None => {
                    hopeless.insert(needs);
                }
            }
        }
        for (job, _) in &begun {
            self.waiting.remove(job);
        }
        workers.clone_from_slice(round.workers());
        begun
    }
}
