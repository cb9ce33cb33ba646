//! Schedules: every firing exactly once, whoever leads; overlap, pause and catch-up over HTTP.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ferry_tests::{Client, Cluster, millis, wait};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

fn every(millis: u64) -> Value {
    json!({"every_ms": millis, "queue": "ticks", "task": {"payload": {}}})
}

fn with(mut settings: Value, field: &str, value: Value) -> Value {
    settings[field] = value;
    settings
}

async fn schedule(client: &Client, name: &str) -> Value {
    client.get(&format!("/v1/schedules/{name}")).await.expect(200)
}

/// Waits until a schedule has fired at `at` or later, in milliseconds since the epoch.
async fn fired(client: &Client, name: &str, at: u64) -> Value {
    wait::until("a firing", PATIENCE, async || {
        let request = client.request("GET", &format!("/v1/schedules/{name}"));
        let answer = request.attempt().await.ok().filter(|answer| answer.status == 200)?;
        let last = &answer.body["last_at"];
        (last.is_string() && millis(last) >= at).then_some(answer.body)
    })
    .await
}

/// The times of all firings that gave a task, by schedule.
async fn firings(client: &Client) -> BTreeMap<String, Vec<u64>> {
    let mut firings: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for task in client.all_pages("/v1/tasks", "tasks", "&queue=ticks").await {
        let name = task["firing"]["schedule"].as_str().expect("a firing's task says so");
        firings.entry(name.to_owned()).or_default().push(millis(&task["firing"]["at"]));
    }
    firings.values_mut().for_each(|times| times.sort_unstable());
    firings
}

/// Kills one leader after the other while schedules fire every second. `FERRY_SCHEDULE_SECONDS` has
/// it go on for as long, with 100 schedules and a kill every 5 seconds.
#[tokio::test]
async fn each_firing_is_done_once_whoever_leads() {
    let seconds = std::env::var("FERRY_SCHEDULE_SECONDS").ok().and_then(|text| text.parse().ok());
    let (schedules, kill_every, span) = match seconds {
        Some(seconds) => (100, 5_000, Duration::from_secs(seconds)),
        None => (20, 2_000, Duration::from_secs(8)),
    };
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let mut first = BTreeMap::new();
    for number in 0..schedules {
        let (name, catch_up) = (format!("s{number}"), ["none", "latest", "all"][number % 3]);
        let settings = with(every(1_000), "catch_up", json!(catch_up));
        let put = client.put(&format!("/v1/schedules/{name}"), settings).await.expect(201);
        first.insert(name, millis(&put["next_at"]));
    }
    let (begun, mut kills) = (Instant::now(), 0);
    let (mut asked, mut last) = (client, 0);
    while begun.elapsed() < span || kills < 3 {
        let document = fired(&asked, "s0", last + kill_every).await;
        last = millis(&document["last_at"]);
        let leader = cluster.leader().await;
        asked = cluster.kill_leader().await;
        cluster.leader_other_than(leader).await;
        cluster.restart(leader).await;
        kills += 1;
    }
    for name in first.keys() {
        fired(&asked, name, last).await;
        asked.delete(&format!("/v1/schedules/{name}")).await.expect(204);
    }
    let firings = firings(&asked).await;
    assert_eq!(firings.len(), schedules);
    for (name, times) in firings {
        let until = times.last().copied().expect("it has fired");
        assert!(until >= last, "{name} fired last at {until}, s0 at {last}");
        let expected: Vec<u64> = (first[&name]..=until).step_by(1_000).collect();
        assert_eq!(times, expected, "{name}, over {kills} leaders");
    }
}

#[tokio::test]
async fn a_schedule_is_shown_as_it_was_put_and_outlives_its_leader() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let task = json!({"payload": {"a": [1, 2]}, "type": "report", "labels": {"k": "v"},
        "priority": 7, "max_attempts": 2, "unique": {"key": "u", "until": "done"}});
    let settings = json!({"cron": "0 0 1 1 *", "timezone": "asia/tokyo", "queue": "reports",
        "task": task, "overlap": "skip", "catch_up": "latest", "jitter_ms": 5_000});
    let put = client.put("/v1/schedules/new-year", settings.clone()).await.expect(201);
    assert_eq!(put["timezone"], "Asia/Tokyo");
    let next = put["next_at"].as_str().expect("it fires");
    assert!(next.ends_with("-12-31T15:00:00.000Z"), "{next} is no new year in Tokyo");
    for field in ["cron", "queue", "task", "overlap", "catch_up", "jitter_ms"] {
        assert_eq!(put[field], settings[field], "{field}");
    }
    assert_eq!(put["paused"], false);
    client.put("/v1/schedules/fast", every(600_000)).await.expect(201);

    let survivor = cluster.kill_leader().await;
    assert_eq!(schedule(&survivor, "new-year").await, put);
    let again = survivor.put("/v1/schedules/new-year", settings).await.expect(200);
    assert_eq!(again, put, "what is put again goes on");
    let names: Vec<Value> = survivor.all_pages("/v1/schedules", "schedules", "").await;
    let names: Vec<&Value> = names.iter().map(|document| &document["schedule"]).collect();
    assert_eq!(names, ["fast", "new-year"]);
    let page = survivor.get("/v1/schedules?limit=1").await.expect(200);
    assert!(page["next_page_token"].is_string(), "{page}");
    survivor.delete("/v1/schedules/fast").await.expect(204);
    for answer in
        [survivor.get("/v1/schedules/fast").await, survivor.delete("/v1/schedules/fast").await]
    {
        answer.expect_problem(404, "schedule_not_found");
    }
}

#[tokio::test]
async fn without_overlap_the_next_waits_for_the_last() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.put_queue("ticks", json!({})).await;
    let settings = with(every(1_000), "overlap", json!("skip"));
    client.put("/v1/schedules/alone", settings).await.expect(201);
    let lease = client.take("ticks", 60_000).await;
    let skipped = wait::until("a firing that is skipped", PATIENCE, async || {
        let document = schedule(&client, "alone").await;
        document["last_skip"].is_object().then_some(document)
    })
    .await;
    assert_eq!(skipped["last_skip"]["reason"], "overlap");
    assert_eq!(skipped["last_task"], lease.task.as_str());
    assert_eq!(firings(&client).await["alone"].len(), 1);
    client.settle(&lease.id, "ack", json!({})).await.expect(200);
    let next = client.take("ticks", 60_000).await;
    assert_ne!(next.task, lease.task);
}

#[tokio::test]
async fn what_a_pause_held_back_is_caught_up_on_or_not() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(1);
    let settings = |catch_up: &str, paused: bool| {
        with(with(every(1_000), "catch_up", json!(catch_up)), "paused", json!(paused))
    };
    let path = |catch_up: &str| format!("/v1/schedules/{catch_up}");
    let ways = ["none", "latest", "all"];
    for way in ways {
        let put = client.put(&path(way), settings(way, true)).await.expect(201);
        assert!(put["next_at"].is_null() && put["paused"] == true, "{put}");
    }
    // Another schedule tells when some seconds of the pause are over.
    let clock = client.put("/v1/schedules/clock", every(1_000)).await.expect(201);
    let survivor = cluster.kill_leader().await;
    fired(&survivor, "clock", millis(&clock["next_at"]) + 4_000).await;
    assert_eq!(Vec::from_iter(firings(&survivor).await.into_keys()), ["clock"]);
    let mut resumed = 0;
    for way in ways {
        let put = survivor.put(&path(way), settings(way, false)).await.expect(200);
        resumed = resumed.max(millis(&put["next_at"]));
    }
    for way in ways {
        fired(&survivor, way, resumed + 1_000).await;
        survivor.delete(&path(way)).await.expect(204);
    }
    let firings = firings(&survivor).await;
    let gaps = |way: &str| {
        let pairs = firings[way].windows(2).map(|pair| pair[1] - pair[0]);
        pairs.collect::<Vec<_>>()
    };
    for way in ways {
        assert!(gaps(way).iter().all(|gap| *gap == 1_000), "{way}: {:?}", firings[way]);
    }
    let first = |way: &str| firings[way][0];
    for way in ["none", "latest"] {
        assert!(first("all") + 3_000 <= first(way), "{way} made up for it: {firings:?}");
    }
}

#[tokio::test]
async fn a_queue_that_takes_no_task_is_told_of_and_not_waited_for() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    client.put_queue("ticks", json!({"max_tasks": 1})).await;
    client.put("/v1/schedules/full", every(1_000)).await.expect(201);
    let document = wait::until("a firing that is refused", PATIENCE, async || {
        let document = schedule(&client, "full").await;
        document["last_skip"].is_object().then_some(document)
    })
    .await;
    assert_eq!(document["last_skip"]["reason"], "queue_full");
    assert!(millis(&document["next_at"]) > millis(&document["last_skip"]["at"]));
    let task = client.task(document["last_task"].as_str().expect("the first had room")).await;
    assert_eq!(task["firing"]["schedule"], "full");
    assert_eq!(task["firing"]["at"], document["last_at"]);
}

#[tokio::test]
async fn a_schedule_that_cannot_be_is_refused_where_it_goes_wrong() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let digest = async || client.get("/v1/cluster/digest").await.expect(200)["digest"].clone();
    client.put("/v1/schedules/there", every(3_600_000)).await.expect(201);
    let before = digest().await;
    let cron = |cron: &str, zone: &str| json!({"cron": cron, "timezone": zone, "queue": "ticks", "task": {"payload": 1}});
    for (body, field, position) in [
        (cron("0 0 30 2 *", "UTC"), "cron", Some(5)),
        (cron("0 0 31 4,6 *", "UTC"), "cron", Some(5)),
        (cron("61 * * * *", "UTC"), "cron", Some(1)),
        (cron("0 9 * * FOO", "UTC"), "cron", Some(9)),
        (cron("* * * *", "UTC"), "cron", Some(8)),
        (cron("@daily", "UTC"), "cron", Some(7)),
        (cron("0 9 * * *", "Europe/Berlln"), "timezone", Some(12)),
        (cron("0 9 * * *", ""), "timezone", Some(1)),
        (cron(&"1,".repeat(200), "UTC"), "cron", None),
        (with(every(1_000), "cron", json!("* * * * *")), "cron", None),
        (with(every(1_000), "timezone", json!("UTC")), "timezone", None),
        (every(999), "every_ms", None),
        (every(315_360_000_001), "every_ms", None),
        (with(every(1_000), "queue", json!("..")), "queue", None),
        (with(every(1_000), "queue", Value::Null), "queue", None),
        (with(every(1_000), "task", Value::Null), "task", None),
        (with(every(1_000), "task", json!({})), "task.payload", None),
        (with(every(1_000), "task", json!({"payload": 1, "delay_ms": 1})), "task.delay_ms", None),
        (with(every(1_000), "task", json!({"payload": 1, "priority": 10})), "task.priority", None),
        (with(every(1_000), "overlap", json!("queue")), "overlap", None),
        (with(every(1_000), "catch_up", json!("some")), "catch_up", None),
        (with(every(1_000), "jitter_ms", json!(86_400_001)), "jitter_ms", None),
    ] {
        let answer = client.put("/v1/schedules/there", body.clone()).await;
        let problem = answer.expect_problem(400, "invalid_argument");
        let named = problem["field"].as_str().unwrap_or_default();
        assert!(named.starts_with(field), "{body}: {problem}");
        assert_eq!(problem["position"].as_u64(), position, "{body}: {problem}");
    }
    let typo = client.put("/v1/schedules/there", with(every(1_000), "tz", json!("UTC"))).await;
    typo.expect_problem(400, "unknown_field");
    let name = client.put("/v1/schedules/%2e%2e", every(1_000)).await;
    assert_eq!(name.status, 400, "{}", name.text);
    assert_eq!(digest().await, before, "nothing changes");
}
