//! Whether the caller takes what a route gives.

use ferry_api::Code;
use hyper::HeaderMap;
use hyper::header::ACCEPT;

use crate::problem::Failure;

/// Whether `Accept` names `one` and does not take `other`, which is given otherwise.
pub(crate) fn prefers(headers: &HeaderMap, one: &str, other: &str) -> bool {
    let ranges = ranges(headers);
    !ranges.is_empty() && takes(&ranges, one) && !takes(&ranges, other)
}

/// Refuses a request whose `Accept` leaves out all of `media_types`.
pub(crate) fn check(headers: &HeaderMap, media_types: &[&str]) -> Result<(), Failure> {
    let ranges = ranges(headers);
    if ranges.is_empty() || media_types.iter().any(|media_type| takes(&ranges, media_type)) {
        return Ok(());
    }
    let detail = format!("answers of this route are {}; accept that", media_types.join(" or "));
    Err(Failure::new(Code::NotAcceptable, detail))
}

fn ranges(headers: &HeaderMap) -> Vec<&str> {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges = values.flat_map(|text| text.split(',')).map(str::trim);
    ranges.filter(|range| !range.is_empty()).collect()
}

/// The most specific range decides: `*/*, text/html;q=0` is anything but HTML.
fn takes(ranges: &[&str], media_type: &str) -> bool {
    let main_type = media_type.split('/').next().unwrap_or(media_type);
    let group = format!("{main_type}/*");
    let fitting = ranges.iter().filter_map(|range| {
        let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
        let name = name.trim();
        let exactness = [media_type, group.as_str(), "*/*"]
            .iter()
            .position(|known| name.eq_ignore_ascii_case(known))?;
        Some((exactness, is_wanted(parameters)))
    });
    fitting.min_by_key(|&(exactness, _)| exactness).is_some_and(|(_, is_wanted)| is_wanted)
}

/// Whether the weight among a range's parameters is above nothing.
fn is_wanted(parameters: &str) -> bool {
    let mut weights = parameters.split(';').filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>())
    });
    // A weight that is no number is no reason to refuse.
    !weights.next().is_some_and(|weight| weight.is_ok_and(|weight| weight <= 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_range_decides() {
        for (accept, takes_json, takes_text) in [
            ("*/*", true, true),
            ("application/json", true, false),
            ("Application/JSON; charset=utf-8", true, false),
            ("application/*;q=0.1", true, false),
            ("text/html, text/*;q=0.5", false, true),
            ("application/json;q=0", false, false),
            ("*/*, application/json; q=0.000", false, true),
            ("*/*;q=0, application/json", true, false),
            ("image/png", false, false),
        ] {
            let ranges: Vec<&str> = accept.split(',').map(str::trim).collect();
            assert_eq!(takes(&ranges, "application/json"), takes_json, "{accept}");
            assert_eq!(takes(&ranges, "text/plain"), takes_text, "{accept}");
        }
    }

    #[test]
    fn one_form_is_preferred_where_the_other_is_not_taken() {
        for (accept, expected) in [
            ("", false),
            ("*/*", false),
            ("text/event-stream", true),
            ("text/*", true),
            ("application/x-ndjson", false),
            ("text/event-stream, application/x-ndjson", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().expect("valid"));
            let prefers = prefers(&headers, "text/event-stream", "application/x-ndjson");
            assert_eq!(prefers, expected, "{accept}");
        }
    }
}
