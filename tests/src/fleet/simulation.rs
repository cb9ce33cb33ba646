use std::collections::BTreeSet;

use ferry_scheduler::{Amounts, Worker};

use super::{Job, workers};

/// Steps of time between two looks at what the workers carry.
const CHECK_EVERY: u64 = 50;

/// Who is to begin what, and where.
pub trait Scheduler {
    /// Jobs that wait from now on: all of them at first, later those that a lost worker had.
    fn add(&mut self, jobs: Vec<usize>);

    /// What begins now: jobs, each with the place of its worker, whose room is taken.
    fn begin(&mut self, workers: &mut [Worker]) -> Vec<(usize, usize)>;
}

/// A worker that is lost with all that it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// When, in milliseconds from the beginning.
    pub at_ms: u64,
    /// Its place.
    pub worker: usize,
}

/// Lets time run, and tells in milliseconds when the last job ends. The jobs of a lost worker begin
/// again from nothing, and everybody knows of the loss at once.
///
/// # Panics
/// If a worker gets more than it can carry, or a job never runs.
pub fn makespan(jobs: &[Job], losses: &[Loss], scheduler: &mut dyn Scheduler) -> u64 {
    let mut full = workers();
    let mut workers = full.clone();
    let mut losses: BTreeSet<Loss> = losses.iter().copied().collect();
    let mut running: BTreeSet<(u64, usize, usize)> = BTreeSet::new();
    let (mut now, mut steps, mut done) = (0, 0_u64, 0);
    scheduler.add((0..jobs.len()).collect());
    loop {
        for (job, worker) in scheduler.begin(&mut workers) {
            running.insert((now + jobs[job].millis, job, worker));
        }
        if steps.is_multiple_of(CHECK_EVERY) {
            check(jobs, &full, &running);
        }
        steps += 1;
        let Some(&(ends, ..)) = running.first() else { break };
        if let Some(loss) = losses.first().copied().filter(|loss| loss.at_ms <= ends) {
            losses.pop_first();
            now = loss.at_ms.max(now);
            for all in [&mut workers, &mut full] {
                take_away(&mut all[loss.worker]);
            }
            let (lost, others): (BTreeSet<_>, _) =
                running.into_iter().partition(|(.., at)| *at == loss.worker);
            running = others;
            scheduler.add(lost.into_iter().map(|(_, job, _)| job).collect());
            continue;
        }
        now = ends;
        while let Some(&(ends, job, worker)) = running.first()
            && ends == now
        {
            running.pop_first();
            done += 1;
            let (worker, task) = (&mut workers[worker], &jobs[job].task);
            worker.free_slots += 1;
            for (name, amount) in &task.resources.0 {
                *worker.free.0.get_mut(name).expect("all workers have it") += amount;
            }
        }
    }
    assert_eq!(done, jobs.len(), "all jobs ran");
    now
}

fn take_away(worker: &mut Worker) {
    (worker.slots, worker.free_slots) = (0, 0);
    (worker.resources, worker.free) = (Amounts::default(), Amounts::default());
}

fn check(jobs: &[Job], full: &[Worker], running: &BTreeSet<(u64, usize, usize)>) {
    let mut left = full.to_vec();
    for &(_, job, worker) in running {
        assert!(left[worker].suits(&jobs[job].task) && left[worker].has_room(&jobs[job].task));
        left[worker].take(&jobs[job].task);
    }
}
