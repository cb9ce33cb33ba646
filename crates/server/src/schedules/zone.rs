//! Time zones by their names in the IANA database.
//!
//! The system's database decides where there is one, because it is kept up to date; the one in the
//! binary knows what the system's lacks. Only the leader asks them: the log says when things happen.

use ferry_api::InvalidField;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::nearest::nearest;

/// The zone with this name, whatever its case.
pub(super) fn zone(name: &str) -> Result<TimeZone, InvalidField> {
    let bundled = TimeZoneDatabase::bundled();
    let found = jiff::tz::db().get(name).or_else(|_| bundled.get(name));
    // Files that are no zones of the database, as `localtime`, begin with a small letter.
    let is_named = |zone: &TimeZone| {
        zone.iana_name().is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
    };
    found.ok().filter(is_named).ok_or_else(|| unknown(name, &bundled))
}

/// The refusal of a name, at the first character that fits no zone.
fn unknown(name: &str, bundled: &TimeZoneDatabase) -> InvalidField {
    let names: Vec<String> = bundled.available().map(|name| name.as_str().to_owned()).collect();
    let shared = |known: &String| {
        let pairs = known.chars().zip(name.chars());
        pairs.take_while(|(one, other)| one.eq_ignore_ascii_case(other)).count()
    };
    let position = names.iter().map(shared).max().unwrap_or(0) + 1;
    let meant = match nearest(name, names.iter().map(String::as_str)) {
        Some(meant) => format!("; did you mean {meant}?"),
        None => ", for example Europe/Berlin".to_owned(),
    };
    let detail = format!("must be a zone of the IANA database{meant}");
    InvalidField::new("timezone", format!("{detail} (character {position})")).at(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_by_its_name_alone() {
        let name = |name: &str| zone(name).ok()?.iana_name().map(str::to_owned);
        assert_eq!(name("europe/berlin").as_deref(), Some("Europe/Berlin"));
        assert_eq!(name("UTC").as_deref(), Some("UTC"));
        for other in ["", "localtime", "posixrules", "../../etc/passwd", "Mars/Olympus", "+01:00"] {
            assert_eq!(name(other), None, "{other}");
        }
    }

    #[test]
    fn an_unknown_zone_is_refused_where_it_goes_wrong() {
        let refused = |name: &str| zone(name).expect_err("no such zone");
        let slip = refused("Europe/Berlln");
        assert_eq!(slip.position, Some(12));
        assert_eq!(
            slip.to_string(),
            "timezone must be a zone of the IANA database; did you mean Europe/Berlin? (character 12)"
        );
        assert_eq!(refused("").position, Some(1));
    }
}
