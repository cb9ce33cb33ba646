//! What a caller would rather have: the header `Prefer` (RFC 7240), of which `wait` is heeded.

use std::time::Duration;

use ferry_api::headers::PREFER;
use ferry_types::limits::RESULT_WAIT_MAX;
use hyper::HeaderMap;

use crate::problem::Failure;

/// How long the caller would wait, in seconds, if it says so. What else it prefers is ignored, and
/// of several waits the first counts.
pub(crate) fn wait(headers: &HeaderMap) -> Result<Option<Duration>, Failure> {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let preferences = values.flat_map(|text| text.split(',')).map(preference);
    let waits = preferences.filter(|(name, _)| name.eq_ignore_ascii_case("wait"));
    let Some((_, seconds)) = { waits }.next() else { return Ok(None) };
    let most = RESULT_WAIT_MAX.as_secs();
    match seconds.parse::<u64>() {
        Ok(seconds) if seconds <= most => Ok(Some(Duration::from_secs(seconds))),
        Ok(_) | Err(_) => {
            Err(Failure::invalid(PREFER, format!("must be wait=SECONDS, from 0 to {most}")))
        }
    }
}

/// Name and value, without parameters, blanks and quotes.
fn preference(text: &str) -> (&str, &str) {
    let text = text.split(';').next().unwrap_or(text);
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (name.trim(), value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn wait_of(values: &[&'static str]) -> Option<Option<u64>> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(PREFER, HeaderValue::from_static(value));
        }
        Some(wait(&headers).ok()?.map(|wait| wait.as_secs()))
    }

    #[test]
    fn the_first_wait_counts() {
        assert_eq!(wait_of(&[]), Some(None));
        assert_eq!(wait_of(&["respond-async", "return=minimal"]), Some(None));
        assert_eq!(wait_of(&["respond-async, WAIT = \"10\"; x=1", "wait=20"]), Some(Some(10)));
        assert_eq!(wait_of(&["wait=0"]), Some(Some(0)));
        assert_eq!(wait_of(&["wait=60"]), Some(Some(60)));
    }

    #[test]
    fn a_wait_out_of_range_is_refused() {
        for value in ["wait=61", "wait=-1", "wait", "wait=1.5", "wait=soon"] {
            assert_eq!(wait_of(&[value]), None, "{value}");
        }
    }
}
