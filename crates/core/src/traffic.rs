//! What readers see of how a queue was used lately: whole numbers that add up, of which a forecast is
//! made elsewhere.

use std::time::Duration;

use ferry_types::Timestamp;

/// Of some numbers: how many there are, their sum, and the sum of their squares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
    /// The sum of their squares.
    pub squares: u128,
}

/// What a queue did in one stretch of replicated time. Times are in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrafficBucket {
    /// It begins that many times [`TrafficView::BUCKET`] after the epoch.
    pub number: u64,
    /// How many tasks became ready at a time: those of one millisecond count together.
    pub batches: Sums,
    /// The times between one such millisecond and the next, if there was one within the window.
    pub gaps: Sums,
    /// How long workers held the tasks that they acked or nacked.
    pub services: Sums,
    /// How long tasks waited for their first lease from when they were due; not of those that
    /// depend on others.
    pub waits: Sums,
    /// Slots of the workers that took tasks; one that is not registered has one.
    pub slots: u64,
    /// The most tasks that were leased at a time when one was.
    pub leased: u64,
}

/// How a queue was used lately, as this node has applied it since it started. Not part of the
/// replicated state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficView {
    /// Rising by number, at most [`TrafficView::BUCKETS`]; those in which nothing happened may be
    /// missing.
    pub buckets: Vec<TrafficBucket>,
    /// When measuring began.
    pub began_at: Timestamp,
    /// When a task became ready last.
    pub last_arrival_at: Option<Timestamp>,
    /// Workers seen in the window: the slots of those that took tasks, or as many as there were tasks
    /// leased at a time, if that is more.
    pub workers: u64,
}

impl Sums {
    /// With one number more.
    pub(crate) fn note(&mut self, number: u64) {
        self.count += 1;
        self.grow(0, number);
    }

    /// With a number in place of a smaller one that is in it.
    pub(crate) fn grow(&mut self, from: u64, to: u64) {
        let square = |number| u128::from(number).pow(2);
        self.sum = self.sum.saturating_add(to - from);
        self.squares = self.squares.saturating_add(square(to) - square(from));
    }
}

impl TrafficView {
    /// How long a bucket is.
    pub const BUCKET: Duration = Duration::from_secs(15);
    /// The buckets of the window.
    pub const WINDOW: u64 = 20;
    /// The buckets kept: the window, and the one before it.
    pub const BUCKETS: u64 = 2 * Self::WINDOW;
}
