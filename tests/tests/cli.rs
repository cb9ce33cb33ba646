//! The command line: a cluster on a laptop, work through it, and exit codes that can be relied on.

use std::collections::BTreeSet;

use ferry_tests::wait::{self, PATIENCE};
use ferry_tests::{Cluster, Dev, ferry};
use serde_json::{Value, json};

#[tokio::test]
async fn a_laptop_cluster_works_loses_a_leader_and_stops() {
    let mut dev = Dev::start(3).await;
    for node in 1..=3 {
        assert!(dev.printed().contains(&dev.url(node)), "{}", dev.printed());
    }
    let lines: Vec<_> = (0..300).map(|number| format!("line {number}")).collect();
    dev.run(&["enqueue", "mail", "-"], &lines.join("\n")).ok();
    let client = dev.client(1);
    assert_eq!(client.count("mail", "ready").await, 300);

    let leader = dev.status(1).await.and_then(|status| status.body["leader"].as_u64());
    let leader = u16::try_from(leader.expect("a ready cluster has a leader")).expect("1 to 3");
    dev.act("kill", leader).ok();
    dev.wait_gone(leader).await;
    let survivor = if leader == 1 { 2 } else { 1 };
    let worker = ["work", "mail", "--drain", "--concurrency", "4", "--", "cat"];
    ferry(&dev.url(survivor), &worker, "").ok();
    dev.act("start", leader).ok();
    dev.wait_ready(leader).await;

    let tasks = client.all_pages("/v1/tasks", "tasks", "&queue=mail").await;
    let results: BTreeSet<_> = tasks.iter().map(|task| text(&task["result"])).collect();
    let payloads: BTreeSet<_> = lines.iter().map(|line| json!(line).to_string()).collect();
    let plain: BTreeSet<_> = lines.iter().cloned().collect();
    assert!(results == payloads || results == plain, "results were {results:?}");
    assert!(tasks.iter().all(|task| task["state"] == "succeeded"), "not all are done");

    dev.interrupt().await;
    for node in 1..=3 {
        dev.wait_gone(node).await;
    }
}

#[tokio::test]
async fn the_nodes_die_with_their_parent_however_it_dies() {
    let mut dev = Dev::start(3).await;
    dev.kill();
    for node in 1..=3 {
        dev.wait_gone(node).await;
    }
}

#[tokio::test]
async fn the_parent_outlives_all_its_nodes() {
    let dev = Dev::start(3).await;
    for node in 1..=3 {
        dev.act("kill", node).ok();
        dev.wait_gone(node).await;
    }
    for node in 1..=3 {
        dev.act("start", node).ok();
    }
    for node in 1..=3 {
        dev.wait_ready(node).await;
    }
    let refused = dev.act("kill", 9);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
}

#[tokio::test]
async fn every_command_speaks_json_on_stdout() {
    let cluster = Cluster::start(1).await;
    let run = |arguments: &[&str]| ferry(cluster.client(1).base(), arguments, "").ok();
    let enqueued =
        one(&run(&["enqueue", "mail", "{\"a\": 1}", "--priority", "7", "--json"]).json_lines());
    let id = text(&enqueued["id"]);
    assert!(id.starts_with('t'), "{enqueued}");
    let task = one(&run(&["tasks", "show", &id, "--json"]).json_lines());
    assert_eq!((&task["payload"], &task["priority"]), (&json!({"a": 1}), &json!(7)));

    let leased = one(&run(&["dequeue", "mail", "--json"]).json_lines());
    let lease = text(&leased["lease"]["id"]);
    let acked = one(&run(&["ack", &lease, "--result", "[1]", "--json"]).json_lines());
    assert_eq!(acked["state"], "succeeded");
    let listed = one(&run(&["tasks", "--queue", "mail", "--json"]).json_lines());
    assert_eq!(listed["id"], id.as_str());
    assert_eq!(listed["result"], json!([1]));
    let queue = one(&run(&["queues", "--json"]).json_lines());
    assert_eq!(queue["queue"], "mail");
    let status = one(&run(&["cluster", "--json"]).json_lines());
    assert_eq!(status["leader"], 1);
}

#[tokio::test]
async fn operators_act_on_queues_and_tasks() {
    let cluster = Cluster::start(1).await;
    let run = |arguments: &[&str]| ferry(cluster.client(1).base(), arguments, "").ok();
    let json = |arguments: &[&str]| one(&run(&[arguments, &["--json"]].concat()).json_lines());
    let put = json(&["queues", "put", "mail", "--max-attempts", "1", "--ttl-ms", "3600000"]);
    assert_eq!(put["settings"]["ttl_ms"], 3_600_000);
    assert_eq!(json(&["queues", "pause", "mail"])["paused"], true);
    let enqueue = ["enqueue", "mail", "x", "--delay-ms", "3600000", "--ttl-ms", "5000"];
    let enqueued = json(&enqueue);
    assert_eq!(enqueued["ttl_ms"], 5_000);
    let id = text(&enqueued["id"]);
    assert_eq!(json(&["tasks", "run-now", &id])["state"], "ready");
    let history = run(&["tasks", "history", &id, "--json"]).json_lines();
    let changes: Vec<_> = history.iter().map(|change| text(&change["change"])).collect();
    assert_eq!(changes, ["enqueued", "run_now"]);
    assert!(run(&["queues"]).stdout.lines().any(|line| line.ends_with("yes")), "it is paused");
    assert_eq!(json(&["queues", "resume", "mail"])["paused"], false);

    let lease = text(&json(&["dequeue", "mail"])["lease"]["id"]);
    json(&["nack", &lease, "--error", "no route"]);
    let rehearsal = ["queues", "redrive", "mail", "--error", "route", "--dry-run"];
    assert_eq!(run(&rehearsal).stdout.trim(), "1 tasks of mail would be redriven");
    assert_eq!(json(&["queues", "redrive", "mail", "--label", "a=b"])["redriven"], 0);
    assert_eq!(json(&["tasks", "retry", &id])["state"], "ready");
    assert_eq!(json(&["tasks", "cancel", &id])["state"], "cancelled");
    let again = ferry(cluster.client(1).base(), &["tasks", "cancel", &id], "");
    assert_eq!(again.code, Some(1), "{}", again.stderr);
    assert_eq!(json(&["queues", "purge", "mail", "dead"])["purged"], 0);
    assert_eq!(
        run(&["queues", "purge", "mail", "all"]).stdout.trim(),
        "1 tasks of mail are removed"
    );
}

#[tokio::test]
async fn limits_are_put_shown_and_deleted() {
    let cluster = Cluster::start(1).await;
    let run = |arguments: &[&str]| ferry(cluster.client(1).base(), arguments, "").ok();
    let json = |arguments: &[&str]| one(&run(&[arguments, &["--json"]].concat()).json_lines());
    let flags = ["--queue", "mail", "--key", "ann", "--max-concurrency", "3"];
    json(&[&["limits", "put", "ann"][..], &flags].concat());
    let put = ["limits", "put", "smtp", "--type", "send", "--rate", "2.5", "--burst", "4"];
    let put = json(&put);
    let rate = json!({"per_second": 2.5, "burst": 4});
    assert_eq!((&put["match"], &put["rate"]), (&json!({"type": "send"}), &rate));
    assert_eq!(json(&["limits", "show", "smtp"]), put);
    let table = run(&["limits"]).stdout;
    let rows: Vec<Vec<_>> = table.lines().map(|row| row.split_whitespace().collect()).collect();
    assert_eq!(rows[1], ["ann", "mail", "ann", "-", "0", "3", "-", "-"]);
    assert_eq!(rows[2], ["smtp", "-", "-", "send", "0", "-", "2.5", "4"]);
    run(&["limits", "delete", "smtp"]);
    assert_eq!(json(&["limits"])["limit"], "ann");
}

#[tokio::test]
async fn workflows_are_submitted_shown_and_cancelled() {
    let cluster = Cluster::start(1).await;
    let submit = json!({"tasks": [
        {"ref": "a", "queue": "mail", "payload": 1},
        {"ref": "b", "queue": "post", "payload": 2, "depends_on": ["a"]},
    ]});
    let base = cluster.client(1).base().to_owned();
    let run = |arguments: &[&str], stdin: &str| ferry(&base, arguments, stdin);
    let id = run(&["workflows", "submit", "-"], &submit.to_string()).ok().stdout;
    let id = id.trim();
    let shown = run(&["workflows", "show", id], "").ok().stdout;
    let rows: Vec<Vec<_>> = shown.lines().map(|row| row.split_whitespace().collect()).collect();
    assert_eq!(rows[0][..3], [id, "running:", "0"]);
    assert_eq!(rows[2], ["a", "t1", "mail", "ready", "0", "-"]);
    assert_eq!(rows[3], ["b", "t2", "post", "blocked", "0", "a"]);
    let cancelled = one(&run(&["workflows", "cancel", id, "--json"], "").ok().json_lines());
    assert_eq!(cancelled["state"], "cancelled");
    let refused = run(&["workflows", "submit", "-"], r#"{"tasks": [{"ref": "a"}]}"#);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("missing field `queue`"), "{}", refused.stderr);
}

#[tokio::test]
async fn a_forecast_is_printed() {
    let cluster = Cluster::start(1).await;
    let run = |arguments: &[&str]| ferry(cluster.client(1).base(), arguments, "").ok();
    run(&["enqueue", "mail", "1"]);
    let flags = ["forecast", "mail", "--slo-ms", "5000", "--workers", "3"];
    let forecast = one(&run(&[&flags[..], &["--json"]].concat()).json_lines());
    assert_eq!((&forecast["slo_ms"], &forecast["workers"]), (&json!(5_000), &json!(3)));
    let text = run(&flags).stdout;
    for line in ["workers         3", "workers needed  1", "mean wait       -"] {
        assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
    }
    let refused = ferry(cluster.client(1).base(), &["forecast", "mail", "--workers", "0"], "");
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
}

#[tokio::test]
async fn an_enqueue_says_what_a_task_is_bound_to() {
    let cluster = Cluster::start(1).await;
    let server = cluster.client(1).base().to_owned();
    let first = ferry(&server, &["enqueue", "mail", "1"], "").ok().stdout.trim().to_owned();
    let flags = "--key ann --lock smtp --lock disk --unique welcome --unique-ms 5000 --depends-on";
    let flags: Vec<&str> =
        flags.split(' ').chain([&*first, "--run-on-dependency-failure"]).collect();
    let arguments = [&["enqueue", "mail", "2", "--json"][..], &flags].concat();
    let task = one(&ferry(&server, &arguments, "").ok().json_lines());
    let expected = json!({
        "key": "ann", "locks": ["disk", "smtp"], "unique": {"key": "welcome", "until": 5_000},
        "depends_on": [first], "on_dependency_failure": "run", "state": "blocked",
    });
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&task[field], value, "{field} of {task}");
    }
    let again = ferry(&server, &["enqueue", "mail", "3", "--unique", "welcome"], "");
    assert_eq!(again.code, Some(1), "{}", again.stderr);
    let lines = ferry(&server, &["enqueue", "mail", "-", "--unique", "one"], "1\n2\n");
    assert!(lines.stderr.contains("--unique"), "{}", lines.stderr);
    assert_eq!(lines.code, Some(1), "{}", lines.stderr);
}

#[tokio::test]
async fn a_failed_command_gives_its_task_back_with_the_end_of_stderr() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let id = client.enqueue("mail", json!({"payload": 1, "max_attempts": 1})).await;
    let script = "echo $FERRY_TASK_ID $FERRY_QUEUE $FERRY_ATTEMPT >&2; exit 3";
    let worker = ["work", "mail", "--drain", "--", "sh", "-c", script];
    ferry(client.base(), &worker, "").ok();
    let task = client.task(&id).await;
    assert_eq!(task["state"], "dead");
    let error = text(&task["last_error"]);
    assert!(error.contains(&format!("{id} mail 1")), "{error}");
}

#[tokio::test]
async fn pain_19_a_running_command_ends_when_its_task_is_cancelled() {
    let cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let id = client.enqueue("mail", json!({"payload": 1})).await;
    let server = cluster.client(2).base().to_owned();
    let worker = tokio::task::spawn_blocking(move || {
        let arguments = ["work", "mail", "--drain", "--lease-ms", "900", "--", "sleep", "600"];
        ferry(&server, &arguments, "")
    });
    let is_held = async || (client.state(&id).await == "leased").then_some(());
    wait::until("the command to run", PATIENCE, is_held).await;
    client.delete(&format!("/v1/tasks/{id}")).await.expect(200);
    let ran = worker.await.expect("a worker does not panic").ok();
    assert!(ran.stderr.contains("cancelled"), "{}", ran.stderr);
    let task = client.task(&id).await;
    assert_eq!((&task["state"], task.get("lease")), (&json!("cancelled"), None));
}

#[tokio::test]
async fn exit_codes_tell_refused_from_misused() {
    let cluster = Cluster::start(1).await;
    let server = cluster.client(1).base().to_owned();
    let cases: [(&[&str], i32, &str); 7] = [
        (&["ack", "l99.1"], 1, "l99.1"),
        (&["tasks", "show", "t99"], 1, "t99"),
        (&["queues", "show", "none"], 1, "none"),
        (&["dequeue", "none"], 1, "none"),
        (&["frobnicate"], 2, "frobnicate"),
        (&["enqueue"], 2, "QUEUE"),
        (&["serve", "--config", "/nowhere/ferry.toml"], 1, "/nowhere/ferry.toml"),
    ];
    for (arguments, code, word) in cases {
        let ran = ferry(&server, arguments, "");
        assert_eq!(ran.code, Some(code), "ferry {arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(word), "ferry {arguments:?}: {}", ran.stderr);
        assert!(ran.stdout.is_empty(), "talk goes to stderr: {}", ran.stdout);
        assert!(!ran.stderr.contains("backtrace"), "{}", ran.stderr);
    }
    let nobody = ferry("http://127.0.0.1:9", &["queues"], "");
    assert_eq!(nobody.code, Some(1), "{}", nobody.stderr);
    assert_eq!(nobody.stderr.trim_end().lines().count(), 1, "{}", nobody.stderr);
}

fn one(lines: &[Value]) -> Value {
    let [line] = lines else { panic!("one line, not {lines:?}") };
    line.clone()
}

fn text(value: &Value) -> String {
    value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string())
}
