//! Waiting on conditions. The only file of the tests that lets time pass: everything else names
//! what it waits for, and a deadline.

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long a cluster on a busy machine may take for anything that it does on its own.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Looks at `probe` until it yields a value.
///
/// # Panics
/// If it has yielded none after `patience`.
pub async fn until<T>(
    what: &str,
    patience: Duration,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> T {
    let begin = Instant::now();
    loop {
        if let Some(value) = probe().await {
            return value;
        }
        assert!(begin.elapsed() < patience, "waited {patience:?} in vain for {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Looks at `claim` for the whole `span`, which is what is observed and not a wait for an outcome.
///
/// # Panics
/// As soon as the claim fails, with its reason.
pub async fn holds(what: &str, span: Duration, mut claim: impl AsyncFnMut() -> Result<(), String>) {
    let begin = Instant::now();
    while begin.elapsed() < span {
        if let Err(reason) = claim().await {
            panic!("{what} did not hold after {:?}: {reason}", begin.elapsed());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What a worker's handler does for this long.
pub async fn work(span: Duration) {
    tokio::time::sleep(span).await;
}

/// Paces a client that just failed, so that it does not spin on a closed port.
pub(crate) async fn breathe() {
    tokio::time::sleep(LOOK_EVERY).await;
}
