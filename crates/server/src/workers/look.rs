//! A bounded look at the machine: who has room, what is ready, and which goes where.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use ferry_core::command::{AssignPolicy, Assignment, Session};
use ferry_core::{Machine, ReadyTask, Seen, WorkerView};
use ferry_scheduler::{Amounts, Paces, Policy, Round, Task};
use ferry_types::limits::DEQUEUE_BYTES_MAX;
use ferry_types::{QueueName, Timestamp};

use super::Streams;
use super::outlook::{Outlook, UnderWay};

/// Assignments in one entry, unless their payloads have [`DEQUEUE_BYTES_MAX`] before.
const BATCH_MAX: usize = 1_000;

/// What is to be done.
#[derive(Default)]
pub(super) struct Plan {
    /// What to assign, best first.
    pub(super) items: Vec<Assignment>,
    /// When a rate lets through what it alone holds back.
    pub(super) next_at: Option<Timestamp>,
}

impl Plan {
    /// Looks again at this time, or earlier.
    fn wait_for(&mut self, at: Option<Timestamp>) {
        self.next_at = [self.next_at, at].into_iter().flatten().min();
    }
}

/// Chooses a worker for each ready task that finds one among those with a stream. What it costs
/// grows with the workers that have room, or with the streams if these are fewer, and with the queues
/// that have tasks for them; not with all that there are. `now` is when it would be assigned, and what
/// is under way is taken to be applied by then.
pub(super) fn look(
    machine: &Machine,
    now: Timestamp,
    streams: &Streams,
    under_way: &UnderWay,
    paces: &Paces,
) -> Plan {
    let mut plan = Plan::default();
    let outlook = Outlook::new(machine, under_way);
    let mut views = takers(machine, streams, &outlook);
    let served: BTreeSet<&str> =
        views.iter().flat_map(|view| &view.settings.queues).map(String::as_str).collect();
    let queues = waiting_queues(machine, now, &served, &mut plan);
    if queues.is_empty() {
        return plan;
    }
    if queues.iter().any(|(_, policy)| matches!(policy, Policy::Spread(_))) {
        // What full workers have counts for their groups.
        views = connected(machine, streams);
    }
    let waiting: BTreeSet<&str> = queues.iter().map(|(queue, _)| queue.as_str()).collect();
    views.retain(|view| view.settings.queues.iter().any(|queue| waiting.contains(queue.as_str())));
    let workers = views.iter().map(|view| outlook.worker(view)).collect();
    let mut round = Round::new(workers, paces);
    let mut bytes = 0;
    for (queue, policy) in queues {
        let see = |ready: ReadyTask<'_>| {
            let is_enough = plan.items.len() >= BATCH_MAX || bytes >= DEQUEUE_BYTES_MAX;
            if is_enough || round.is_full() {
                return Seen::Enough;
            }
            if under_way.assigned.contains_key(&ready.id) {
                return Seen::Taken;
            }
            let task = task(queue, &policy, &ready);
            let Some(place) = round.give(&task) else { return Seen::FitsNobody };
            let WorkerView { name, session, .. } = views[place];
            let to = Session { worker: name.to_owned(), session };
            bytes += ready.payload_bytes;
            plan.items.push(Assignment { task: ready.id.get(), to });
            Seen::Taken
        };
        let not_before = machine.look(queue.as_str(), now, see);
        plan.wait_for(not_before);
    }
    plan
}

/// The workers with a stream that may get a lease more.
fn takers<'a>(
    machine: &'a Machine,
    streams: &Streams,
    outlook: &Outlook<'a>,
) -> Vec<WorkerView<'a>> {
    let open = machine.open_workers();
    let mut views: Vec<_> = if open.len() <= streams.len() {
        open.chain(outlook.opening()).filter(|view| streams.is_open(view.name)).collect()
    } else {
        connected(machine, streams)
    };
    views.retain(|view| outlook.free_slots(view) > 0);
    views
}

/// All workers with a stream that do not drain.
fn connected<'a>(machine: &'a Machine, streams: &Streams) -> Vec<WorkerView<'a>> {
    let names = streams.workers().into_iter();
    names.filter_map(|name| machine.worker(&name)).filter(|view| !view.draining).collect()
}

/// The queues with a task to assign to whom they are served by, that with the most urgent and oldest
/// first, so that no queue keeps the others waiting.
fn waiting_queues<'a>(
    machine: &'a Machine,
    now: Timestamp,
    served: &BTreeSet<&str>,
    plan: &mut Plan,
) -> Vec<(&'a QueueName, Policy)> {
    let mut queues = Vec::new();
    let assigning = machine.assigning_queues();
    for (queue, policy) in assigning.filter(|(queue, _)| served.contains(queue.as_str())) {
        match machine.next_up(queue.as_str(), now) {
            Ok((priority, id)) => {
                queues.push(((Reverse(priority), id), queue, self::policy(policy)))
            }
            Err(not_before) => plan.wait_for(not_before),
        }
    }
    queues.sort_by_key(|(first, ..)| *first);
    queues.into_iter().map(|(_, queue, policy)| (queue, policy)).collect()
}

fn policy(policy: &AssignPolicy) -> Policy {
    match policy {
        AssignPolicy::LeastLoaded(_) => Policy::LeastLoaded,
        AssignPolicy::BestFit(_) => Policy::BestFit,
        AssignPolicy::Spread(label) => Policy::Spread(label.clone()),
    }
}

fn task(queue: &QueueName, policy: &Policy, ready: &ReadyTask<'_>) -> Task {
    Task {
        queue: queue.as_str().to_owned(),
        policy: policy.clone(),
        resources: Amounts(ready.resources.cloned().unwrap_or_default()),
        selector: ready.selector.cloned().unwrap_or_default(),
        kind: ready.task_type.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use ferry_core::command::{
        Assign, BestFit, Command, Enqueue, Entry, LeastLoaded, NewTask, Proposal, PutQueue,
        PutWorker, QueueSettings, WorkerSettings,
    };
    use ferry_types::{LeaseId, LeaseToken, LogIndex, TaskId};

    use super::*;

    fn apply(machine: &mut Machine, command: Command) {
        let proposals = vec![Proposal { command: Some(command), idempotency: None }];
        let entry = Entry { proposals, ..Entry::default() };
        let applied = machine.apply(LogIndex::new(1), entry);
        assert!(applied.outcomes.iter().all(|outcome| outcome.result.is_ok()));
    }

    fn queue(machine: &mut Machine, name: &str, policy: AssignPolicy, tasks: usize) {
        let settings = QueueSettings { assign: Some(policy), ..QueueSettings::standard() };
        let put = PutQueue { queue: name.into(), settings };
        apply(machine, Command::PutQueue(Box::new(put)));
        let tasks = vec![NewTask::default(); tasks];
        let enqueue = Enqueue { queue: name.into(), tasks, create_queue: false };
        apply(machine, Command::Enqueue(enqueue));
    }

    fn worker(machine: &mut Machine, name: &str, slots: u32, zone: &str) {
        let labels = [("zone".to_owned(), zone.to_owned())].into();
        let queues = vec!["mail".to_owned()];
        let settings = WorkerSettings { queues, slots, labels, ..WorkerSettings::default() };
        apply(machine, Command::PutWorker(Box::new(PutWorker { worker: name.into(), settings })));
    }

    fn chosen(machine: &Machine, streams: &Streams) -> Vec<String> {
        let plan = look(machine, machine.now(), streams, &UnderWay::default(), &Paces::default());
        plan.items.into_iter().map(|item| item.to.worker).collect()
    }

    #[test]
    fn who_has_a_stream_and_room_is_chosen_however_few_of_either_there_are() {
        let mut machine = Machine::default();
        queue(&mut machine, "mail", AssignPolicy::BestFit(BestFit {}), 9);
        queue(&mut machine, "nobodys", AssignPolicy::BestFit(BestFit {}), 9);
        for name in ["a", "b", "c"] {
            worker(&mut machine, name, 2, "z");
        }
        let streams = Streams::default();
        assert!(chosen(&machine, &streams).is_empty());
        let _b = streams.open("b");
        assert_eq!(chosen(&machine, &streams), ["b", "b"], "two have room and no stream");
        let _a = streams.open("a");
        let assign =
            look(&machine, machine.now(), &streams, &UnderWay::default(), &Paces::default()).items;
        assert_eq!(assign.len(), 4);
        apply(&mut machine, Command::Assign(Assign { items: assign }));
        assert!(chosen(&machine, &streams).is_empty());
        let _others = ["c", "unknown"].map(|name| streams.open(name));
        assert_eq!(chosen(&machine, &streams), ["c", "c"], "two have a stream and no room");
    }

    #[test]
    fn a_lease_that_is_about_to_end_leaves_its_room() {
        let mut machine = Machine::default();
        queue(&mut machine, "mail", AssignPolicy::BestFit(BestFit {}), 9);
        worker(&mut machine, "a", 2, "z");
        worker(&mut machine, "b", 1, "z");
        let streams = Streams::default();
        let _streams = ["a", "b"].map(|name| streams.open(name));
        let assign =
            look(&machine, machine.now(), &streams, &UnderWay::default(), &Paces::default());
        apply(&mut machine, Command::Assign(Assign { items: assign.items }));
        assert!(chosen(&machine, &streams).is_empty(), "all are full");
        let held = machine.worker("a").expect("it is there").held;
        let lease = held.first().and_then(|id| machine.task(*id)).expect("it has tasks");
        let token = LeaseToken::new(lease.row.token.expect("it is leased"));
        let ending = |token| {
            let lease = LeaseId { task: TaskId::new(lease.row.id), token };
            UnderWay { ending: BTreeSet::from([lease]), ..UnderWay::default() }
        };
        let chosen = |ending: UnderWay| {
            let plan = look(&machine, machine.now(), &streams, &ending, &Paces::default());
            plan.items.into_iter().map(|item| item.to.worker).collect::<Vec<_>>()
        };
        assert_eq!(chosen(ending(token)), ["a"]);
        let another = LeaseToken::new(token.get() + 100);
        assert!(chosen(ending(another)).is_empty(), "another lease leaves nothing");
    }

    #[test]
    fn what_is_being_assigned_is_neither_assigned_again_nor_leaves_room() {
        let mut machine = Machine::default();
        queue(&mut machine, "mail", AssignPolicy::LeastLoaded(LeastLoaded {}), 3);
        worker(&mut machine, "a", 2, "z");
        worker(&mut machine, "b", 2, "z");
        let streams = Streams::default();
        let _streams = ["a", "b"].map(|name| streams.open(name));
        let choose = |machine: &Machine, under_way: &[Assignment]| {
            let under_way = UnderWay::new(BTreeSet::new(), under_way.iter());
            look(machine, machine.now(), &streams, &under_way, &Paces::default()).items
        };
        let all = choose(&machine, &[]);
        let to = |item: &Assignment| item.to.worker.clone();
        assert_eq!(all.iter().map(to).collect::<Vec<_>>(), ["a", "b", "a"]);
        let rest = choose(&machine, &all[1..]);
        assert_eq!((rest.len(), rest[0].task), (1, all[0].task));
        assert_eq!(rest[0].to.worker, "a", "b has one and a another");
        assert!(choose(&machine, &all).is_empty());
        // Once it is applied it counts no more.
        apply(&mut machine, Command::Assign(Assign { items: all[..2].to_vec() }));
        assert_eq!(choose(&machine, &all[..2]).len(), 1);
    }

    #[test]
    fn a_full_worker_counts_for_its_group() {
        let mut machine = Machine::default();
        queue(&mut machine, "mail", AssignPolicy::Spread("zone".into()), 4);
        worker(&mut machine, "full", 3, "one");
        let streams = Streams::default();
        let _full = streams.open("full");
        let assign =
            look(&machine, machine.now(), &streams, &UnderWay::default(), &Paces::default()).items;
        apply(&mut machine, Command::Assign(Assign { items: assign }));
        worker(&mut machine, "idle", 2, "one");
        worker(&mut machine, "other", 5, "two");
        let _others = ["idle", "other"].map(|name| streams.open(name));
        assert_eq!(chosen(&machine, &streams), ["other"]);
    }
}
