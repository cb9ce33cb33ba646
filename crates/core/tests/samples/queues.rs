//! Samples of what is answered with a queue as it stands.

use ferry_core::Reply;
use ferry_core::command::QueueSettings;
use ferry_core::rejection::StateCounts;
use ferry_core::reply::{QueuePaused, QueuePut, QueueStatus};

pub(crate) fn replies() -> [(&'static str, Reply); 4] {
    let status = || {
        Some(Box::new(QueueStatus {
            settings: QueueSettings { lease_ms: 91, ..QueueSettings::standard() },
            paused: true,
            counts: StateCounts { ready: 92, ..StateCounts::default() },
            bytes: 93,
            oldest_ready_age_ms: Some(94),
        }))
    };
    [
        ("reply-queue-put", Reply::QueuePut(QueuePut { created: true, status: None })),
        ("reply-queue-put-status", Reply::QueuePut(QueuePut { created: false, status: status() })),
        ("reply-queue-paused", Reply::QueuePaused(QueuePaused { status: None })),
        ("reply-queue-paused-status", Reply::QueuePaused(QueuePaused { status: status() })),
    ]
}
