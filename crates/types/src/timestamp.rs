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
    pub const MAX: Self = Self(253_402_207_200_000);

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

    /// Reads RFC 3339 (any offset), or `None`; also if it is before 1970. Fractions below a
    /// millisecond are cut.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        u64::try_from(millis_of_rfc3339(text)?).ok().map(Self::from_millis)
    }

    /// Whether this is RFC 3339 for a moment before 1970, which no timestamp can be.
    pub fn is_rfc3339_before_1970(text: &str) -> bool {
        millis_of_rfc3339(text).is_some_and(|millis| millis < 0)
    }
}

fn millis_of_rfc3339(text: &str) -> Option<i64> {
    if !has_form_of_rfc3339(text.as_bytes()) {
        return None;
    }
    let moment: jiff::Timestamp = text.parse().ok()?;
    Some(moment.as_millisecond())
}

/// The parser behind it takes more than RFC 3339 has: time zone names, spaces, bare hours.
fn has_form_of_rfc3339(text: &[u8]) -> bool {
    const BEGINNING: &[u8] = b"0000-00-00T00:00:00";
    let has_form = |text: &[u8], form: &[u8]| {
        let fits = |(&byte, &sample): (&u8, &u8)| match sample {
            b'0' => byte.is_ascii_digit(),
            _ => byte.eq_ignore_ascii_case(&sample),
        };
        text.len() == form.len() && text.iter().zip(form).all(fits)
    };
    let Some((beginning, mut rest)) = text.split_at_checked(BEGINNING.len()) else { return false };
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return false;
        }
        rest = &fraction[digits..];
    }
    has_form(beginning, BEGINNING)
        && [b"Z".as_slice(), b"+00:00", b"-00:00"].iter().any(|offset| has_form(rest, offset))
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
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-30T22:00:00.000Z");
        for fine in ["2026-01-02t03:04:05z", "2026-01-02T03:04:05.123456789-00:30"] {
            assert!(Timestamp::parse_rfc3339(fine).is_some(), "{fine} was refused");
        }
        for other in [
            "tomorrow",
            "2026-01-02T03:04:05",
            "2026-01-02 03:04:05Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05,5Z",
            "2026-01-02T03:04Z",
            "2026-01-02T03:04:05+01",
            "2026-01-02T03:04:05+01:00[Europe/Berlin]",
            "+002026-01-02T03:04:05Z",
            "2026-02-30T03:04:05Z",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(other), None, "{other}");
            assert!(!Timestamp::is_rfc3339_before_1970(other), "{other}");
        }
    }

    #[test]
    fn a_moment_before_1970_is_told_apart() {
        assert_eq!(Timestamp::parse_rfc3339("1969-12-31T23:59:59Z"), None);
        assert!(Timestamp::is_rfc3339_before_1970("1969-12-31T23:59:59Z"));
        assert!(!Timestamp::is_rfc3339_before_1970("1970-01-01T00:00:00Z"));
    }
}
