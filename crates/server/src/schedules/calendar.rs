//! Cron expressions in a time zone.
//!
//! The library finds the days and times of the calendar. What a change of the clocks does to them is
//! decided here, so that a firing happens once:
//!
//! - An expression that names hours means the clock on the wall. A time that the clocks skip fires at
//!   the end of the gap, and with others that meet there once; one that they show twice fires the
//!   first time.
//! - An expression for every hour means time as it passes: it fires in both of the hours that look
//!   alike, and not in one that is skipped.

use croner::parser::CronParser;
use ferry_api::InvalidField;
use ferry_types::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::zone::zone;

/// What a field may hold, for those who are told that theirs may not.
const FIELDS: [(&str, &str); 6] = [
    ("second", "0 to 59"),
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of month", "1 to 31"),
    ("month", "1 to 12, or JAN to DEC"),
    ("day of week", "0 to 7, or SUN to SAT"),
];
/// Where the days stand among them.
const DAY_OF_MONTH: usize = 3;
const HOUR: usize = 2;

/// No expression fires less often: the 29th of February may be eight years from the next.
const YEARS_MAX: i16 = 12;
/// The last year that the library knows.
const YEAR_MAX: i16 = 5_000;

/// The times of a cron expression in a time zone.
pub(crate) struct Calendar {
    /// The six fields.
    fields: String,
    zone: TimeZone,
    /// Whether it names no hours.
    is_hourly: bool,
}

impl Calendar {
    /// Reads an expression and finds its zone.
    pub(super) fn new(expression: &str, timezone: &str) -> Result<Self, InvalidField> {
        let fields = six_fields(expression)?;
        for (place, (position, field)) in fields.iter().enumerate() {
            let mut alone = ["*"; 6];
            alone[place] = field;
            if CronParser::new().parse(&alone.join(" ")).is_err() {
                let (name, range) = FIELDS[place];
                let detail = format!("has {field:?} for its {name} at character {position}");
                let detail = format!("{detail}; a {name} is {range}");
                return Err(InvalidField::new("cron", detail).at(*position));
            }
        }
        let is_hourly = ["*", "?", "*/1", "0-23"].contains(&fields[HOUR].1);
        let fields = fields.map(|(_, field)| field).join(" ");
        Ok(Self { fields, zone: zone(timezone)?, is_hourly })
    }

    /// The first time after `after`, if there is one.
    pub(super) fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let after = jiff::Timestamp::from_millisecond(i64::try_from(after.as_millis()).ok()?);
        let after = after.ok()?;
        let next =
            if self.is_hourly { self.as_time_passes(after) } else { self.on_the_wall(after) };
        Some(Timestamp::from_millis(u64::try_from(next?.as_millisecond()).ok()?))
    }

    /// The zone's name as the database has it.
    pub(super) fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    fn on_the_wall(&self, after: jiff::Timestamp) -> Option<jiff::Timestamp> {
        let mut civil = self.zone.to_datetime(after);
        loop {
            civil = self.next_civil(civil, false)?;
            let ambiguous = self.zone.to_ambiguous_timestamp(civil);
            let at = match ambiguous.offset() {
                AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(civil).ok()?,
                AmbiguousOffset::Fold { before, .. } => before.to_timestamp(civil).ok()?,
                AmbiguousOffset::Gap { after, .. } => {
                    // By the later offset it is before the clocks are put forward.
                    let before = after.to_timestamp(civil).ok()?;
                    self.zone.following(before).next()?.timestamp()
                }
            };
            // In the second of two hours that look alike, its times are past already.
            if at > after {
                return Some(at);
            }
        }
    }

    fn as_time_passes(&self, after: jiff::Timestamp) -> Option<jiff::Timestamp> {
        let (mut from, mut is_included) = (after, false);
        loop {
            let offset = self.zone.to_offset(from);
            let civil = self.next_civil(offset.to_datetime(from), is_included)?;
            let at = offset.to_timestamp(civil).ok()?;
            match self.zone.following(from).next().map(|change| change.timestamp()) {
                Some(change) if at >= change => (from, is_included) = (change, true),
                Some(_) | None => return Some(at),
            }
        }
    }

    /// The first time that fits after `from`, or at it, on a clock that is never changed.
    fn next_civil(&self, from: DateTime, is_included: bool) -> Option<DateTime> {
        let year = from.year();
        let last = year.saturating_add(YEARS_MAX).min(YEAR_MAX);
        let cron = CronParser::new().parse(&format!("{} {year}-{last}", self.fields)).ok()?;
        let from = from.with().subsec_nanosecond(0).build().ok()?.to_zoned(TimeZone::UTC).ok()?;
        Some(cron.find_next_occurrence(&from, is_included).ok()?.datetime())
    }
}

/// The refusal of an expression whose days no month has.
pub(super) fn never_fires(expression: &str) -> InvalidField {
    let position = six_fields(expression).map_or(1, |fields| fields[DAY_OF_MONTH].0);
    let detail = format!("never fires: no month of it has the day at character {position}");
    InvalidField::new("cron", detail).at(position)
}

/// The fields with the positions of their first characters; a second of 0 if there is none.
fn six_fields(expression: &str) -> Result<[(usize, &str); 6], InvalidField> {
    let place = |field: &str| field.as_ptr() as usize - expression.as_ptr() as usize;
    let position = |field: &str| expression[..place(field)].chars().count() + 1;
    let given: Vec<_> =
        expression.split_whitespace().map(|field| (position(field), field)).collect();
    match given[..] {
        [minute, hour, day, month, weekday] => Ok([(1, "0"), minute, hour, day, month, weekday]),
        [second, minute, hour, day, month, weekday] => {
            Ok([second, minute, hour, day, month, weekday])
        }
        _ => {
            let end = expression.chars().count() + 1;
            let position = given.get(6).map_or(end, |(position, _)| *position);
            let detail = format!(
                "must have five fields, or six that begin with seconds, not {} (character {position})",
                given.len()
            );
            Err(InvalidField::new("cron", detail).at(position))
        }
    }
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
