use super::*;

fn task(payload: &str) -> TaskDocument {
    let json = format!(
        r#"{{"id":"t7","queue":"mail","state":"leased","priority":4,"attempt":2,
        "enqueued_at":"2026-01-02T03:04:05Z",{payload},"index":1,
        "lease":{{"id":"l7.9","token":9,"attempt":2,"expires_at":"2026-01-02T03:05:05Z"}}}}"#
    );
    serde_json::from_str(&json).expect("valid")
}

async fn run(script: &str, payload: &str) -> Outcome {
    let command = ["sh", "-c", script].map(OsString::from).to_vec();
    match Program::new(command).run(&task(payload)).await {
        Ran::Ended(outcome) => outcome,
        Ran::NotRun => panic!("sh runs"),
    }
}

async fn done(script: &str, payload: &str) -> Option<String> {
    match run(script, payload).await {
        Outcome::Done(ack) => ack.result.map(|result| result.get().to_owned()),
        other @ (Outcome::Failed(_) | Outcome::Released) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn stdout_is_the_result() {
    let payload = r#""payload":{"a":  1}"#;
    assert_eq!(done("cat", payload).await.as_deref(), Some(r#"{"a":  1}"#));
    assert_eq!(done("wc -c | tr -d ' '", payload).await.as_deref(), Some("9"));
    assert_eq!(done("echo plain text", payload).await.as_deref(), Some("\"plain text\""));
    assert_eq!(done("true", payload).await, None);
    // A JSON string is its text, as `ferry enqueue` took it.
    let text = done("test \"$(cat)\" = 'a b' && echo it is", r#""payload":"a b""#).await;
    assert_eq!(text.as_deref(), Some("\"it is\""));
    assert_eq!(done("wc -c | tr -d ' '", r#""payload_base64":"AAH/""#).await.as_deref(), Some("3"));
}

#[tokio::test]
async fn a_long_stdout_is_cut() {
    let result = done("head -c 3000000 /dev/zero | tr '\\0' x", r#""payload":1"#).await;
    assert_eq!(result.map(|result| result.len()), Some(TEXT_BYTES_MAX + 2));
}

#[tokio::test]
async fn a_failure_tells_code_and_the_end_of_stderr() {
    let script = "echo $FERRY_TASK_ID $FERRY_QUEUE $FERRY_ATTEMPT $FERRY_LEASE >&2; exit 3";
    let Outcome::Failed(nack) = run(script, r#""payload":1"#).await else { panic!("it failed") };
    assert_eq!(nack.error.as_deref(), Some("exit code 3: t7 mail 2 l7.9"));
    let script = "seq 100000 >&2; exit 1";
    let Outcome::Failed(nack) = run(script, r#""payload":1"#).await else { panic!("it failed") };
    let error = nack.error.expect("it wrote");
    assert!(error.len() <= ERROR_BYTES_MAX + 20 && error.ends_with("100000"), "{error}");
    let Outcome::Failed(nack) = run("kill -9 $$", r#""payload":1"#).await else { panic!("killed") };
    assert_eq!(nack.error.as_deref(), Some("ended by signal 9"));
}

#[tokio::test]
async fn what_cannot_be_run_is_no_fault_of_the_task() {
    let program = Program::new(vec![OsString::from("/nowhere/program")]);
    assert!(matches!(program.run(&task(r#""payload":1"#)).await, Ran::NotRun));
    let why = program.why_not_run().expect("it was tried");
    assert!(why.starts_with("cannot run /nowhere/program: "), "{why}");
}

#[tokio::test]
async fn a_dropped_command_dies_with_its_children() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("pid");
    let script = format!("sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; wait", path.display());
    let command = ["sh", "-c", &script].map(OsString::from).to_vec();
    let program = Program::new(command);
    let task = task(r#""payload":1"#);
    let pid = tokio::select! {
        _ = program.run(&task) => panic!("it waits for its child"),
        pid = until(|| std::fs::read_to_string(&path).ok()) => pid,
    };
    let stat = format!("/proc/{}/stat", pid.trim());
    // A killed process that nobody has reaped yet is a zombie.
    let is_dead = || match std::fs::read_to_string(&stat) {
        Ok(stat) => stat.contains(") Z ").then_some(()),
        Err(_) => Some(()),
    };
    until(is_dead).await;
}

async fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "it did not come");
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
