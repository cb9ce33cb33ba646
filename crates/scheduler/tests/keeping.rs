//! What is kept for a large task that waits, and what is given meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use ferry_scheduler::{Amounts, Paces, Policy, Round, Task, Worker};

const POLICIES: [fn() -> Policy; 3] =
    [|| Policy::LeastLoaded, || Policy::BestFit, || Policy::Spread("zone".into())];

/// A worker, and what of it is free.
fn worker(name: &str, all: (u32, Amounts), free: (u32, Amounts)) -> Worker {
    Worker {
        name: name.into(),
        queues: ["q".to_owned()].into(),
        slots: all.0,
        free_slots: free.0,
        resources: all.1,
        free: free.1,
        labels: BTreeMap::new(),
    }
}

fn task(policy: Policy, resources: Amounts) -> Task {
    Task { queue: "q".into(), policy, resources, selector: BTreeMap::new(), kind: None }
}

fn cpu(amount: u64) -> Amounts {
    Amounts::from([("cpu", amount)])
}

/// The worker's name for each task, `-` for none.
fn given(workers: &[Worker], policy: &Policy, needs: &[Amounts]) -> Vec<String> {
    let paces = Paces::default();
    let mut round = Round::new(workers.to_vec(), &paces);
    let name = |place: usize| workers[place].name.clone();
    let tasks = needs.iter().map(|needs| task(policy.clone(), needs.clone()));
    tasks.map(|task| round.give(&task).map_or("-".into(), name)).collect()
}

#[test]
fn what_a_large_task_lacks_is_given_to_nobody() {
    let workers = [worker("a", (8, cpu(8)), (4, cpu(4))), worker("b", (8, cpu(8)), (2, cpu(2)))];
    let needs = [8, 1, 1, 1].map(cpu);
    assert_eq!(given(&workers, &Policy::BestFit, &needs), ["-", "b", "b", "-"]);
    // For one that no worker is large enough for nothing is kept.
    let needs = [9, 1, 1, 1].map(cpu);
    assert_eq!(given(&workers, &Policy::LeastLoaded, &needs), ["-", "a", "a", "a"]);
}

#[test]
fn what_a_large_task_will_leave_is_given_meanwhile() {
    let all = || Amounts::from([("cpu", 8), ("gpu", 1)]);
    let busy = Amounts::from([("cpu", 8), ("gpu", 0)]);
    let workers = [worker("w", (9, all()), (8, busy))];
    let large = Amounts::from([("cpu", 3), ("gpu", 1)]);
    for policy in POLICIES {
        // Five of eight, and what takes nothing but a slot, of which one is kept.
        let small = [&[large.clone()][..], &vec![cpu(1); 6], &vec![cpu(0); 3]].concat();
        let expected = ["-", "w", "w", "w", "w", "w", "-", "w", "w", "-"];
        assert_eq!(given(&workers, &policy(), &small), expected, "{:?}", policy());
    }
}

#[test]
fn it_waits_for_the_worker_that_lacks_the_least_of_what_it_needs() {
    let workers = [
        worker("small", (8, cpu(8)), (4, cpu(4))),
        worker("large", (32, cpu(32)), (6, cpu(6))),
        worker("too small", (8, cpu(7)), (8, cpu(7))),
    ];
    let needs = [8, 4, 7, 6].map(cpu);
    let expected = ["-", "small", "too small", "-"];
    assert_eq!(given(&workers, &Policy::BestFit, &needs), expected);
}

#[test]
fn a_round_is_full_when_only_what_is_kept_is_left() {
    let paces = Paces::default();
    let mut round = Round::new(vec![worker("w", (4, cpu(4)), (2, cpu(1)))], &paces);
    assert!(round.give(&task(Policy::BestFit, cpu(4))).is_none() && !round.is_full());
    assert!(round.give(&task(Policy::BestFit, cpu(0))).is_some() && round.is_full());
}

/// Workers, what runs on them, and a line without end of small tasks behind a large one.
struct Stream {
    workers: Vec<Worker>,
    running: BTreeSet<(u64, usize, u64)>,
    chance: u64,
    now: u64,
}

impl Stream {
    fn new(sizes: &[u64], chance: u64) -> Self {
        let idle = |&size: &u64| worker("w", (16, cpu(size)), (16, cpu(size)));
        let workers = sizes.iter().map(idle).collect();
        Self { workers, running: BTreeSet::new(), chance, now: 0 }
    }

    fn below(&mut self, bound: u64) -> u64 {
        // xorshift64
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance % bound
    }

    fn begin(&mut self, place: usize, amount: u64) {
        let ends = self.now + 1 + self.below(1_000);
        // Two of the same that end together are one more apart.
        let ends = (ends..).find(|ends| !self.running.contains(&(*ends, place, amount)));
        self.running.extend(ends.map(|ends| (ends, place, amount)));
    }

    fn end_one(&mut self) {
        let (ends, place, amount) = self.running.pop_first().expect("something runs");
        self.now = ends;
        self.workers[place].free_slots += 1;
        *self.workers[place].free.0.get_mut("cpu").expect("all have it") += amount;
    }

    /// One round: the large task first if it waits, then small ones until none fits. Tells whether
    /// the large one began.
    fn round(&mut self, large: Option<u64>, policy: &Policy) -> bool {
        let paces = Paces::default();
        let mut round = Round::new(self.workers.clone(), &paces);
        let mut begun = Vec::new();
        let placed = large.map(|amount| (amount, round.give(&task(policy.clone(), cpu(amount)))));
        let mut lacking = [false; 4];
        while !lacking[1..].iter().all(|lacks| *lacks) {
            let amount = 1 + self.below(3);
            match round.give(&task(policy.clone(), cpu(amount))) {
                Some(place) => begun.push((place, amount)),
                None => lacking[amount as usize] = true,
            }
        }
        self.workers = round.workers().to_vec();
        begun.into_iter().for_each(|(place, amount)| self.begin(place, amount));
        matches!(placed, Some((_, Some(_))))
    }
}

/// As many small tasks end before it begins as can have run when it came, and no more.
#[test]
fn a_stream_of_small_tasks_never_starves_a_large_one() {
    for seed in 1..=200 {
        for policy in POLICIES {
            let mut stream = Stream::new(&[8, 16, 16], seed);
            stream.round(None, &policy());
            for _ in 0..50 {
                stream.end_one();
                stream.round(None, &policy());
            }
            let running = stream.running.len();
            let begins = |_| {
                stream.end_one();
                stream.round(Some(15), &policy())
            };
            assert!((0..4 * running).any(begins), "seed {seed}, {:?}", policy());
        }
    }
}
