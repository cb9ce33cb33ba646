//! G10: a node that cannot trust what it has says so in a line and does not run.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use ferry_tests::wait::PATIENCE;
use ferry_tests::{Cluster, log_segments};
use serde_json::json;

#[tokio::test]
async fn a_port_in_use_is_told() {
    for http in [true, false] {
        let mut cluster = Cluster::builder(1).prepare();
        let address = match http {
            true => cluster.client(1).base().trim_start_matches("http://").to_owned(),
            false => cluster.peer_address(1),
        };
        let _taken = TcpListener::bind(&address).expect("the port is ours");
        cluster.node(1).start();
        let said = cluster.node(1).wait_refusal(0, PATIENCE).await;
        let port = address.rsplit(':').next().expect("an address has a port");
        assert!(only_line(&said).contains(port), "it said:\n{said}");
    }
}

#[tokio::test]
async fn an_unusable_data_directory_is_told() {
    let mut cluster = Cluster::builder(1).prepare();
    // A file where the directory should be stops root as well as anybody.
    let path = cluster.node(1).data_dir();
    fs::write(&path, "in the way").expect("the test's folder is writable");
    cluster.node(1).start();
    let said = cluster.node(1).wait_refusal(0, PATIENCE).await;
    assert!(only_line(&said).contains(&path.display().to_string()), "it said:\n{said}");
}

#[tokio::test]
async fn a_configuration_with_mistakes_is_told_all_at_once() {
    let mut cluster = Cluster::builder(1).prepare();
    let path = cluster.node(1).config();
    let wrong = "cluster = \"c\"\nnode = 0\nhttp_lisen = \"127.0.0.1:1\"\nheartbeat_ms = \"x\"\n";
    fs::write(&path, wrong).expect("the test's folder is writable");
    cluster.node(1).start();
    let said = cluster.node(1).wait_refusal(0, PATIENCE).await;
    for word in ["node", "http_lisen", "http_listen", "heartbeat_ms", "data_dir"] {
        assert!(said.contains(word), "{word} is not told:\n{said}");
    }
}

#[tokio::test]
async fn pain_4_a_corrupt_log_is_refused_and_not_shortened() {
    let mut cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    for number in 0..200 {
        client.enqueue("mail", json!({"payload": format!("{number}-{}", "x".repeat(500))})).await;
    }
    cluster.node(1).kill();
    let segments = log_segments(&cluster.node(1).data_dir());
    let (path, bytes) = segments.iter().max_by_key(|(_, bytes)| *bytes).expect("there is a log");
    let mut content = fs::read(path).expect("the test's folder is readable");
    // One bit in the middle: everything behind it was acknowledged too.
    let middle = usize::try_from(*bytes).expect("a segment fits into memory") / 2;
    let text =
        content[..middle].iter().rposition(|&byte| byte == b'x').expect("payloads are there");
    content[text] ^= 1;
    fs::write(path, content).expect("the test's folder is writable");
    let printed = cluster.node(1).log().len();
    cluster.node(1).start();
    let said = cluster.node(1).wait_refusal(printed, PATIENCE).await;
    let line = only_line(&said);
    assert!(line.contains("corrupt") || line.contains("checksum"), "it said:\n{said}");
    let folder = cluster.node(1).data_dir().display().to_string();
    assert!(line.contains(&folder), "the place is not told:\n{said}");
}

#[tokio::test]
async fn a_torn_end_of_the_log_is_cut_and_the_node_runs() {
    let mut cluster = Cluster::start(1).await;
    let ids = cluster.client(1).enqueue_many("mail", 50).await;
    let segments = log_segments(&cluster.node(1).data_dir());
    let (path, _) = segments.last().expect("there is a log");
    let read = || fs::read(path).expect("the test's folder is readable");
    let mut torn = read();
    cluster.client(1).enqueue_many("mail", 1_000).await;
    cluster.node(1).kill();
    let whole = read();
    // Of the last write a power failure has kept nothing but the last sector: as far as this disk
    // knows, it was never acknowledged.
    let mut sectors = (0..torn.len()).step_by(512).map(|at| at..at + 512).rev();
    let kept = sectors.find(|sector| torn[sector.clone()] != whole[sector.clone()]);
    let kept = kept.expect("the enqueue is in the log");
    torn[kept.clone()].copy_from_slice(&whole[kept]);
    fs::write(path, torn).expect("the test's folder is writable");
    cluster.restart(1).await;
    assert_eq!(cluster.client(1).count("mail", "ready").await, ids.len() as u64);
}

#[tokio::test]
async fn garbage_on_the_peer_port_does_no_harm() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let mut garbage: Vec<Vec<u8>> = vec![
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0xff; 4_096],
        vec![0; 4_096],
        // A length that would take all memory.
        [&u32::MAX.to_le_bytes()[..], &u32::MAX.to_be_bytes(), &[1; 64]].concat(),
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..50 {
        let byte = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        garbage.push(std::iter::repeat_with(byte).take(512).collect());
    }
    for node in cluster.ids() {
        for bytes in &garbage {
            let mut peer =
                TcpStream::connect(cluster.peer_address(node)).expect("the port is open");
            peer.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout above zero");
            // The node may hang up in the middle of it.
            let _ = peer.write_all(bytes);
            let _ = peer.read(&mut [0; 64]);
        }
    }
    for node in cluster.ids() {
        assert!(cluster.node(node).is_running(), "node {node} has ended");
        assert!(!cluster.node(node).log().contains("panicked"), "node {node} panicked");
    }
    assert_eq!(cluster.leader().await, leader, "garbage changed the leader");
    cluster.client(1).enqueue("mail", json!({"payload": 1})).await;
}

/// What a node said that is not the course of its life; it must be one line.
fn only_line(said: &str) -> &str {
    let lines: Vec<_> = said.lines().filter(|line| !line.contains(" INFO ")).collect();
    let [line] = lines[..] else { panic!("one clear line, not:\n{said}") };
    line
}
