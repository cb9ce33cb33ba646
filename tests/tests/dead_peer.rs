//! What a node that is down costs the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ferry_tests::{Cluster, wait};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_leader_tries_a_dead_follower_now_and_then() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let dead = cluster.others(leader)[0];
    cluster.node(dead).kill();
    // Who knocks is counted and turned away, which is as good as nobody there.
    let door = TcpListener::bind(cluster.peer_address(dead)).await.expect("the port is free again");
    let knocks = Arc::new(AtomicU64::new(0));
    let counted = knocks.clone();
    tokio::spawn(async move {
        while door.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    wait::until("somebody to try", Duration::from_secs(10), async || {
        (knocks.load(Ordering::Relaxed) > 0).then_some(())
    })
    .await;
    // The client's own request makes something to send.
    cluster.client(leader).enqueue("mail", serde_json::json!({"payload": 1})).await;
    wait::holds("few tries", Duration::from_secs(3), async || {
        let knocks = knocks.load(Ordering::Relaxed);
        if knocks < 100 { Ok(()) } else { Err(format!("{knocks} tries")) }
    })
    .await;
}
