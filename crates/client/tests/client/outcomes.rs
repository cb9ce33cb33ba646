//! What the client repeats, and what it says about the outcome (G12).

use std::time::Duration;

use crate::fake::{Fake, Reply, dead_url};
use ferry_api::{AddNode, Code, NewTask, PageQuery, TasksQuery};
use ferry_client::{Cause, Client, Error};
use ferry_types::{NodeId, QueueName};

const TASK: &str = r#"{"id":"t7","queue":"mail","state":"ready","priority":4,"attempt":0,"enqueued_at":"2026-01-02T03:04:05.678Z","payload":1,"index":12}"#;

fn client(urls: &[&str]) -> Client {
    let builder = Client::builder().servers(urls.iter().copied());
    builder
        .timeout(Duration::from_millis(300))
        .try_timeout(Duration::from_millis(100))
        .build()
        .expect("the URLs are valid")
}

fn mail() -> QueueName {
    "mail".parse().expect("valid")
}

fn task() -> NewTask {
    NewTask::bytes(b"x")
}

#[tokio::test]
async fn a_dead_server_is_passed_over_and_remembered() {
    let dead = dead_url().await;
    let fake = Fake::start(|_, _| Reply::Json(201, TASK.to_owned())).await;
    let client = client(&[&dead, &fake.url]);
    for _ in 0..2 {
        let task = client.enqueue(&mail(), task()).await.expect("the second server takes it");
        assert_eq!(task.id.to_string(), "t7");
    }
    let seen = fake.seen();
    assert_eq!(seen[0].line, "POST /v1/queues/mail/tasks");
    assert_ne!(seen[0].key, seen[1].key, "each write has a key of its own");
}

#[tokio::test]
async fn a_write_that_may_be_done_is_repeated_under_its_key() {
    for fault in [|| Reply::Close, || Reply::problem(Code::OutcomeUnknown), || Reply::Hang] {
        let fake = Fake::start(move |number, _| match number {
            0 => fault(),
            _ => Reply::Json(201, TASK.to_owned()),
        });
        let fake = fake.await;
        let client = Client::builder().server(&fake.url).try_timeout(Duration::from_millis(50));
        let client = client.build().expect("valid");
        client.enqueue(&mail(), task()).await.expect("the repeat is answered");
        let seen = fake.seen();
        assert_eq!(seen.len(), 2);
        assert!(seen[0].key.is_some());
        assert_eq!((&seen[0].key, &seen[0].body), (&seen[1].key, &seen[1].body));
    }
}

#[tokio::test]
async fn what_was_refused_before_it_was_taken_is_not_written() {
    for code in [Code::NoLeader, Code::ShuttingDown, Code::TooManyConnections] {
        let fake = Fake::start(move |_, _| Reply::problem(code)).await;
        let error = client(&[&fake.url]).enqueue(&mail(), task()).await.expect_err("refused");
        let Error::NotWritten { cause: Cause::Problem { problem, .. } } = error else {
            panic!("{code}: {error:?}");
        };
        assert_eq!(problem.code, code);
        assert!(fake.seen().len() > 1, "{code} was not repeated");
    }
    let error = client(&[&dead_url().await]).enqueue(&mail(), task()).await.expect_err("dead");
    assert!(matches!(error, Error::NotWritten { cause: Cause::Connection { .. } }), "{error:?}");
}

#[tokio::test]
async fn once_a_write_may_be_done_it_stays_unknown() {
    let fake = Fake::start(|number, _| match number {
        0 => Reply::Close,
        _ => Reply::problem(Code::NoLeader),
    });
    let fake = fake.await;
    let key: ferry_types::IdempotencyKey = "order-7".parse().expect("valid");
    let call = client(&[&fake.url]).enqueue(&mail(), task()).key(key.clone());
    let error = call.await.expect_err("never answered");
    let Error::Unknown { key: Some(told), .. } = &error else { panic!("{error:?}") };
    assert_eq!(told, &key);
    assert!(error.to_string().contains("order-7"), "{error}");
    assert!(fake.seen().iter().all(|seen| seen.key.as_deref() == Some("order-7")));
}

#[tokio::test]
async fn a_refusal_is_final() {
    for code in [Code::QueueFull, Code::InvalidArgument, Code::LeaseLost, Code::DiskFull] {
        let fake = Fake::start(move |_, _| Reply::problem(code)).await;
        let error = client(&[&fake.url]).enqueue(&mail(), task()).await.expect_err("refused");
        assert!(matches!(&error, Error::Refused(problem) if problem.code == code), "{error:?}");
        assert_eq!(error.to_string(), "try the other door");
        assert_eq!(fake.seen().len(), 1, "{code} was repeated");
    }
}

#[tokio::test]
async fn a_change_of_the_cluster_is_not_repeated_once_it_may_be_done() {
    let node = AddNode { id: NodeId::new(4), http: "h".to_owned(), peer: "p".to_owned() };
    let fake = Fake::start(|number, _| match number {
        0 => Reply::problem(Code::NoLeader),
        _ => Reply::Close,
    });
    let fake = fake.await;
    let error = client(&[&fake.url]).add_node(&node).await.expect_err("never answered");
    assert!(matches!(error, Error::Unknown { key: None, .. }), "{error:?}");
    assert_eq!(fake.seen().len(), 2);
    assert_eq!(fake.seen()[0].key, None);
}

#[tokio::test]
async fn a_read_is_repeated_and_never_unknown() {
    let list = r#"{"queues":[]}"#;
    let fake = Fake::start(move |number, _| match number {
        0 | 1 => Reply::Close,
        _ => Reply::Json(200, list.to_owned()),
    });
    let fake = fake.await;
    let client = client(&[&fake.url]);
    assert!(client.queues(&PageQuery::default()).await.expect("the repeat").queues.is_empty());
    let query = TasksQuery { queue: Some(mail()), limit: Some(5), ..TasksQuery::default() };
    let error = client.tasks(&query).await.expect_err("that is no list of tasks");
    assert!(matches!(error, Error::NotWritten { cause: Cause::Malformed { .. } }), "{error:?}");
    let last = fake.seen().pop().expect("it was asked");
    assert_eq!((last.line.as_str(), last.key), ("GET /v1/tasks?limit=5&queue=mail", None));
}

#[tokio::test]
async fn an_answer_that_is_not_ferrys_leaves_a_write_unknown() {
    let fake = Fake::start(|_, _| Reply::Json(502, "<html>".to_owned())).await;
    let error = client(&[&fake.url]).delete_queue(&mail(), true).await.expect_err("no node");
    let Error::Unknown { cause: Cause::Malformed { message, .. }, .. } = error else {
        panic!("{error:?}");
    };
    assert!(message.contains("502"), "{message}");
    assert_eq!(fake.seen()[0].line, "DELETE /v1/queues/mail?force=true");
}

#[tokio::test]
async fn learned_servers_are_asked_when_the_named_one_dies() {
    let other = Fake::start(|_, _| Reply::Json(201, TASK.to_owned())).await;
    let url = other.url.clone();
    let named = Fake::start(move |number, _| match number {
        0 => Reply::Json(
            200,
            format!(
                r#"{{"cluster_id":"c","leader":2,"term":1,"nodes":[{{"id":2,"http":"{url}","peer":"p","role":"leader","reachable":true}}]}}"#
            ),
        ),
        _ => Reply::Close,
    });
    let named = named.await;
    let client = client(&[&named.url]);
    client.learn_servers().await.expect("the named server answers");
    drop(named);
    client.enqueue(&mail(), task()).await.expect("the learned server takes it");
    assert_eq!(other.seen().len(), 1);
}

#[tokio::test]
async fn readiness_is_an_answer_not_an_error() {
    let fake = Fake::start(|number, _| match number {
        0 => Reply::Json(200, "{}".to_owned()),
        _ => Reply::problem(Code::NoLeader),
    });
    let fake = fake.await;
    let client = client(&[&fake.url]);
    assert!(client.ready().await.expect("answered"));
    assert!(!client.ready().await.expect("answered"));
}
