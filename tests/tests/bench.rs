//! `ferry bench`: its figures agree with what the servers saw, and it leaves nothing behind.

use std::fs;

use ferry_tests::{Client, Cluster, ferry, ferry_command};
use serde_json::Value;

/// Short runs: these tests judge figures, not speed.
const SHORT: [&str; 4] = ["--seconds", "1", "--warmup", "0.3"];

/// Runs `ferry bench` off the runtime, which the test needs for its other clients.
async fn bench(server: &str, arguments: &[&str]) -> ferry_tests::Ran {
    let server = server.to_owned();
    let arguments: Vec<_> =
        ["bench"].iter().chain(arguments).map(|&word| word.to_owned()).collect();
    let run = tokio::task::spawn_blocking(move || ferry(&server, &arguments, ""));
    run.await.expect("the command runs")
}

/// The measurements of a run with `--json`, each checked for what always holds.
async fn measurements(server: &str, arguments: &[&str]) -> Vec<Value> {
    let arguments: Vec<_> = arguments.iter().copied().chain(SHORT).chain(["--json"]).collect();
    let mut documents = bench(server, &arguments).await.ok().json_lines();
    assert_eq!(documents.len(), 1, "--json prints one document");
    let measurements = documents.remove(0)["measurements"].take();
    let measurements = measurements.as_array().expect("a list").clone();
    measurements.iter().for_each(check);
    measurements
}

/// What holds for every measurement of a cluster of three nodes on this machine.
fn check(measurement: &Value) {
    let number = |pointer: &str| match measurement.pointer(pointer).and_then(Value::as_f64) {
        Some(number) => number,
        None => panic!("{pointer} is missing in {measurement}"),
    };
    let percentiles =
        ["p50", "p90", "p99", "p999", "max"].map(|p| number(&format!("/latency_us/{p}")));
    assert!(percentiles[0] > 0.0 && percentiles.is_sorted(), "{percentiles:?}");
    let (rate, seconds, tasks) = (number("/rate"), number("/seconds"), number("/tasks"));
    assert!(tasks > 0.0 && (rate * seconds - tasks).abs() < 1.0, "{measurement}");
    assert!(tasks <= number("/tasks_in_all"), "{measurement}");
    assert_eq!((number("/errors"), number("/server/processes")), (0.0, 3.0));
    assert!(number("/server/resident_bytes") > 1e6, "{measurement}");
    assert!(number("/server/context_switches_per_task") > 0.0, "{measurement}");
    let ticks = measurement["rate_over_time"].as_array().expect("a list");
    let in_ticks: f64 = ticks.iter().filter_map(Value::as_f64).map(|rate| rate / 10.0).sum();
    assert!(in_ticks <= tasks + 0.5, "{in_ticks} tasks in ticks: {measurement}");
}

fn tasks_in_all(measurement: &Value) -> u64 {
    measurement["tasks_in_all"].as_u64().expect("a number")
}

/// How often a node has answered enqueues with 201.
async fn accepted(client: &Client) -> u64 {
    let metrics = client.get("/metrics").await.text;
    let wanted = "route=\"/v1/queues/{queue}/tasks\",status=\"201\"";
    let line = metrics.lines().find(|line| line.contains(wanted));
    let count = line.and_then(|line| line.rsplit(' ').next()).unwrap_or("0");
    count.parse().expect("a counter is a number")
}

#[tokio::test]
async fn figures_agree_with_what_the_servers_counted() {
    let cluster = Cluster::start(3).await;
    let leader = cluster.client(cluster.leader().await);
    let follower = cluster.client(cluster.others(cluster.leader().await)[0]);

    // It finds the leader by itself, whichever node it was told.
    let before = accepted(&leader).await;
    let found = measurements(follower.base(), &["enqueue", "--concurrency", "1,8"]).await;
    let told: u64 = found.iter().map(tasks_in_all).sum();
    assert_eq!(told, accepted(&leader).await - before);
    let concurrency: Vec<_> = found.iter().map(|row| row["concurrency"].as_u64()).collect();
    assert_eq!(concurrency, [Some(1), Some(8)]);

    let before = accepted(&leader).await;
    let batches = &["batch", "--batch", "50", "--concurrency", "2", "--http2"];
    let found = measurements(leader.base(), batches).await;
    assert_eq!(tasks_in_all(&found[0]), 50 * (accepted(&leader).await - before));

    let drain = ["drain", "--tasks", "4000", "--concurrency", "4", "--batch", "10"];
    let found = measurements(leader.base(), &drain).await;
    assert!(tasks_in_all(&found[0]) <= 4_000, "{found:?}");

    // At a steady rate the tasks are those of the clock, unless the machine stalls.
    let found =
        measurements(leader.base(), &["mixed", "--rate", "200", "--concurrency", "4"]).await;
    assert!((50..=400).contains(&tasks_in_all(&found[0])), "{found:?}");

    let waiting = ["backlog", "--waiting", "500", "--concurrency", "2"];
    let found = measurements(leader.base(), &waiting).await;
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|row| row["waiting"] == 500), "{found:?}");

    let queues = leader.get("/v1/queues").await.expect(200);
    assert_eq!(queues["queues"], Value::Array(Vec::new()), "a queue was left behind");
}

#[tokio::test]
async fn a_table_and_a_picture_are_for_people() {
    let cluster = Cluster::start(3).await;
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let picture = folder.path().join("bench.svg");
    let plot = picture.to_str().expect("a temporary path is text");
    let arguments = ["enqueue", "batch", "--concurrency", "2", "--plot", plot];
    let arguments: Vec<_> = arguments.into_iter().chain(SHORT).collect();
    let ran = bench(cluster.client(1).base(), &arguments).await.ok();
    for word in ["SCENARIO", "TASKS/S", "P99.9 MS", "SERVER CPU S/1000", "enqueue", "batch"] {
        assert!(ran.stdout.contains(word), "{word} is missing in\n{}", ran.stdout);
    }
    assert_eq!(ran.stderr, "", "a bar is for terminals only");
    let svg = fs::read_to_string(&picture).expect("the picture is there");
    assert_well_formed(&svg);
    assert_eq!(svg.matches("<polyline").count(), 4, "two curves in each of two panels");
}

/// Every element is closed in the order in which it was opened.
fn assert_well_formed(svg: &str) {
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("every tag ends");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().expect("a tag has a name");
        assert_eq!(tag.matches('"').count() % 2, 0, "an attribute is not closed in {tag}");
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => assert_eq!(open.pop(), Some(name), "in {svg}"),
            (false, true) => {}
            (false, false) => open.push(name),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
}

#[tokio::test]
async fn a_dying_leader_of_its_own_costs_a_gap_and_no_task() {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let options = ["failover", "--cluster", "--rounds", "1", "--concurrency", "4"];
    let mut command = ferry_command(&["bench"]);
    command.args(options).args(["--warmup", "0.5", "--json"]).env("TMPDIR", folder.path());
    let run = tokio::task::spawn_blocking(move || command.output().expect("the executable runs"));
    let output = run.await.expect("the command runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    let failover = &document["failovers"][0];
    assert_eq!((&failover["missing"], &failover["doubled"]), (&0.into(), &0.into()));
    let gap = failover["rounds"][0]["longest_gap_ms"].as_f64().expect("a number");
    assert!(gap > 1.0, "the death of a leader cannot go unnoticed: {failover}");
    assert!(failover["acknowledged"].as_u64() > Some(10), "{failover}");
    let left: Vec<_> = fs::read_dir(folder.path()).expect("it is there").flatten().collect();
    assert!(left.is_empty(), "{left:?} was left behind");
}

#[tokio::test]
async fn bad_input_is_refused_before_anything_is_measured() {
    let nobody = "http://127.0.0.1:1";
    for line in [
        "sprint",
        "enqueue --concurrency 0",
        "enqueue --concurrency 1,x",
        "batch --batch 1001",
        "enqueue --seconds -1",
        "enqueue --seconds soon",
        "mixed --rate 0",
        "enqueue --payload-bytes 2000000",
        "backlog --waiting 0",
    ] {
        let ran = bench(nobody, &line.split(' ').collect::<Vec<_>>()).await;
        assert_eq!(ran.code, Some(2), "{line}: {}", ran.stderr);
    }
    for (line, words) in [
        ("enqueue", "cannot connect to http://127.0.0.1:1"),
        ("enqueue --seconds 0", "--seconds must be more than 0"),
        ("failover", "add --cluster"),
        ("enqueue --plot /nowhere/a.svg", "cannot write /nowhere/a.svg"),
        ("enqueue --server https://127.0.0.1:7101", "is not a URL like http://host:port"),
    ] {
        let ran = bench(nobody, &line.split(' ').collect::<Vec<_>>()).await;
        assert_eq!(ran.code, Some(1), "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{line}: {}", ran.stderr);
    }
}
