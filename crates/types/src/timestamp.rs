use std::fmt;
use std::ops::Add;
use std::time::Duration;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z. Written as RFC 3339 UTC with
/// milliseconds at the border.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Later than any moment that Ferry deals with: two days before the end of the year 9999,
    /// the last that RFC 3339 can write with every offset.
    pub const MAX: Self = Self(253_402_207_200_999);

    /// The moment `millis` milliseconds after the epoch; at most [`Timestamp::MAX`].
    pub const fn from_millis(millis: u64) -> Self {
        if millis > Self::MAX.0 { Self::MAX } else { Self(millis) }
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is not.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Reads RFC 3339 (any offset), or `None`. Fractions below a millisecond are cut.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let moment: jiff::Timestamp = text.parse().ok()?;
        u64::try_from(moment.as_millisecond()).ok().map(Self::from_millis)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    /// Stays at [`Timestamp::MAX`] where the sum would pass it.
    fn add(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self::from_millis(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = i64::try_from(self.0).expect("a timestamp is at most MAX");
        let moment = jiff::Timestamp::from_millisecond(millis).expect("a timestamp is at most MAX");
        write!(out, "{moment:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_both_ways() {
        let moment = Timestamp::parse_rfc3339("2026-01-02T03:04:05.678+01:00").expect("valid");
        assert_eq!(moment.to_string(), "2026-01-02T02:04:05.678Z");
        assert_eq!(Timestamp::parse_rfc3339(&moment.to_string()), Some(moment));
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-30T22:00:00.999Z");
        assert_eq!(Timestamp::parse_rfc3339("tomorrow"), None);
    }
}
