//! A history of the machine that is the same whenever it is told, so that a state on disk can be
//! compared with the one it must be.

use bytes::Bytes;
use ferry_core::command::{
    Ack, Action, Dequeue, Enqueue, Idempotency, NewTask, Settle, Settlement, TableLimits,
};
use ferry_core::{Change, Command, Entry, Machine, Proposal, Reply, TaskFilter, TaskView};
use ferry_store::{LogId, Membership, State};
use ferry_types::{LogIndex, NodeId, TaskId};

use crate::writer;

/// A machine, and the next entry of its history.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) machine: Machine,
    pub(crate) applied: Option<LogId>,
    pub(crate) membership: (Option<LogId>, Membership),
    leased: Vec<(u64, u64)>,
}

/// What an entry brings to the disk.
pub(crate) struct Step {
    pub(crate) id: LogId,
    pub(crate) membership: Option<(Option<LogId>, Membership)>,
    pub(crate) changes: Vec<Change>,
}

impl History {
    /// The history up to an entry.
    pub(crate) fn until(applied: Option<LogId>) -> Self {
        let mut history = Self::default();
        while history.applied < applied {
            history.step();
        }
        history
    }

    /// Applies the next entry.
    pub(crate) fn step(&mut self) -> Step {
        let index = self.applied.map_or(1, |id| id.index.get() + 1);
        let id = LogId { term: 1 + index / 50, node: NodeId::new(1), index: LogIndex::new(index) };
        self.applied = Some(id);
        if index % 10 == 1 {
            self.membership = (Some(id), writer::membership(index));
            let membership = Some(self.membership.clone());
            return Step { id, membership, changes: Vec::new() };
        }
        let proposals = self
            .proposals(index)
            .into_iter()
            .map(|(command, key)| Proposal { command: Some(command), idempotency: key });
        let limits =
            TableLimits { idempotency_keys_max: 20, finished_tasks_max: 1000, events_max: 50 };
        let entry = Entry {
            at_ms: 1_000_000 + index,
            limits,
            proposals: proposals.collect(),
            node: 1 + index / 100,
        };
        let applied = self.machine.apply(id.index, entry);
        for outcome in applied.outcomes {
            if let Reply::Dequeued(reply) = outcome.result.expect("no command is refused") {
                self.leased.extend(reply.leases.iter().map(|lease| (lease.task, lease.token)));
            }
        }
        Step { id, membership: None, changes: applied.changes }
    }

    /// Applies the next entry and stores it.
    pub(crate) fn commit(&mut self, state: &State) {
        let step = self.step();
        state.commit(step.id, step.membership.as_ref(), &step.changes).expect("commit");
    }

    fn proposals(&mut self, index: u64) -> Vec<(Command, Option<Idempotency>)> {
        let key = Idempotency {
            key: format!("key-{index}"),
            fingerprint: Bytes::from(vec![index as u8; 16]),
            retention_ms: 60_000,
            forwarded: index.is_multiple_of(2),
        };
        let mut proposals = vec![(enqueue(index), Some(key))];
        if index.is_multiple_of(3) {
            proposals.push((dequeue(), None));
        }
        if index.is_multiple_of(4) && !self.leased.is_empty() {
            let leased = self.leased.drain(..);
            let items = leased.map(|(task, token)| ack(task, token, index)).collect();
            proposals.push((Command::Settle(Settle { items }), None));
        }
        proposals
    }

    /// The state must be this history, in memory and on disk.
    pub(crate) fn check(&self, machine: &Machine, state: &State) {
        machine.check().expect("the restored machine is whole");
        let expected = tasks(&self.machine);
        assert_eq!(tasks(machine), expected);
        assert_eq!(machine.next_task(), self.machine.next_task());
        assert_eq!(machine.now(), self.machine.now());
        let queue =
            |machine: &Machine| machine.queue("mail").map(|queue| (queue.counts, queue.bytes));
        assert_eq!(queue(machine), queue(&self.machine));
        for TaskView { row, .. } in expected {
            let id = TaskId::new(row.id);
            let payload = state.payloads(&[id]).expect("read a payload").remove(0);
            assert_eq!(payload, Some(payload_of(row.id)), "the payload of {id}");
            let result = state.result(id).expect("read a result");
            assert_eq!(result.is_some(), row.finished_at_ms.is_some(), "the result of {id}");
        }
    }
}

fn tasks(machine: &Machine) -> Vec<TaskView> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = machine.tasks(&TaskFilter::default(), after, 1000);
        all.extend(page);
        after = next;
        if after.is_none() {
            return all;
        }
    }
}

/// Every entry enqueues two tasks but those with a membership, so a task's number does not tell
/// its entry; its payload follows from its number.
fn enqueue(index: u64) -> Command {
    let first = first_task(index);
    let task = |id: u64| NewTask { payload: payload_of(id), priority: 4, ..Default::default() };
    let tasks = vec![task(first), task(first + 1)];
    Command::Enqueue(Enqueue { queue: "mail".into(), tasks, create_queue: true })
}

fn first_task(index: u64) -> u64 {
    let with_membership = index.div_ceil(10);
    1 + 2 * (index - with_membership - 1)
}

fn payload_of(task: u64) -> Bytes {
    Bytes::from(vec![task as u8; 100 + task as usize % 50])
}

fn dequeue() -> Command {
    let queues = vec!["mail".into()];
    Command::Dequeue(Dequeue { queues, max: 3, lease_ms: Some(10_000), ..Default::default() })
}

fn ack(task: u64, token: u64, index: u64) -> Settlement {
    let result = Bytes::from(format!("{{\"index\":{index}}}"));
    Settlement { task, token, action: Some(Action::Ack(Ack { result })) }
}
