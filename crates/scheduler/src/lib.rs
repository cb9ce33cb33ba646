//! Which worker is to get which task: pure functions over what a leader sees at one moment.
//!
//! 1. Nothing is given beyond a worker's free slots, its free resources, or its labels.
//! 2. Tasks are tried in the order in which they come. One that finds no room is passed over, and
//!    what stands behind it may take the room that it cannot use.
//! 3. The first that finds no room, though a worker is large enough for it, has a slot and what it
//!    needs kept on the one worker that lacks the least of it. So a stream of small tasks never
//!    starves a large one, and meanwhile takes all that this will leave.
//!
//! Left out on purpose: everything that is decided again when the choice is applied, which the
//! machine does, and time: a choice is made anew whenever something has changed.

mod amounts;
mod groups;
mod pace;
mod policy;
mod round;
mod score;
mod task;
mod worker;

pub use amounts::Amounts;
pub use pace::Paces;
pub use policy::Policy;
pub use round::Round;
pub use task::Task;
pub use worker::Worker;
