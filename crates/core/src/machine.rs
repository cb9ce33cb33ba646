//! The machine's state, and how an entry is applied to it. A rule has its file: a command, or what
//! time alone brings about (`due`).

mod ack;
mod answers;
mod applying;
mod assign;
mod backoff;
mod bucket;
mod cancel;
mod cancel_workflow;
mod check;
mod choice;
mod cycle;
mod delete_limit;
mod delete_queue;
mod delete_schedule;
mod delete_worker;
mod deliver;
mod dependencies;
mod dequeue;
mod dirty;
mod drain_worker;
mod due;
mod end;
mod end_sessions;
mod enqueue;
mod events;
mod extend;
mod fire;
mod gate;
mod history;
mod history_query;
mod id_set;
mod journal;
mod kinds;
mod lane;
mod leaders;
mod limits;
mod line;
mod locks;
mod look;
mod measured;
mod member;
mod merged;
mod nack;
mod named;
mod needs;
mod order;
mod pages;
mod pause_queue;
mod pick;
mod purge;
mod put_limit;
mod put_queue;
mod put_schedule;
mod put_worker;
mod query;
mod queue;
mod queues;
mod rank;
mod rates;
mod redrive;
mod relane;
mod release;
mod restore;
mod restore_order;
mod restore_workflows;
mod retry;
mod rising;
mod run_now;
mod schedules;
mod settle;
mod standing;
mod stir;
mod submit_workflow;
mod taker;
mod task;
mod task_row;
mod task_state;
mod tasks;
mod traffic;
mod transact;
mod unique;
mod word;
mod worker;
mod worker_query;
mod workers;
mod workflow_query;
mod workflows;

use std::collections::BTreeMap;

use ferry_types::{LogIndex, TaskId, Timestamp};

use crate::row::CountersRow;
use crate::{Change, Effect, Entry, Rejection, Reply};
use answers::Answers;
use applying::Applying;
use leaders::Leaders;
use measured::Measured;
use queues::Queues;
use schedules::Schedules;
use tasks::Tasks;

pub use restore::Restoring;

/// What an entry did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// An outcome per proposal, in order.
    pub outcomes: Vec<Outcome>,
    /// Hints for the leader's shell, merged: at most one wake a queue, one of room a worker, and one
    /// alarm.
    pub effects: Vec<Effect>,
    /// The rows to store, each at most once.
    pub changes: Vec<Change>,
}

/// What a proposal got.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The answer, or why there is none.
    pub result: Result<Reply, Rejection>,
    /// Whether the answer was kept from an earlier proposal under the same key.
    pub replayed: bool,
}

/// The state of every queue and task, the same on every node at the same index.
#[derive(Debug)]
pub struct Machine {
    counters: CountersRow,
    queues: Queues,
    tasks: Tasks,
    answers: Answers,
    /// Tasks that ended while others wait for them, and whether otherwise than well.
    ended: BTreeMap<TaskId, bool>,
    leaders: Leaders,
    schedules: Schedules,
    /// By queue. What this node counts for itself: neither stored nor compared.
    measured: BTreeMap<u32, Measured>,
    /// Answers forgotten before their time. Likewise this node's own.
    evicted_answers: u64,
}

impl Default for Machine {
    fn default() -> Self {
        let counters = CountersRow {
            now_ms: 0,
            next_task: 1,
            next_token: 1,
            next_queue: 1,
            next_idempotency: 1,
            events_from: 1,
            next_turn: 1,
            next_generation: 1,
        };
        Self {
            counters,
            queues: Queues::default(),
            tasks: Tasks::default(),
            answers: Answers::default(),
            ended: BTreeMap::new(),
            leaders: Leaders::default(),
            schedules: Schedules::default(),
            measured: BTreeMap::new(),
            evicted_answers: 0,
        }
    }
}

/// Whether the replicated state is the same. Looks at everything: for tests.
impl PartialEq for Machine {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            counters,
            queues,
            tasks,
            answers,
            ended,
            leaders,
            schedules,
            measured: _,
            evicted_answers: _,
        } = self;
        *counters == other.counters
            && *queues == other.queues
            && *tasks == other.tasks
            && *answers == other.answers
            && *ended == other.ended
            && *leaders == other.leaders
            && *schedules == other.schedules
    }
}

impl Machine {
    /// Applies a committed entry: time first, then what has fallen due, then the proposals in order.
    ///
    /// Its work is bounded by the entry's size, and grows with the backlog only as trees do.
    pub fn apply(&mut self, index: LogIndex, entry: Entry) -> Applied {
        let counters = self.counters;
        let (alarm, firing) = (self.next_alarm(), self.next_firing());
        // I1: an entry of a leader with an earlier clock does not turn time back.
        self.counters.now_ms = Timestamp::from_millis(counters.now_ms.max(entry.at_ms)).as_millis();

        let mut applying = Applying::new(self, index, &entry);
        applying.move_due();
        let proposals = entry.proposals.into_iter();
        let outcomes = proposals.filter_map(|proposal| applying.propose(proposal)).collect();
        let (mut effects, changes) = applying.finish(counters);
        if let Some(at) = self.next_alarm().filter(|at| Some(*at) != alarm || *at <= self.now()) {
            effects.push(Effect::Alarm { at });
        }
        if let Some(at) = self.next_firing().filter(|at| Some(*at) != firing) {
            effects.push(Effect::Fire { at });
        }
        Applied { outcomes, effects, changes }
    }

    /// Replicated time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.counters.now_ms)
    }

    /// When the next task falls due, or a lease or a retention runs out. Not later than
    /// [`now`](Self::now) if the last entry left due tasks, or those of a deleted queue, for the
    /// next (I11).
    pub fn next_alarm(&self) -> Option<Timestamp> {
        let task = self.tasks.next_deadline().map(|(at, _)| at);
        let answer = self.answers.next_expiry();
        let leftover = self.queues.next_leftover().map(|_| self.now());
        let waiting = (!self.ended.is_empty()).then(|| self.now());
        task.into_iter().chain(answer).chain(leftover).chain(waiting).min()
    }

    /// The first entry whose events are kept, if it had any.
    pub fn events_from(&self) -> LogIndex {
        LogIndex::new(self.counters.events_from)
    }

    /// The number the next task will have.
    pub fn next_task(&self) -> TaskId {
        TaskId::new(self.counters.next_task)
    }
}
