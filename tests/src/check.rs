//! Judges of histories. Each takes what clients saw and panics with the first contradiction to a
//! guarantee; the numbers S1 to S12 are those of the properties that a history can show.
//!
//! An empty history proves nothing, so each judgement begins with [`at_least`].

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::{Call, FaultKind, Grant, History, Met, Op, Outcome};

/// What a run must have seen for its verdict to mean anything.
#[derive(Clone, Copy, Debug)]
pub struct Minimum {
    /// Acknowledged enqueues.
    pub enqueues: usize,
    /// Acknowledged acks.
    pub acks: usize,
    /// Faults of this kind.
    pub faults: (FaultKind, usize),
}

/// All judgements of a run whose queue was drained; `tasks` are the documents that all nodes hold.
pub fn drained(history: &History, tasks: &[Value], minimum: Minimum) {
    at_least(history, minimum);
    let calls = history.calls();
    nothing_lost(&calls, tasks);
    nothing_from_nowhere(&calls, tasks);
    tokens_rise(&calls);
    one_live_lease(&calls);
    one_winning_ack(&calls);
    indexes_follow_time(&calls);
}

/// The run did enough.
pub fn at_least(history: &History, minimum: Minimum) {
    let calls = history.calls();
    let ok = |wanted: fn(&Op) -> bool| {
        calls.iter().filter(|call| call.outcome == Outcome::Ok && wanted(&call.op)).count()
    };
    let (kind, wanted) = minimum.faults;
    let faults = history.faults().iter().filter(|fault| fault.kind == kind).count();
    let enqueues = ok(|op| matches!(op, Op::Enqueue { .. }));
    let acks = ok(|op| matches!(op, Op::Ack { .. }));
    assert!(enqueues >= minimum.enqueues, "only {enqueues} enqueues were acknowledged");
    assert!(acks >= minimum.acks, "only {acks} acks were acknowledged");
    assert!(faults >= wanted, "only {faults} faults happened");
}

/// S1: every acknowledged enqueue is there in the end, succeeded.
pub fn nothing_lost(calls: &[Call], tasks: &[Value]) {
    let states: HashMap<_, _> = tasks
        .iter()
        .filter_map(|task| Some((task["id"].as_str()?, task["state"].as_str()?)))
        .collect();
    for call in calls.iter().filter(|call| call.outcome == Outcome::Ok) {
        let Op::Enqueue { payload, task: Some(task) } = &call.op else { continue };
        let state = states.get(task.as_str());
        assert_eq!(state, Some(&"succeeded"), "{task} with {payload} was acknowledged: {call:?}");
    }
}

/// S2 and S3: what is delivered or present was enqueued by somebody, as one task, with the
/// payload and under the id that its producer was told.
pub fn nothing_from_nowhere(calls: &[Call], tasks: &[Value]) {
    let mut asked = BTreeMap::new();
    for call in calls {
        let Op::Enqueue { payload, task } = &call.op else { continue };
        let twin = asked.insert(payload.as_str(), task.clone());
        assert!(twin.is_none(), "the workload used the payload {payload} twice");
    }
    let text = |task: &Value, field: &str| match task[field].as_str() {
        Some(text) => text.to_owned(),
        None => panic!("{field} is missing in {task}"),
    };
    let present: Vec<_> =
        tasks.iter().map(|task| (text(task, "id"), text(task, "payload"))).collect();
    let grants = grants(calls);
    let delivered = grants.iter().map(|(_, grant)| (grant.task.as_str(), grant.payload.as_str()));
    let mut id_of: BTreeMap<&str, &str> = BTreeMap::new();
    let present = present.iter().map(|(task, payload)| (task.as_str(), payload.as_str()));
    for (task, payload) in present.chain(delivered) {
        let told = asked.get(payload);
        assert!(told.is_some(), "nobody enqueued {task} with {payload}");
        if let Some(Some(told)) = told {
            assert_eq!(told, task, "{payload} was acknowledged under another id");
        }
        let first = id_of.entry(payload).or_insert(task);
        assert_eq!(*first, task, "{payload} was enqueued twice");
    }
}

/// S4: tokens are unique, and a lease granted after another was has the larger one.
pub fn tokens_rise(calls: &[Call]) {
    let mut seen = BTreeSet::new();
    let mut by_return: Vec<_> = grants(calls);
    for (_, grant) in &by_return {
        assert!(seen.insert(grant.token), "token {} was granted twice", grant.token);
    }
    let mut by_call = by_return.clone();
    by_return.sort_by_key(|(call, _)| call.returned);
    by_call.sort_by_key(|(call, _)| call.called);
    let mut returned = by_return.iter().peekable();
    let mut largest = 0;
    for (call, grant) in &by_call {
        while let Some((_, earlier)) =
            returned.next_if(|(earlier, _)| earlier.returned < call.called)
        {
            largest = largest.max(earlier.token);
        }
        assert!(grant.token > largest, "{grant:?} came after token {largest} was granted");
    }
}

/// S5: a task is leased again only when replicated time has passed the older lease's deadline; the
/// workload never gives a task back.
pub fn one_live_lease(calls: &[Call]) {
    for leases in by_task(calls).values() {
        for pair in leases.windows(2) {
            let (older, newer) = (pair[0], pair[1]);
            assert!(newer.granted_ms >= older.expires_ms, "{newer:?} overlaps {older:?}");
            assert!(newer.attempt > older.attempt, "{newer:?} follows {older:?}");
        }
    }
}

/// S6 and S7: one token wins a task's ack, and no lease comes after the winner.
pub fn one_winning_ack(calls: &[Call]) {
    let grants = by_task(calls);
    let mut winners: BTreeMap<&str, u64> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.outcome == Outcome::Ok) {
        let Op::Ack { task, token } = &call.op else { continue };
        let winner = winners.entry(task).or_insert(*token);
        assert_eq!(winner, token, "{task} was completed under two leases");
    }
    for (task, token) in winners {
        let leases = grants.get(task).map(Vec::as_slice).unwrap_or_default();
        assert!(leases.iter().any(|grant| grant.token == token), "{task} was acked unleased");
        let last = leases.iter().map(|grant| grant.token).max();
        assert_eq!(last, Some(token), "{task} was leased after its completion");
    }
}

/// The witness rule: a call that returned before another was made has no larger index.
pub fn indexes_follow_time(calls: &[Call]) {
    let mut by_return: Vec<_> = calls.iter().filter(|call| call.outcome == Outcome::Ok).collect();
    let mut by_call = by_return.clone();
    by_return.sort_by_key(|call| call.returned);
    by_call.sort_by_key(|call| call.called);
    let mut returned = by_return.iter().peekable();
    let mut largest = None;
    for call in by_call {
        while let Some(earlier) = returned.next_if(|earlier| earlier.returned < call.called) {
            largest = largest.max(earlier.index);
        }
        assert!(call.index >= largest, "index {largest:?} was shown before {call:?}");
    }
}

/// G9: clients see a delay and not an error. Only a node that a fault befell, from its beginning
/// to its end, may fail to answer, and only one that was asked to stop may answer 503.
pub fn no_errors_but_at_victims(history: &History) {
    let faults = history.faults();
    for call in history.calls() {
        for attempt in &call.attempts {
            let fault = faults.iter().find(|fault| {
                let ends_after = fault.until.is_none_or(|until| attempt.span.0 <= until);
                fault.node == attempt.node && fault.from <= attempt.span.1 && ends_after
            });
            let is_fine = match (attempt.met, fault.map(|fault| fault.kind)) {
                (Met::Status(503), Some(FaultKind::Terminated)) => true,
                (Met::Status(status), _) => status < 500,
                (Met::Failure(_), fault) => fault.is_some(),
            };
            assert!(is_fine, "{attempt:?} in {call:?}");
        }
    }
}

fn grants(calls: &[Call]) -> Vec<(&Call, &Grant)> {
    let of = |call| -> Vec<(&Call, &Grant)> {
        let call: &Call = call;
        match &call.op {
            Op::Dequeue { grants } => grants.iter().map(|grant| (call, grant)).collect(),
            Op::Enqueue { .. } | Op::Ack { .. } => Vec::new(),
        }
    };
    calls.iter().flat_map(of).collect()
}

/// The leases of each task in the order of their tokens.
fn by_task(calls: &[Call]) -> BTreeMap<&str, Vec<&Grant>> {
    let mut tasks: BTreeMap<&str, Vec<&Grant>> = BTreeMap::new();
    for (_, grant) in grants(calls) {
        tasks.entry(&grant.task).or_default().push(grant);
    }
    tasks.values_mut().for_each(|leases| leases.sort_by_key(|grant| grant.token));
    tasks
}
