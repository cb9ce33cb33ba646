//! What each policy chooses, and what none of them does.

use std::collections::BTreeMap;

use ferry_scheduler::{Amounts, Paces, Policy, Round, Task, Worker};

fn worker(name: &str, slots: u32, cpu: u64) -> Worker {
    let resources = Amounts::from([("cpu", cpu)]);
    Worker {
        name: name.into(),
        queues: ["q".to_owned()].into(),
        slots,
        free_slots: slots,
        free: resources.clone(),
        resources,
        labels: BTreeMap::new(),
    }
}

fn labelled(worker: Worker, label: &str, value: &str) -> Worker {
    Worker { labels: [(label.to_owned(), value.to_owned())].into(), ..worker }
}

fn task(policy: Policy, cpu: u64) -> Task {
    let resources = Amounts::from([("cpu", cpu)]);
    Task { queue: "q".into(), policy, resources, selector: BTreeMap::new(), kind: None }
}

fn selecting(task: Task, label: &str, value: &str) -> Task {
    Task { selector: [(label.to_owned(), value.to_owned())].into(), ..task }
}

/// The worker's name for each task.
fn names(tasks: &[Task], workers: &[Worker]) -> Vec<Option<String>> {
    names_at(tasks, workers, &Paces::default())
}

fn names_at(tasks: &[Task], workers: &[Worker], paces: &Paces) -> Vec<Option<String>> {
    let mut round = Round::new(workers.to_vec(), paces);
    tasks.iter().map(|task| Some(workers[round.give(task)?].name.clone())).collect()
}

fn some(names: &[&str]) -> Vec<Option<String>> {
    names.iter().map(|name| (*name != "-").then(|| (*name).to_owned())).collect()
}

#[test]
fn the_least_loaded_worker_for_its_size_is_next() {
    let workers = [worker("large", 8, 8), worker("small", 2, 2)];
    let tasks = vec![task(Policy::LeastLoaded, 1); 6];
    let expected = some(&["large", "large", "large", "large", "small", "large"]);
    assert_eq!(names(&tasks, &workers), expected);
}

#[test]
fn a_worker_that_is_slow_at_a_kind_of_task_gets_it_later() {
    let workers = [worker("slow", 4, 4), worker("fast", 4, 4)];
    let mut paces = Paces::default();
    for _ in 0..20 {
        paces.note("resize", "slow", 400);
        paces.note("resize", "fast", 100);
    }
    let resize = Task { kind: Some("resize".into()), ..task(Policy::LeastLoaded, 1) };
    let given = names_at(&vec![resize; 4], &workers, &paces);
    assert_eq!(given, some(&["fast", "fast", "fast", "slow"]));
}

#[test]
fn the_best_fit_keeps_the_large_room_whole() {
    let workers = [worker("large", 8, 8), worker("small", 8, 2)];
    let tasks = [1, 1, 8].map(|cpu| task(Policy::BestFit, cpu));
    assert_eq!(names(&tasks, &workers), some(&["small", "small", "large"]));
}

#[test]
fn the_pace_tells_alike_from_alike_where_a_policy_has_another_first_concern() {
    let mut paces = Paces::default();
    for _ in 0..20 {
        paces.note("resize", "slow", 1_000);
        paces.note("resize", "fast", 100);
    }
    let resize = |policy, cpu| Task { kind: Some("resize".into()), ..task(policy, cpu) };
    // The slow one is the fuller for it by a hundredth, and otherwise they are alike.
    let fuller = [worker("slow", 1_000, 99), worker("fast", 1_000, 100)];
    let alike = [worker("slow", 1_000, 100), worker("fast", 1_000, 100)];
    let large = [resize(Policy::BestFit, 99)];
    assert_eq!(names_at(&large, &fuller, &paces), some(&["slow"]));
    assert_eq!(names_at(&large, &alike, &paces), some(&["fast"]));
    // One slot in a hundred of a zone counts for more than the pace.
    let zones = [("slow", "1"), ("fast", "2")];
    let workers = zones.map(|(name, zone)| labelled(worker(name, 100, 100), "zone", zone));
    let tasks = vec![resize(Policy::Spread("zone".into()), 1); 4];
    let given = names_at(&tasks, &workers, &paces);
    assert_eq!(given, some(&["fast", "slow", "fast", "slow"]));
}

#[test]
fn a_spread_evens_out_the_values_of_its_label() {
    let zones = [("a", "1"), ("b", "1"), ("c", "2")];
    let workers = zones.map(|(name, zone)| labelled(worker(name, 4, 4), "zone", zone));
    let tasks = vec![task(Policy::Spread("zone".into()), 1); 6];
    let given = names(&tasks, &workers);
    let in_c = given.iter().flatten().filter(|name| *name == "c").count();
    assert_eq!(in_c, 2, "a third of the slots has a third of the tasks: {given:?}");
}

#[test]
fn nothing_goes_beyond_slots_resources_labels_and_queues() {
    let mut other_queue = worker("other", 9, 9);
    other_queue.queues = ["p".to_owned()].into();
    let workers = [labelled(worker("gpu", 1, 9), "gpu", "yes"), worker("cpu", 9, 2), other_queue];
    let policies = [Policy::LeastLoaded, Policy::BestFit, Policy::Spread("gpu".into())];
    for policy in policies {
        let of = |cpu| task(policy.clone(), cpu);
        let needs_gpu = || selecting(of(1), "gpu", "yes");
        let tasks = [needs_gpu(), needs_gpu(), of(1), of(1), of(1), of(9)];
        let expected = some(&["gpu", "-", "cpu", "cpu", "-", "-"]);
        let given = names(&tasks, &workers);
        assert_eq!(given, expected, "{policy:?}");
    }
}
