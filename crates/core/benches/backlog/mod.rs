//! A machine with so many waiting tasks, and the entries that are applied to it.

pub(crate) mod scenario;

use bytes::Bytes;
use ferry_core::command::{
    Ack, Action, Assign, AssignPolicy, Assignment, Dequeue, Enqueue, LeastLoaded, NewTask,
    PutQueue, PutWorker, QueueSettings, Session, Settle, Settlement, TableLimits, WorkerSettings,
};
use ferry_core::reply::{AssignedItem, Lease};
use ferry_core::{Applied, Command, Entry, Machine, Outcome, Proposal, Reply, Seen};
use ferry_types::limits::{
    DEQUEUE_MAX, EVENTS_MAX, IDEMPOTENCY_KEYS_MAX, TASKS_PER_REQUEST_MAX, WORKER_SLOTS_MAX,
};
use ferry_types::{LogIndex, Priority};

use scenario::Wish;

const QUEUE: &str = "mail";
const PAYLOAD_BYTES: usize = 256;
/// Few, so that the table is full soon and an ack does all that it ever does.
const FINISHED_TASKS_MAX: u64 = 1_000;
/// Different keys or locks.
const NAMES: usize = 1_000;
/// Registered workers, where there are any.
const WORKERS: usize = 50;
/// Replicated time between two entries.
const STEP_MS: u64 = 1_000;

/// A machine with waiting tasks.
pub(crate) struct Backlog {
    machine: Machine,
    waiting: u64,
    wish: Wish,
    entries: u64,
    payload: Bytes,
    /// Leases that were granted since the tasks were last counted.
    held: Vec<Lease>,
    /// What the last entry did.
    applied: Applied,
}

impl Backlog {
    /// A machine with `waiting` ready tasks in one queue, each with a wish.
    pub(crate) fn new(waiting: u64, wish: Wish) -> Self {
        let mut backlog = Self {
            machine: Machine::default(),
            waiting,
            wish,
            entries: 0,
            payload: Bytes::from(vec![b'x'; PAYLOAD_BYTES]),
            held: Vec::new(),
            applied: Applied::default(),
        };
        let assign = (wish == Wish::Worker).then_some(AssignPolicy::LeastLoaded(LeastLoaded {}));
        let fair = wish == Wish::FairKey;
        let settings = QueueSettings { fair, assign, ..QueueSettings::standard() };
        backlog.run(Command::PutQueue(Box::new(PutQueue { queue: QUEUE.into(), settings })));
        backlog.level();
        backlog
    }

    /// Applies an entry. What the one before did is dropped by then if [`level`](Self::level) was
    /// called in between.
    pub(crate) fn apply(&mut self, entry: Entry) {
        self.applied = self.machine.apply(LogIndex::new(self.entries), entry);
    }

    /// The next entry, of these commands.
    fn entry(&mut self, commands: impl IntoIterator<Item = Command>) -> Entry {
        self.entries += 1;
        let proposal = |command| Proposal { command: Some(command), idempotency: None };
        Entry {
            at_ms: 1_800_000_000_000 + self.entries * STEP_MS,
            limits: TableLimits {
                idempotency_keys_max: IDEMPOTENCY_KEYS_MAX,
                finished_tasks_max: FINISHED_TASKS_MAX,
                events_max: EVENTS_MAX,
            },
            proposals: commands.into_iter().map(proposal).collect(),
            node: 1,
        }
    }

    /// Ends what is held, then adds or ends tasks until as many are waiting as there should be.
    fn level(&mut self) {
        self.note_leases();
        let held = std::mem::take(&mut self.held);
        self.run(settle(held.iter().map(|lease| (lease, Action::Ack(Ack::default())))));
        loop {
            let ready = self.machine.queue(QUEUE).map_or(0, |queue| queue.counts.ready);
            let (missing, surplus) =
                (self.waiting.saturating_sub(ready), ready.saturating_sub(self.waiting));
            if missing > 0 {
                let tasks = missing.min(TASKS_PER_REQUEST_MAX as u64);
                self.run(self.enqueue(tasks as usize));
            } else if surplus > 0 {
                self.run(dequeue(surplus.min(DEQUEUE_MAX.into()) as u32, Vec::new()));
                self.note_leases();
                let held = std::mem::take(&mut self.held);
                self.run(settle(held.iter().map(|lease| (lease, Action::Ack(Ack::default())))));
            } else {
                break;
            }
        }
        self.applied = Applied::default();
    }

    /// As many assignments of the first tasks, to registered workers in turn.
    fn assignments(&mut self, tasks: usize) -> Command {
        let names = (0..WORKERS).map(|number| format!("worker-{number}"));
        if self.machine.worker("worker-0").is_none() {
            names.clone().for_each(|name| self.run(put_worker(name)));
        }
        let mut to = Vec::new();
        for worker in names {
            let session = self.machine.worker(&worker).expect("it has registered").session;
            to.push(Session { worker, session });
        }
        let mut items = Vec::new();
        self.machine.look(QUEUE, self.machine.now(), |task| {
            let to = to[items.len() % WORKERS].clone();
            items.push(Assignment { task: task.id.get(), to });
            if items.len() == tasks { Seen::Enough } else { Seen::Taken }
        });
        Command::Assign(Assign { items })
    }

    /// Leases `tasks` tasks beyond those that are waiting.
    fn hold(&mut self, tasks: usize) -> Vec<Lease> {
        self.run(self.enqueue(tasks));
        self.run(dequeue(tasks as u32, Vec::new()));
        self.note_leases();
        assert_eq!(self.held.len(), tasks);
        self.held.clone()
    }

    fn run(&mut self, command: Command) {
        let entry = self.entry([command]);
        self.apply(entry);
    }

    /// Remembers what the last entry leased.
    fn note_leases(&mut self) {
        for Outcome { result, .. } in std::mem::take(&mut self.applied).outcomes {
            if let Ok(Reply::Dequeued(dequeued)) = &result {
                self.held.extend(&dequeued.leases);
            }
            if let Ok(Reply::Assigned(assigned)) = &result {
                self.held.extend(assigned.items.iter().filter_map(AssignedItem::lease));
            }
        }
    }

    fn enqueue(&self, tasks: usize) -> Command {
        let task = NewTask {
            payload: self.payload.clone(),
            priority: Priority::default().get().into(),
            ..NewTask::default()
        };
        let first = self.entries as usize;
        let tasks = (first..first + tasks).map(|n| wishing(task.clone(), self.wish, n % NAMES));
        let tasks = tasks.collect();
        Command::Enqueue(Enqueue { queue: QUEUE.into(), tasks, create_queue: true })
    }
}

fn wishing(mut task: NewTask, wish: Wish, name: usize) -> NewTask {
    match wish {
        Wish::Nothing | Wish::Worker => {}
        Wish::Key | Wish::FairKey => task.key = Some(format!("key-{name}")),
        Wish::Lock => task.locks = vec![format!("lock-{name}")],
    }
    task
}

fn dequeue(max: u32, settle: Vec<Settlement>) -> Command {
    let worker = Some("worker-1".into());
    Command::Dequeue(Dequeue { queues: vec![QUEUE.into()], max, lease_ms: None, worker, settle })
}

fn put_worker(worker: String) -> Command {
    let queues = vec![QUEUE.into()];
    let settings = WorkerSettings { queues, slots: WORKER_SLOTS_MAX, ..WorkerSettings::default() };
    Command::PutWorker(Box::new(PutWorker { worker, settings }))
}

fn settle<'a>(actions: impl Iterator<Item = (&'a Lease, Action)>) -> Command {
    Command::Settle(Settle { items: actions.map(settlement).collect() })
}

fn settlement((lease, action): (&Lease, Action)) -> Settlement {
    Settlement { task: lease.task, token: lease.token, action: Some(action) }
}
