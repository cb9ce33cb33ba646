use super::*;

fn parse(json: &str) -> serde_json::Result<WorkflowRequest> {
    serde_json::from_str(json)
}

fn check(json: &str) -> Result<Vec<CheckedWorkflowTask>, InvalidField> {
    parse(json).expect("well-formed").check(Timestamp::from_millis(0))
}

#[test]
fn a_payload_stays_as_it_came() {
    let json = r#"{"tasks":[{"ref":"a","queue":"q","payload":{"b":1,  "a":2},"priority":3},{"ref":"b","queue":"q","payload":1,"depends_on":["a","t7"]}]}"#;
    let request = parse(json).expect("well-formed");
    assert_eq!(serde_json::to_string(&request).expect("has a JSON form"), json);
}

#[test]
fn refs_are_places_and_go_before_ids() {
    let json = r#"{"tasks":[{"ref":"t7","queue":"q","payload":1,"depends_on":["z"]},{"ref":"z","queue":"q","payload":1,"depends_on":["t7","t8"]}]}"#;
    let checked = check(json).expect("in range");
    assert_eq!((&checked[0].after, &checked[0].task.depends_on), (&vec![1], &vec![]));
    let ids = vec![TaskId::new(8)];
    assert_eq!((&checked[1].after, &checked[1].task.depends_on), (&vec![0], &ids));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let cases = [
        (r#"{"tasks":[]}"#, "tasks must be 1 to 20000, not 0"),
        (
            r#"{"tasks":[{"ref":"a","queue":"q","payload":1},{"ref":"a","queue":"q","payload":1}]}"#,
            "tasks[1].ref must be its own, and a is that of tasks[0]",
        ),
        (
            r#"{"tasks":[{"ref":"a","queue":"q","payload":1,"depends_on":["b"]}]}"#,
            "tasks[0].depends_on[0] must be the ref of a task of the workflow, or a task id; it is neither",
        ),
        (
            r#"{"tasks":[{"ref":"a","queue":"q","payload":1,"unique":{"key":"u"}},{"ref":"b","queue":"q","payload":1,"unique":{"key":"u"}}]}"#,
            "tasks[1].unique.key is that of tasks[0] as well, in the same queue",
        ),
        (r#"{"tasks":[{"ref":"a","queue":"q"}]}"#, "tasks[0].payload is missing"),
        (
            r#"{"tasks":[{"ref":"a","queue":"q","payload":1,"priority":10}]}"#,
            "tasks[0].priority must be 0 to 9, not 10",
        ),
    ];
    for (json, start) in cases {
        let message = check(json).expect_err("is wrong").to_string();
        assert!(message.starts_with(start), "{message}");
    }
    let malformed = [
        (r#"{"tasks":[{"queue":"q","payload":1}]}"#, "missing field `ref`"),
        (r#"{"tasks":[{"ref":"a","payload":1}]}"#, "missing field `queue`"),
        (r#"{"tasks":[{"ref":"a","queue":"q","queue":"r"}]}"#, "duplicate field `queue`"),
        (r#"{"tasks":[{"ref":"a b","queue":"q","payload":1}]}"#, "a ref must be 1 to 80"),
        (r#"{"tasks":[{"ref":"a","queue":"q","colour":1}]}"#, "unknown field `colour`"),
    ];
    for (json, start) in malformed {
        let message = parse(json).expect_err("is wrong").to_string();
        assert!(message.starts_with(start), "{message}");
    }
}

#[test]
fn dependencies_have_a_limit_in_all() {
    let task = |place: usize, depends_on: usize| {
        let queue = "q".parse().expect("a name");
        let task_ref = format!("r{place}").parse().expect("a ref");
        let task = crate::NewTask::bytes(b"");
        WorkflowTask { task_ref, queue, task, depends_on: vec!["r0".into(); depends_on] }
    };
    let check = |dependencies: usize| {
        let each = limits::WORKFLOW_TASKS_MAX;
        let full = (1..=dependencies / each).map(|place| task(place, each));
        let tasks = full.chain([task(0, 0), task(9, dependencies % each)]).collect();
        WorkflowRequest { tasks }.check(Timestamp::from_millis(0)).map(|tasks| tasks.len())
    };
    assert_eq!(check(limits::WORKFLOW_DEPENDENCIES_MAX).ok(), Some(7));
    let refused = check(limits::WORKFLOW_DEPENDENCIES_MAX + 1).expect_err("too many");
    assert_eq!(refused.to_string(), "tasks must be at most 100000 dependencies in all, not 100001");
}

#[test]
fn only_a_task_of_a_workflow_depends_on_more_than_a_hundred() {
    let wide = |count: usize| vec!["\"t1\""; count].join(",");
    let alone = |count: usize| {
        let json = format!(r#"{{"payload":1,"depends_on":[{}]}}"#, wide(count));
        let task: crate::NewTask = serde_json::from_str(&json).expect("well-formed");
        task.check(Timestamp::from_millis(0))
    };
    assert!(alone(100).is_ok());
    let refused = alone(101).expect_err("too many");
    assert_eq!(refused.to_string(), "depends_on must be at most 100 tasks, not 101");
    let task = format!(r#"{{"ref":"a","queue":"q","payload":1,"depends_on":[{}]}}"#, wide(10_000));
    assert!(check(&format!(r#"{{"tasks":[{task}]}}"#)).is_ok());
}
