//! The moment a task was meant to be enqueued, carried in its payload.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

/// Digits of a stamp at the beginning of a payload.
pub(super) const DIGITS: usize = 20;

/// Stamps count from here: one process writes and reads them.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The payload with the stamp written over its beginning.
pub(super) fn stamped(payload: &Bytes, intended: Instant) -> Bytes {
    let nanos = intended.saturating_duration_since(*ORIGIN).as_nanos();
    let mut text = BytesMut::from(format!("{nanos:0DIGITS$}").as_bytes());
    text.extend_from_slice(payload.get(DIGITS..).unwrap_or_default());
    text.freeze()
}

/// How long ago the stamp of a payload was, if it bears one.
pub(super) fn age(payload: &[u8]) -> Option<Duration> {
    let digits = std::str::from_utf8(payload.get(..DIGITS)?).ok()?;
    let intended = *ORIGIN + Duration::from_nanos(digits.parse().ok()?);
    Some(intended.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_as_it_was_written() {
        let intended = Instant::now() + Duration::from_millis(1);
        let payload = stamped(&Bytes::from(vec![b'x'; 100]), intended);
        assert_eq!(payload.len(), 100);
        let earlier = stamped(&payload, intended - Duration::from_millis(1));
        let (age, earlier) = (age(&payload), age(&earlier));
        assert!(earlier > age, "{earlier:?} is not more than {age:?}");
        assert!(earlier < Some(Duration::from_secs(60)), "{earlier:?}");
    }

    #[test]
    fn strange_payloads_bear_none() {
        assert_eq!(age(b"7"), None);
        assert_eq!(age(b"abcdefghijklmnopqrstuvwxyz"), None);
    }
}
