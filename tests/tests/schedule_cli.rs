//! Schedules on the command line.

use ferry_tests::{Cluster, ferry};
use serde_json::{Value, json};

#[tokio::test]
async fn schedules_are_put_shown_paused_resumed_and_deleted() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let run = |arguments: &[&str]| ferry(client.base(), arguments, "").ok();
    let json = |arguments: &[&str]| match &run(&[arguments, &["--json"]].concat()).json_lines()[..]
    {
        [line] => line.clone(),
        lines => panic!("one line, not {lines:?}"),
    };
    assert_eq!(run(&["schedules"]).stdout, "", "there is none");
    let cron = ["--cron", "0 9 * * MON-FRI", "--timezone", "Europe/Berlin"];
    let rules = ["--overlap", "skip", "--catch-up", "latest", "--jitter-ms", "500"];
    let put = ["schedules", "put", "report", r#"{"a": 1}"#, "--queue", "reports"];
    let put = json(&[&put[..], &cron, &rules].concat());
    let said = [("cron", cron[1]), ("timezone", cron[3]), ("overlap", "skip")];
    for (field, value) in said.into_iter().chain([("catch_up", "latest"), ("queue", "reports")]) {
        assert_eq!(put[field], value, "{put}");
    }
    assert_eq!((&put["jitter_ms"], &put["task"]["payload"]), (&json!(500), &json!({"a": 1})));
    assert!(put["next_at"].is_string(), "{put}");
    // What the command line cannot say stays when a schedule is paused and resumed.
    let poll = json!({"every_ms": 3_600_000, "queue": "polls", "catch_up": "all", "task":
        {"payload_base64": "/w==", "priority": 7, "labels": {"k": "v"}, "ttl_ms": 9_000, "key": "k",
        "unique": {"key": "u", "until": 5_000}, "locks": ["l"], "resources": {"gpu": 1}}});
    let poll = client.put("/v1/schedules/poll", poll).await.expect(201);

    let paused = json(&["schedules", "pause", "poll"]);
    assert_eq!((&paused["paused"], &paused["next_at"]), (&json!(true), &Value::Null));
    let list = run(&["schedules"]).stdout;
    let rows: Vec<Vec<_>> = list.lines().map(|row| row.split_whitespace().collect()).collect();
    let head = ["SCHEDULE", "QUEUE", "WHEN", "ZONE", "NEXT", "LAST", "SKIPPED"];
    assert_eq!(rows[0], head);
    assert_eq!(rows[1], ["poll", "polls", "every", "3600000", "ms", "-", "paused", "-", "-"]);
    assert_eq!(rows[2][..2], ["report", "reports"]);
    assert_eq!(rows[2][7..9], ["Europe/Berlin", put["next_at"].as_str().expect("it fires")]);
    assert_eq!(json(&["schedules", "resume", "poll"]), poll, "it goes on as it was");
    assert_eq!(json(&["schedules", "show", "report"]), put);
    let shown: Value = serde_json::from_str(&run(&["schedules", "show", "report"]).stdout)
        .expect("what people read is JSON, too");
    assert_eq!(shown, put);

    let deleted = run(&["schedules", "delete", "poll"]);
    assert_eq!((deleted.stdout.as_str(), deleted.stderr.as_str()), ("", "poll is deleted\n"));
    assert_eq!(json(&["schedules", "list"]), put, "the other is there");
}

#[tokio::test]
async fn a_schedule_that_cannot_be_is_refused_or_misused() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let put = ["schedules", "put", "s", "--queue", "q"];
    let cases: [(&[&str], i32, &str); 11] = [
        (&["schedules", "show", "none"], 1, "the schedule none does not exist"),
        (&["schedules", "pause", "none"], 1, "the schedule none does not exist"),
        (&["schedules", "resume", "none"], 1, "the schedule none does not exist"),
        (&["schedules", "delete", "none"], 1, "the schedule none does not exist"),
        (&[&put[..], &["--cron", "0 0 30 2 *"]].concat(), 1, "cron"),
        (&[&put[..], &["--cron", "0 9 * * *", "--timezone", "Mars"]].concat(), 1, "timezone"),
        (&[&put[..], &["--every-ms", "999"]].concat(), 1, "every_ms must be 1000 to"),
        (&put, 2, "--cron <EXPRESSION>|--every-ms <N>"),
        (&[&put[..], &["--every-ms", "1000", "--timezone", "UTC"]].concat(), 2, "--timezone"),
        (&[&put[..], &["--every-ms", "1000", "--overlap", "queue"]].concat(), 2, "allow, skip"),
        (&["schedules", "pause", "../s"], 2, "../s"),
    ];
    for (arguments, code, word) in cases {
        let ran = ferry(client.base(), arguments, "");
        assert_eq!(ran.code, Some(code), "ferry {arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(word), "ferry {arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "talk goes to stderr");
    }
    assert!(client.all_pages("/v1/schedules", "schedules", "").await.is_empty());
}
