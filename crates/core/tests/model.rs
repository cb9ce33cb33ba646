//! Random histories, applied to the machine and to a reference that is too simple to be wrong.
//!
//! `PROPTEST_CASES` runs more of them. A failure prints its smallest history and writes its seed to
//! `model.failures`, which the next run replays first; the bug then becomes a script.

mod reference;
mod steps;
mod witness;

use std::collections::BTreeMap;

use ferry_core::rejection::DependencyCycle;
use ferry_core::reply::Done;
use ferry_core::{
    Applied, Effect, Machine, Offer, Outcome, Rejection, Reply, Seen, StateName, TaskFilter,
    WorkerView,
};
use ferry_types::{TaskId, Timestamp, WorkflowId};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use reference::workers::{Taker, WorkerFacts};
use reference::{Reference, Task};
use steps::past::Past;
use steps::{Step, step};
use witness::Witness;

/// Half as many on average. Histories may be empty, or else they could not shrink.
const STEPS_MAX: usize = 400;

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(300),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("failures"))),
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_machine_does_what_the_reference_does(history in prop::collection::vec(step(), 0..=STEPS_MAX)) {
        run(&history);
    }
}

fn run(history: &[Step]) {
    let mut witness = Witness::default();
    let mut reference = Reference::default();
    let (mut clock, mut past) = (0_u64, Past::default());
    for (step, index) in history.iter().zip(1..) {
        if step.restart {
            witness.restart();
        }
        clock = clock.saturating_add_signed(step.clock);
        past.tasks = witness.machine.next_task().get() - 1;
        past.schedules = reference.schedule_views();
        let entry = step.entry(clock, &past);
        let starved = starved(&reference);
        let expected = reference.apply(index, &entry);
        let applied = witness.apply(entry);
        assert_eq!(without_chance(&applied.outcomes), without_chance(&expected));
        past.go_on(&applied, &step.puts());
        adopt_chance(&mut reference, &witness.machine);
        assert_same(&witness, &reference, &applied);
        assert_woken(&witness.machine, &reference, &starved, &applied);
    }
}

/// Queues of which nothing can be taken: whoever asks waits.
fn starved(reference: &Reference) -> Vec<String> {
    let names = reference.queues.keys();
    names.filter(|name| reference.next(name, Taker::Anybody).is_err()).cloned().collect()
}

/// Whoever waited is woken if there is a task for him. Where a rate may hold tasks back, whoever is
/// woken looks, and wakes the next.
fn assert_woken(machine: &Machine, reference: &Reference, starved: &[String], applied: &Applied) {
    for name in starved.iter().filter(|name| !machine.may_be_rated(name)) {
        let is_its = |effect: &&Effect| matches!(effect, Effect::Wake { queue, .. } if queue.as_str() == *name);
        let woken = match applied.effects.iter().find(is_its) {
            Some(Effect::Wake { tasks, .. }) => *tasks,
            _ => 0,
        };
        let takeable = reference.taken_in_turn(name) as u64;
        assert!(woken >= takeable, "{takeable} of {name} can be taken, {woken} woken");
    }
}

/// Outcomes without the backoffs in them, which are compared with the tasks.
fn without_chance(outcomes: &[Outcome]) -> Vec<Outcome> {
    let mut outcomes = outcomes.to_vec();
    for outcome in &mut outcomes {
        // Which of several cycles is told, and from where, is for the machine to say.
        if let Err(Rejection::DependencyCycle(cycle)) = &mut outcome.result {
            *cycle = DependencyCycle::default();
        }
        if let Ok(Reply::TaskChanged(changed)) = &mut outcome.result {
            changed.row.run_at_ms = None;
        }
        if let Ok(Reply::Transacted(transacted)) = &mut outcome.result {
            for result in &mut transacted.results {
                if let Some(Done::Cancelled(changed)) = &mut result.done {
                    changed.row.run_at_ms = None;
                }
            }
        }
    }
    outcomes
}

/// Takes over the backoffs that the machine drew, if they are within bounds.
fn adopt_chance(reference: &mut Reference, machine: &Machine) {
    for task in reference.tasks.iter_mut().filter(|task| task.jitter > 0) {
        let jitter = std::mem::take(&mut task.jitter);
        let drawn = machine.task(TaskId::new(task.row.id)).and_then(|view| view.row.run_at_ms);
        let (Some(drawn), Some(expected)) = (drawn, task.row.run_at_ms) else { continue };
        assert!(drawn.abs_diff(expected) <= jitter, "{drawn} is more than {jitter} off {expected}");
        task.row.run_at_ms = Some(drawn);
    }
}

fn assert_same(witness: &Witness, reference: &Reference, applied: &Applied) {
    let machine = &witness.machine;
    assert_told(witness, reference);
    assert_eq!(machine.now().as_millis(), reference.now);
    // What is overdue is overdue, since whenever.
    let alarm = |at: Option<u64>| at.map(|at| at.max(reference.now));
    let next = machine.next_alarm().map(Timestamp::as_millis);
    assert_eq!(alarm(next), alarm(reference.next_alarm()));
    assert_tasks(witness, reference);

    let mut woken = BTreeMap::new();
    for effect in &applied.effects {
        if let Effect::Wake { queue, tasks } = effect {
            woken.insert(queue.to_string(), *tasks);
        }
    }
    assert_eq!(machine.queues(None, usize::MAX).len(), reference.queues.len());
    for (name, queue) in &reference.queues {
        let view = machine.queue(name).expect("the reference has the queue");
        assert_eq!(view.settings, queue.settings);
        assert_eq!(view.counts, reference.counts(name));
        assert_eq!(view.bytes, reference.bytes(name));
        let takeable = reference.takeable(name);
        let offer = |taker| match reference.next_of(&takeable, name, taker) {
            _ if !reference.has_room_for(taker) => Offer::Nothing,
            Ok(_) => Offer::Ready,
            Err(Some(at)) => Offer::NotBefore(Timestamp::from_millis(at)),
            Err(None) => Offer::Nothing,
        };
        for worker in [None, Some("w1"), Some("w2")] {
            let offer = offer(reference.taker(worker));
            assert_eq!(machine.offers(name, worker), Some(offer), "{name} offers {worker:?}");
        }
        let anybody = offer(Taker::Anybody);
        assert_look(machine, reference, name, &takeable);
        assert_eq!(machine.offers_anybody(name), Some(anybody), "{name} offers anybody");
        let woken = woken.remove(name).unwrap_or(0);
        let is_any = anybody != Offer::Nothing;
        assert!(woken >= reference.woken(name) || !is_any, "woken in {name}");
    }
    assert_eq!(woken, BTreeMap::new());
    let workflows = (1..machine.next_task().get())
        .filter_map(|first| Some((first, machine.workflow(WorkflowId::new(TaskId::new(first)))?)));
    assert_eq!(workflows.collect::<BTreeMap<_, _>>(), reference.views());
    let limits = machine.limits(None, usize::MAX).into_iter();
    let limits: Vec<_> = limits.map(|limit| (limit.name, limit.leased)).collect();
    assert_eq!(limits, reference.limits_in_use());
    assert_eq!(machine.schedules(None, usize::MAX), reference.schedule_views());
    assert_workers(machine, reference);
}

/// The scheduler sees what can be taken now, one task after the other; of a queue that does not assign
/// it sees nothing. Where several may want the same lock, or named limits count what comes of several
/// lines, it sees more, and less of keys whose next wants a lock.
fn assert_look(machine: &Machine, reference: &Reference, name: &str, takeable: &[(u64, &Task)]) {
    let mut seen = Vec::new();
    let more_at = machine.look(name, machine.now(), |task| {
        seen.push(task.id.get());
        Seen::Taken
    });
    if reference.queues[name].settings.assign.is_none() {
        return assert_eq!((seen, more_at), (Vec::new(), None));
    }
    let now = takeable.iter().filter(|(at, _)| *at <= reference.now).map(|(_, task)| *task);
    let now: Vec<&Task> = now.collect();
    let ready =
        reference.tasks.iter().filter(|task| task.queue == name && task.is(StateName::Ready));
    // One that was given back after its time is about to expire.
    let is_late = |task: &Task| task.row.ttl_ends_at_ms.is_some_and(|end| end <= reference.now);
    let is_plain =
        |task: &Task| !is_late(task) && task.row.locks.is_empty() && reference.is_unbound(task);
    if ready.clone().all(is_plain) {
        assert_eq!(seen, reference.taken_one_by_one(name), "a look at {name}");
    } else if !now.iter().any(|task| is_late(task)) {
        let first = reference.next_of(takeable, name, Taker::Anybody).ok();
        assert_eq!(seen.first().copied(), first);
    }
    if now.is_empty() {
        let at = takeable.iter().map(|(at, _)| Timestamp::from_millis(*at)).min();
        assert_eq!(more_at, at);
        // Nobody has to write anything for time to pass.
        let is_lasting = takeable.iter().all(|(_, task)| task.row.ttl_ends_at_ms.is_none());
        if let Some(at) = at.filter(|_| is_lasting) {
            let mut is_seen = false;
            machine.look(name, at, |_| {
                is_seen = true;
                Seen::Enough
            });
            assert!(is_seen, "nothing of {name} is seen at {at}");
        }
    }
    // All of it is ready and in time, and either may be taken as it is or follows one of its key.
    for (place, id) in seen.iter().enumerate() {
        let task = ready.clone().find(|task| task.row.id == *id).expect("what is shown is ready");
        let is_of_key = |id: &u64| {
            let other = reference.tasks.iter().find(|task| task.row.id == *id);
            task.row.key.is_some() && other.is_some_and(|other| other.row.key == task.row.key)
        };
        let may_be_taken = now.iter().any(|other| other.row.id == *id);
        assert!(may_be_taken || seen[..place].iter().any(is_of_key), "{id} in {seen:?}");
        assert!(!is_late(task) && !seen[..place].contains(id), "{id} in {seen:?}");
    }
}

/// Each worker's session and state, and what its leases hold and use.
fn assert_workers(machine: &Machine, reference: &Reference) {
    let view = |worker: WorkerView<'_>| WorkerFacts {
        name: worker.name.into(),
        session: worker.session,
        settings: worker.settings.clone(),
        draining: worker.draining,
        used: worker.used.clone(),
        held: worker.held.iter().map(|id| id.get()).collect(),
    };
    let workers: Vec<_> = machine.workers(None).map(view).collect();
    assert_eq!(workers, reference.worker_facts());
}

/// Each task's events, in order. The reference has no order among tasks that fall due together.
fn assert_told(witness: &Witness, reference: &Reference) {
    let Some(row) = witness.events().find(|row| row.index == reference.index) else { return };
    let (mut told, mut expected) = (row.events.clone(), reference.told.clone());
    told.sort_by_key(|event| event.task);
    expected.sort_by_key(|event| event.task);
    assert_eq!(told, expected);
}

fn assert_tasks(witness: &Witness, reference: &Reference) {
    let tasks = all_tasks(&witness.machine);
    let known: Vec<_> = reference.tasks.iter().filter(|task| !task.is_left_over()).collect();
    assert_eq!(tasks.len(), known.len());
    for (view, task) in tasks.iter().zip(known) {
        assert_eq!(view.queue.as_str(), task.queue);
        assert_eq!(view.row, task.row);
        let history = witness.machine.history(TaskId::new(task.row.id));
        assert_eq!(history.as_ref(), Some(&task.history));
        let result = witness.result(TaskId::new(task.row.id));
        assert_eq!(result.cloned().unwrap_or_default(), task.result);
    }
}

/// Every task, page by page.
fn all_tasks(machine: &Machine) -> Vec<ferry_core::TaskView> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = machine.tasks(&TaskFilter::default(), after, 7);
        all.extend(page);
        match next {
            Some(_) => after = next,
            None => return all,
        }
    }
}
