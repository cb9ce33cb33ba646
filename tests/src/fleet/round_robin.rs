use std::collections::VecDeque;

use ferry_scheduler::Worker;

use super::{Job, Scheduler, WORKERS};

/// Round robin: each job goes to the next worker that is large enough, and waits there. The jobs of
/// a lost worker are dealt again.
pub struct RoundRobin<'a> {
    jobs: &'a [Job],
    /// Jobs that nobody has yet.
    added: Vec<usize>,
    /// What waits at each worker.
    lines: Vec<VecDeque<usize>>,
    next: usize,
}

impl<'a> RoundRobin<'a> {
    /// A scheduler of these jobs.
    pub fn new(jobs: &'a [Job]) -> Self {
        Self { jobs, added: Vec::new(), lines: vec![VecDeque::new(); WORKERS], next: 0 }
    }
}

impl Scheduler for RoundRobin<'_> {
    fn add(&mut self, jobs: Vec<usize>) {
        self.added.extend(jobs);
    }

    fn begin(&mut self, workers: &mut [Worker]) -> Vec<(usize, usize)> {
        let (jobs, places) = (self.jobs, workers.len());
        for (line, worker) in self.lines.iter_mut().zip(workers.iter()) {
            if worker.slots == 0 {
                self.added.extend(line.drain(..));
            }
        }
        for job in self.added.drain(..) {
            while !workers[self.next].suits(&jobs[job].task) {
                self.next = (self.next + 1) % places;
            }
            self.lines[self.next].push_back(job);
            self.next = (self.next + 1) % places;
        }
        let mut begun = Vec::new();
        for (place, line) in self.lines.iter_mut().enumerate() {
            while let Some(&job) = line.front()
                && workers[place].has_room(&jobs[job].task)
            {
                line.pop_front();
                workers[place].take(&jobs[job].task);
                begun.push((job, place));
            }
        }
        begun
    }
}
