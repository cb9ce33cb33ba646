//! A node that is asked to stop hands over first: a rolling restart is no failover.

use std::time::Duration;

use ferry_tests::check::{self, Minimum};
use ferry_tests::{Cluster, FaultKind, Workload, gap};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_shows_no_error() {
    let mut cluster = Cluster::start(3).await;
    let mut load = Workload::new(&cluster, "mail").producers(8).workers(8).start();
    load.await_accepted(100).await;
    for _ in 0..3 {
        let leader = cluster.leader().await;
        let from = load.history().now();
        load.history().fault_begins(FaultKind::Terminated, leader);
        cluster.node(leader).terminate();
        let status = cluster.node(leader).wait_exit(Duration::from_secs(15)).await;
        assert_eq!(status.code(), Some(0), "{status}");
        cluster.leader_other_than(leader).await;
        load.await_accepted(100).await;
        let gap = gap::longest(load.history(), from, load.history().now());
        println!("node {leader} stopped, gap {gap:?}");
        assert!(gap < Duration::from_millis(1_500), "no write for {gap:?}");
        cluster.restart(leader).await;
        load.history().fault_ends(leader);
    }
    let tasks = load.finish(&cluster).await;
    let minimum = Minimum { enqueues: 400, acks: 400, faults: (FaultKind::Terminated, 3) };
    check::drained(load.history(), &tasks, minimum);
    check::no_errors_but_at_victims(load.history());
}

#[tokio::test]
async fn a_single_node_stops_and_comes_back_with_everything() {
    let mut cluster = Cluster::start(1).await;
    let ids = cluster.client(1).enqueue_many("mail", 100).await;
    cluster.node(1).terminate();
    let status = cluster.node(1).wait_exit(Duration::from_secs(15)).await;
    assert_eq!(status.code(), Some(0), "{status}");
    cluster.restart(1).await;
    for id in ids {
        assert_eq!(cluster.client(1).state(&id).await, "ready");
    }
}
