//! G1 and pain 3: all nodes are killed at once under load, and everything acknowledged is there
//! when they come back. `FERRY_ROUNDS` sets the number of kills.

use ferry_tests::check::{self, Minimum};
use ferry_tests::{Cluster, FaultKind, Workload, rounds};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_nothing_acknowledged_is_lost_when_all_nodes_are_killed() {
    let rounds = rounds(3);
    // Small snapshots, so that restarts meet snapshot and log in every combination.
    let mut cluster = Cluster::builder(3)
        .setting("snapshot_entries", 300)
        .setting("log_entries_kept", 50)
        .start()
        .await;
    let mut load = Workload::new(&cluster, "mail").producers(12).workers(8).start();
    for _ in 1..=rounds {
        load.await_accepted(300).await;
        for node in cluster.ids() {
            load.history().fault_begins(FaultKind::Killed, node);
        }
        cluster.kill_all();
        cluster.start_all();
        cluster.wait_all_ready().await;
        for node in cluster.ids() {
            load.history().fault_ends(node);
        }
    }
    load.await_accepted(300).await;
    let tasks = load.finish(&cluster).await;
    let killed = (FaultKind::Killed, 3 * rounds as usize);
    let minimum = Minimum { enqueues: 900, acks: 900, faults: killed };
    check::drained(load.history(), &tasks, minimum);
    println!("{} tasks over {rounds} kills of all nodes", tasks.len());
}
