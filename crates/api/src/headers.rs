//! The names of Ferry's headers, in the lower case that HTTP libraries want.

/// The log index that an answer reflects.
pub const FERRY_INDEX: &str = "ferry-index";
/// The id of the node that served the request in the end.
pub const FERRY_NODE: &str = "ferry-node";
/// How long a request may take, in milliseconds. 1 to 60,000; 5,000.
pub const FERRY_TIMEOUT_MS: &str = "ferry-timeout-ms";
/// `true` on an answer that was given before under the same idempotency key.
pub const FERRY_REPLAYED: &str = "ferry-replayed";
/// How old the state behind a stale read may be, in milliseconds.
pub const FERRY_STALE_MS: &str = "ferry-stale-ms";
/// The node that forwarded a request. Only between nodes.
pub const FERRY_FORWARDED_BY: &str = "ferry-forwarded-by";
/// The key under which a node repeats what it forwards. Only between nodes.
pub const FERRY_FORWARD_KEY: &str = "ferry-forward-key";
/// How long a forwarded dequeue may still wait, in milliseconds. Only between nodes.
pub const FERRY_FORWARD_WAIT_MS: &str = "ferry-forward-wait-ms";
/// That a request was forwarded before, so that its outcome may be there already. Only between
/// nodes.
pub const FERRY_FORWARD_REPEAT: &str = "ferry-forward-repeat";
/// A caller's name for one write, so that it may be repeated.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The id of the event that was seen last, where a stream is taken up again.
pub const LAST_EVENT_ID: &str = "last-event-id";
/// How the caller would have it done: `wait=SECONDS` (RFC 7240).
pub const PREFER: &str = "prefer";
/// What of `prefer` was heeded.
pub const PREFERENCE_APPLIED: &str = "preference-applied";
/// The W3C trace context, kept with an enqueued task.
pub const TRACEPARENT: &str = "traceparent";
