/// How often tasks may be delivered: a token bucket.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Rate {
    /// Deliveries per second, in thousandths.
    #[prost(uint64, tag = "1")]
    pub per_second_milli: u64,
    /// The most deliveries at once after a rest; one second's worth if left out.
    #[prost(uint64, optional, tag = "2")]
    pub burst: Option<u64>,
}

impl Rate {
    /// The most deliveries at once after a rest: at least one.
    pub fn most_at_once(&self) -> u64 {
        self.burst.unwrap_or(self.per_second_milli / 1_000).max(1)
    }
}
