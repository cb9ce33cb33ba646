/// How long a failed task backs off: `initial * multiplier^(attempt - 1)`, at most `max`, then
/// moved by up to `jitter` of itself in either direction. Exponential backoff with jitter as in
/// <https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/>.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct RetryPolicy {
    /// The first backoff.
    #[prost(uint64, tag = "1")]
    pub initial_ms: u64,
    /// The growth per attempt, in thousandths: 2,000 doubles. 1,000 to 100,000.
    #[prost(uint32, tag = "2")]
    pub multiplier_milli: u32,
    /// The longest backoff before jitter.
    #[prost(uint64, tag = "3")]
    pub max_ms: u64,
    /// The share moved by chance, in thousandths. 0 to 1,000.
    #[prost(uint32, tag = "4")]
    pub jitter_milli: u32,
}
