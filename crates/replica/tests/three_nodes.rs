//! Three replicas in one process, on real disks and sockets.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use ferry_core::command::{
    Ack, Action, Dequeue, Enqueue, NewTask, Settle, Settlement, TableLimits,
};
use ferry_core::{Command, Proposal, Reply};
use ferry_replica::{Answer, Bootstrap, ProposeError, Replica, ReplicaOptions};
use ferry_types::{NodeAddress, NodeId};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(10);

struct Cluster {
    nodes: BTreeMap<NodeId, (Replica, TempDir)>,
}

impl Cluster {
    async fn start(size: u64) -> Self {
        let members: BTreeMap<NodeId, NodeAddress> =
            (1..=size).map(|id| (NodeId::new(id), free_address())).collect();
        let mut nodes = BTreeMap::new();
        for (id, address) in &members {
            let dir = tempfile::tempdir().expect("a temporary directory");
            let options = options(*id, address.clone(), &dir, members.clone());
            let (replica, mut effects) = Replica::start(options).await.expect("starts");
            tokio::spawn(async move { while effects.recv().await.is_some() {} });
            nodes.insert(*id, (replica, dir));
        }
        Self { nodes }
    }

    /// Stops every node, so that no thread outlives the test.
    async fn stop(self) {
        for (replica, _dir) in self.nodes.values() {
            replica.shutdown().await;
        }
    }

    fn node(&self, id: NodeId) -> &Replica {
        &self.nodes[&id].0
    }

    async fn leader(&self) -> &Replica {
        let (any, _) = self.nodes.values().next().expect("a node");
        let mut leader = any.leader();
        let leads = leader
            .wait_for(|leader| leader.as_ref().is_some_and(|(id, _)| self.nodes.contains_key(id)));
        let id = tokio::time::timeout(PATIENCE, leads).await.expect("a leader").expect("runs");
        let id = id.as_ref().expect("waited for").0;
        self.node(id)
    }
}

fn free_address() -> NodeAddress {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let peer = listener.local_addr().expect("bound").to_string();
    NodeAddress { http: format!("http://{peer}"), peer }
}

fn options(
    node: NodeId,
    address: NodeAddress,
    dir: &TempDir,
    members: BTreeMap<NodeId, NodeAddress>,
) -> ReplicaOptions {
    ReplicaOptions {
        cluster: "test".parse().expect("a name"),
        node,
        peer_listen: address.peer.clone(),
        address,
        data_dir: dir.path().to_owned(),
        bootstrap: Bootstrap::Members(members),
        heartbeat: Duration::from_millis(100),
        election: (Duration::from_millis(400), Duration::from_millis(800)),
        snapshot_entries: 1_000,
        snapshot_bytes: 64 << 20,
        log_entries_kept: 100,
        table_limits: TableLimits {
            idempotency_keys_max: 1_000,
            finished_tasks_max: 1_000,
            events_max: 1_000,
        },
    }
}

fn enqueue(payload: &'static str) -> Proposal {
    let task = NewTask {
        payload: Bytes::from_static(payload.as_bytes()),
        priority: 4,
        ..NewTask::default()
    };
    let enqueue = Enqueue { queue: "mail".to_owned(), tasks: vec![task], create_queue: true };
    Proposal { command: Some(Command::Enqueue(enqueue)), idempotency: None }
}

fn dequeue() -> Proposal {
    let dequeue = Dequeue { queues: vec!["mail".to_owned()], max: 10, ..Dequeue::default() };
    Proposal { command: Some(Command::Dequeue(dequeue)), idempotency: None }
}

fn leases(answer: &Answer) -> Vec<ferry_core::reply::Lease> {
    match &answer.outcome.result {
        Ok(Reply::Dequeued(dequeued)) => dequeued.leases.clone(),
        other => panic!("not leases: {other:?}"),
    }
}

/// G1, G2: a task goes through the whole cluster and comes back with its payload.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_enqueued_leased_and_acked() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    leader.propose(enqueue("\"hello\""), PATIENCE).await.expect("enqueued");
    let leased = leader.propose(dequeue(), PATIENCE).await.expect("leased");
    assert_eq!(leased.leased[0].payload, "\"hello\"");
    let lease = leases(&leased)[0];
    let action = Some(Action::Ack(Ack { result: Bytes::from_static(b"1") }));
    let item = Settlement { task: lease.task, token: lease.token, action };
    let settle = Command::Settle(Settle { items: vec![item] });
    let settled = Proposal { command: Some(settle), idempotency: None };
    let settled = leader.propose(settled, PATIENCE).await.expect("settled");
    for (replica, _) in cluster.nodes.values() {
        replica.linearize(PATIENCE).await.expect("reads");
        let succeeded = replica.view(|index, machine| {
            assert!(index >= settled.index);
            machine.queue("mail").expect("exists").counts.succeeded
        });
        assert_eq!(succeeded, 1, "node {}", replica.node());
    }
    cluster.stop().await;
}

/// G9, G12: a follower refuses without writing, and says who leads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_names_the_leader() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await.node();
    let (follower, _) =
        cluster.nodes.values().find(|(node, _)| node.node() != leader).expect("two");
    let seen = follower.leader();
    let known = seen.clone().wait_for(Option::is_some).await.expect("runs").is_some();
    assert!(known);
    let refused = follower.propose(enqueue("1"), PATIENCE).await.expect_err("refused");
    assert_eq!(refused, ProposeError::NotLeader { leader: Some(leader) });
    cluster.stop().await;
}

/// G9: a leader that stops in order hands over, and the rest goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopping_leader_hands_over() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await.clone();
    leader.propose(enqueue("1"), PATIENCE).await.expect("enqueued");
    leader.hand_over().await;
    leader.shutdown().await;
    cluster.nodes.remove(&leader.node());
    let next = cluster.leader().await;
    let leased = next.propose(dequeue(), PATIENCE).await.expect("leased");
    assert_eq!(leases(&leased).len(), 1);
    cluster.stop().await;
}

/// G11: the log is purged behind snapshots although a task stays leased.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leased_task_does_not_pin_the_log() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    leader.propose(enqueue("1"), PATIENCE).await.expect("enqueued");
    leader.propose(dequeue(), PATIENCE).await.expect("leased");
    for _ in 0..300 {
        leader.propose(enqueue("2"), PATIENCE).await.expect("enqueued");
    }
    leader.snapshot(PATIENCE).await.expect("taken");
    let purged = |text: &str| -> u64 {
        let line = text.lines().find(|line| line.starts_with("ferry_raft_purged_index"));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).expect("a number")
    };
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while purged(&leader.metrics()) < 150 {
        assert!(tokio::time::Instant::now() < deadline, "the log was not purged");
        tokio::task::yield_now().await;
    }
    cluster.stop().await;
}
