//! Registered workers on the command line.

use ferry_tests::wait::{self, PATIENCE};
use ferry_tests::{Cluster, ferry};
use serde_json::json;

#[tokio::test]
async fn a_registered_command_runs_what_is_assigned_through_the_death_of_the_leader() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let client = cluster.client(cluster.others(leader)[0]);
    let server = client.base().to_owned();
    ferry(&server, &["queues", "put", "video", "--assign", "best_fit"], "").ok();
    let numbers: Vec<String> = (0..60).map(|number| number.to_string()).collect();
    let options = ["--resource", "gpu=1", "--select", "zone=a"];
    let enqueue = [&["enqueue", "video", "-"][..], &options].concat();
    ferry(&server, &enqueue, &numbers.join("\n")).ok();
    let worker = tokio::task::spawn_blocking(move || {
        let registered = ["--slots", "8", "--resources", "gpu=4", "--labels", "zone=a,disk=fast"];
        let named = ["work", "video", "--worker", "encoder", "--drain", "--json"];
        let command = ["--", "sh", "-c", "cat; sleep 0.1"];
        ferry(&server, &[&named[..], &registered, &command].concat(), "")
    });
    wait::until("some to be done", PATIENCE, async || {
        let worker = client.get("/v1/workers/encoder").await;
        if worker.status == 200 {
            let used = &worker.body["load"]["resources"]["gpu"];
            assert!(used.as_u64().unwrap_or(0) <= 4, "{}", worker.text);
        }
        (client.count("video", "succeeded").await >= 10).then_some(())
    })
    .await;
    let list = ferry(client.base(), &["workers"], "").ok().stdout;
    assert!(
        list.contains("encoder") && list.contains("/8") && list.contains("disk=fast"),
        "{list}"
    );
    cluster.node(leader).kill();
    let ran = worker.await.expect("it does not panic").ok();
    let handled = ran.json_lines();
    let done = handled.iter().filter(|line| line["outcome"] == "done").count();
    assert_eq!(done, 60, "each is run once: {}", ran.stderr);
    assert_eq!(client.count("video", "succeeded").await, 60);
    client.get("/v1/workers/encoder").await.expect_problem(404, "worker_not_found");
    assert_eq!(client.put("/v1/workers/w", json!({})).await.status, 201);
    ferry(client.base(), &["workers", "drain", "w"], "").ok();
    assert_eq!(client.get("/v1/workers/w").await.expect(200)["draining"], true);
    ferry(client.base(), &["workers", "delete", "w"], "").ok();
    assert_eq!(ferry(client.base(), &["workers", "show", "w"], "").code, Some(1));
}
