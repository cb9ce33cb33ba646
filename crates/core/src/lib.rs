//! The machine: every rule of the queue, decided in memory and alike on every node.
//!
//! [`Machine::apply`] takes one committed [`Entry`] and returns replies, effects and changes. It is
//! synchronous, total and bounded, and reaches no clock, no randomness, no I/O and no hash order.
//! What the code and the tests cite:
//!
//! - **I1** Replicated time never runs backwards.
//! - **I2** A task has at most one live lease (G2).
//! - **I3** Tokens only grow, across all tasks (G2).
//! - **I4** An expired lease gives its task back, to its place, and the late worker changes nothing.
//! - **I5** The first valid ack wins; repeating it gives the same answer (G3).
//! - **I6** Ready tasks leave by priority, then in enqueue order; one given back keeps both (G4).
//!   Those of a key leave in enqueue order alone; in a fair queue keys take turns. What a bound, a
//!   rate, a limit or a lock holds back holds nothing else back.
//! - **I7** A queue's counts and bytes are exact, and never pass its bounds (G6).
//! - **I8** Every table that grows has a limit and a retention (G6).
//! - **I9** A key with the same request gives the same answer; with another it is refused (G5).
//! - **I10** A refusal changes nothing but the time.
//! - **I11** An entry moves a bounded number of due tasks, and removes a bounded number of those
//!   that a deleted queue has left; the rest wait for the next entry.
//! - **I12** No lease is granted to a registered worker beyond its slots and what it has left of each
//!   resource, nor without the labels that the task selects, whoever asks for it. Those who are not
//!   registered get no task that needs anything. A session's leases end with it.
//! - **I13** A schedule fires each time once: only its next firing is done, and with it the one after
//!   becomes the next, in the same entry as the task (see `machine/fire.rs`).
//!
//! Left out on purpose: payloads and results, which pass through to the disk unread, and everything
//! that only a leader does (waiting, alarms), which [`Effect`]s ask for.

#![forbid(unsafe_code)]
#![deny(clippy::float_arithmetic)]

mod change;
pub mod command;
mod effect;
mod event;
mod machine;
pub mod rejection;
pub mod reply;
pub mod row;
mod state;
mod traffic;
mod view;

pub use change::Change;
pub use command::{Command, Entry, Proposal};
pub use effect::Effect;
pub use event::EventName;
pub use machine::{Applied, Machine, Outcome, Restoring};
pub use rejection::Rejection;
pub use reply::Reply;
pub use state::StateName;
pub use traffic::{Sums, TrafficBucket, TrafficView};
pub use view::{
    HistoryView, LeaseView, LimitView, Offer, QueueView, ReadyTask, ScheduleView, Seen, TaskFilter,
    TaskView, WorkerView, WorkflowTaskView,
};
