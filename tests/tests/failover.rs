//! G9 and G1: the leader is killed under load. Clients of the survivors see a delay and no error,
//! nothing is lost and nothing happens twice. `FERRY_ROUNDS` sets the number of kills.

use std::time::Duration;

use ferry_tests::check::{self, Minimum};
use ferry_tests::{Cluster, FaultKind, Workload, gap, rounds};

/// Elections by timers, of 1.4 s and more, would not pass in the median.
const GAP_MAX: Duration = Duration::from_millis(1_500);
const GAP_MEDIAN_MAX: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g9_a_killed_leader_costs_a_delay_and_no_task() {
    let rounds = rounds(3);
    let mut cluster = Cluster::start(3).await;
    let mut load = Workload::new(&cluster, "mail").producers(16).workers(16).start();
    load.await_accepted(200).await;
    let mut gaps = Vec::new();
    for round in 1..=rounds {
        let leader = cluster.leader().await;
        let from = load.history().now();
        load.history().fault_begins(FaultKind::Killed, leader);
        cluster.node(leader).kill();
        let next = cluster.leader_other_than(leader).await;
        load.await_accepted(200).await;
        let gap = gap::longest(load.history(), from, load.history().now());
        println!("round {round}: node {leader} killed, node {next} leads, gap {gap:?}");
        gaps.push(gap);
        cluster.restart(leader).await;
        load.history().fault_ends(leader);
        load.await_accepted(200).await;
    }
    let tasks = load.finish(&cluster).await;
    let killed = (FaultKind::Killed, rounds as usize);
    let minimum = Minimum { enqueues: 1_000, acks: 1_000, faults: killed };
    check::drained(load.history(), &tasks, minimum);
    check::no_errors_but_at_victims(load.history());

    gaps.sort();
    let (median, longest) = (gaps[gaps.len() / 2], gaps[gaps.len() - 1]);
    println!("{} tasks, gap median {median:?}, longest {longest:?}", tasks.len());
    assert!(longest < GAP_MAX, "no write for {longest:?}");
    assert!(median < GAP_MEDIAN_MAX, "no write for {median:?}, half of the time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_follower_costs_nothing() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let [victim, survivor] = cluster.others(leader)[..] else { panic!("three nodes") };
    let load = Workload::new(&cluster, "mail").only_at(&[leader, survivor]);
    let mut load = load.producers(8).workers(8).start();
    load.await_accepted(200).await;
    let from = load.history().now();
    load.history().fault_begins(FaultKind::Killed, victim);
    cluster.node(victim).kill();
    load.await_accepted(500).await;
    let gap = gap::longest(load.history(), from, load.history().now());
    cluster.restart(victim).await;
    load.history().fault_ends(victim);
    assert_eq!(cluster.leader().await, leader, "the leader changed for no reason");

    let tasks = load.finish(&cluster).await;
    let minimum = Minimum { enqueues: 700, acks: 700, faults: (FaultKind::Killed, 1) };
    check::drained(load.history(), &tasks, minimum);
    check::no_errors_but_at_victims(load.history());
    assert!(gap < Duration::from_secs(1), "no write for {gap:?}");
}
