//! How long it takes to get through a pile of mixed tasks, beside a scheduler that knows all their
//! times, and beside round robin.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ferry_scheduler::{Amounts, Paces, Policy, Round, Task, Worker};

const TASKS: usize = 4_000;
/// As many ready tasks as one look takes in.
const LOOK: usize = 500;
/// Steps of time between two looks at what the workers carry.
const CHECK_EVERY: u64 = 50;

/// A task of the pile, with the time that nobody but the list scheduler knows.
struct Job {
    task: Task,
    millis: u64,
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

/// Small, middling and large tasks of two resources, and a few that want a label.
fn pile(seed: u64, policy: &Policy) -> Vec<Job> {
    let mut chance = Seeded(seed);
    let sizes = [(500, 256), (500, 2_048), (2_000, 512), (4_000, 8_192)];
    let job = |_| {
        let size = [0, 0, 0, 0, 1, 1, 2, 2, 2, 3][chance.below(10) as usize];
        let (cpu, memory) = sizes[size];
        let wants_label = chance.below(20) == 0;
        let selector = wants_label.then(|| ("disk".to_owned(), "fast".to_owned()));
        let task = Task {
            queue: "q".into(),
            policy: policy.clone(),
            resources: Amounts::from([("cpu_millis", cpu), ("memory_mb", memory)]),
            selector: selector.into_iter().collect(),
            kind: Some(format!("size {size}")),
        };
        Job { task, millis: 20 + chance.below(200) * (1 + size as u64) }
    };
    (0..TASKS).map(job).collect()
}

/// Fifty workers of three sizes.
fn workers() -> Vec<Worker> {
    let sizes = [(4, 4_000, 8_192), (8, 8_000, 16_384), (16, 16_000, 65_536)];
    let worker = |place: usize| {
        let (slots, cpu, memory) = sizes[place % 3];
        let resources = Amounts::from([("cpu_millis", cpu), ("memory_mb", memory)]);
        let disk = if place.is_multiple_of(2) { "fast" } else { "slow" };
        Worker {
            name: format!("w{place}"),
            queues: BTreeSet::from(["q".to_owned()]),
            slots,
            free_slots: slots,
            free: resources.clone(),
            resources,
            labels: BTreeMap::from([("disk".into(), disk.into()), ("zone".into(), zone(place))]),
        }
    };
    (0..50).map(worker).collect()
}

fn zone(place: usize) -> String {
    format!("zone {}", place % 4)
}

/// Who is to begin now, of the jobs that wait.
type Chooser<'a> = dyn FnMut(&mut Vec<usize>, &mut Vec<Worker>) -> Vec<(usize, usize)> + 'a;

/// Lets time run, and tells when the last job ends. Checks on the way that no worker has more than
/// it can carry.
fn makespan(jobs: &[Job], choose: &mut Chooser<'_>) -> u64 {
    let full = workers();
    let mut workers = full.clone();
    let mut waiting: Vec<usize> = (0..jobs.len()).collect();
    let mut running: BTreeSet<(u64, usize, usize)> = BTreeSet::new();
    let (mut now, mut steps) = (0, 0);
    loop {
        steps += 1;
        for (job, worker) in choose(&mut waiting, &mut workers) {
            running.insert((now + jobs[job].millis, job, worker));
        }
        if steps % CHECK_EVERY == 1 {
            check(jobs, &full, &running);
        }
        let Some(&(ends, ..)) = running.first() else { break };
        now = ends;
        while let Some(&(ends, job, worker)) = running.first()
            && ends == now
        {
            running.pop_first();
            let (worker, task) = (&mut workers[worker], &jobs[job].task);
            worker.free_slots += 1;
            for (name, amount) in &task.resources.0 {
                *worker.free.0.get_mut(name).expect("all workers have it") += amount;
            }
        }
    }
    assert!(waiting.is_empty(), "all jobs ran");
    now
}

fn check(jobs: &[Job], full: &[Worker], running: &BTreeSet<(u64, usize, usize)>) {
    let mut left = full.to_vec();
    for &(_, job, worker) in running {
        assert!(left[worker].suits(&jobs[job].task) && left[worker].has_room(&jobs[job].task));
        left[worker].take(&jobs[job].task);
    }
}

/// The policies, which see the first of those that wait.
fn assigned(jobs: &[Job]) -> u64 {
    let paces = Paces::default();
    makespan(jobs, &mut |waiting, workers| {
        let mut round = Round::new(std::mem::take(workers), &paces);
        let (mut begun, mut hopeless, mut seen) = (Vec::new(), BTreeSet::new(), 0);
        waiting.retain(|&job| {
            let task = &jobs[job].task;
            let needs = (&task.kind, &task.selector);
            seen += 1;
            if seen > LOOK || hopeless.contains(&needs) {
                return true;
            }
            let Some(worker) = round.give(task) else {
                hopeless.insert(needs);
                return true;
            };
            begun.push((job, worker));
            false
        });
        *workers = round.workers().to_vec();
        begun
    })
}

/// A list scheduler: the longest first, each at the first worker that has room.
fn list_scheduled(jobs: &[Job]) -> u64 {
    let mut is_sorted = false;
    makespan(jobs, &mut |waiting, workers| {
        if !is_sorted {
            waiting.sort_by_key(|job| std::cmp::Reverse(jobs[*job].millis));
            is_sorted = true;
        }
        let (mut begun, mut hopeless) = (Vec::new(), BTreeSet::new());
        waiting.retain(|&job| {
            let task = &jobs[job].task;
            let needs = (&task.kind, &task.selector);
            let fits = |worker: &Worker| worker.suits(task) && worker.has_room(task);
            if hopeless.contains(&needs) {
                return true;
            }
            let Some(worker) = workers.iter().position(fits) else {
                hopeless.insert(needs);
                return true;
            };
            workers[worker].take(task);
            begun.push((job, worker));
            false
        });
        begun
    })
}

/// Round robin: each job goes to the next worker that is large enough, and waits there.
fn round_robin(jobs: &[Job]) -> u64 {
    let mut lines: Vec<VecDeque<usize>> = Vec::new();
    makespan(jobs, &mut |waiting, workers| {
        if lines.is_empty() {
            lines = vec![VecDeque::new(); workers.len()];
            let mut next = 0;
            for job in waiting.drain(..) {
                while !workers[next].suits(&jobs[job].task) {
                    next = (next + 1) % workers.len();
                }
                lines[next].push_back(job);
                next = (next + 1) % workers.len();
            }
        }
        let mut begun = Vec::new();
        for (place, line) in lines.iter_mut().enumerate() {
            while let Some(&job) = line.front()
                && workers[place].has_room(&jobs[job].task)
            {
                line.pop_front();
                workers[place].take(&jobs[job].task);
                begun.push((job, place));
            }
        }
        begun
    })
}

#[test]
fn mixed_tasks_take_little_longer_than_with_all_times_known_and_less_than_round_robin() {
    for policy in [Policy::LeastLoaded, Policy::BestFit, Policy::Spread("zone".into())] {
        let jobs = pile(0x5eed, &policy);
        let ours = assigned(&jobs) as f64;
        let (known, robin) = (list_scheduled(&jobs) as f64, round_robin(&jobs) as f64);
        let told = format!("{policy:?}: {ours} ms, {known} with all known, {robin} round robin");
        assert!(ours <= 1.15 * known, "{told}");
        assert!(robin >= 1.3 * ours, "{told}");
    }
}
