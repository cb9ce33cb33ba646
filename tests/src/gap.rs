//! How long a cluster took no write.

use std::time::Duration;

use crate::{History, Op, Outcome};

/// The longest time between two acknowledged enqueues that follow each other within
/// `from..until`, whose ends count as if a write had been acknowledged there.
pub fn longest(history: &History, from: Duration, until: Duration) -> Duration {
    let mut times = vec![from, until];
    for call in history.calls() {
        let is_write = matches!(call.op, Op::Enqueue { .. }) && call.outcome == Outcome::Ok;
        if is_write && (from..until).contains(&call.returned) {
            times.push(call.returned);
        }
    }
    times.sort();
    times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
}
