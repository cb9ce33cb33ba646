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
struct Field {
    name: &'static str,
    range: &'static str,
    /// Its largest number, which a step may be as well.
    most: u32,
    has_words: bool,
}

const FIELDS: [Field; 6] = [
    Field { name: "second", range: "0 to 59", most: 59, has_words: false },
    Field { name: "minute", range: "0 to 59", most: 59, has_words: false },
    Field { name: "hour", range: "0 to 23", most: 23, has_words: false },
    Field { name: "day of month", range: "1 to 31", most: 31, has_words: true },
    Field { name: "month", range: "1 to 12, or JAN to DEC", most: 12, has_words: true },
    Field { name: "day of week", range: "0 to 7, or SUN to SAT", most: 7, has_words: true },
];
/// Where some of them stand.
const HOUR: usize = 2;
const DAY_OF_MONTH: usize = 3;
const DAY_OF_WEEK: usize = 5;

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
    /// Whether the day of the month and that of the week both have to fit; else either does.
    needs_both_days: bool,
}

impl Calendar {
    /// Reads an expression and finds its zone.
    pub(super) fn new(expression: &str, timezone: &str) -> Result<Self, InvalidField> {
        let fields = six_fields(expression)?;
        for (place, (position, field)) in fields.iter().enumerate() {
            if let Some(rule) = FIELDS[place].broken_by(place, field) {
                let name = FIELDS[place].name;
                let detail = format!("has {field:?} for its {name} at character {position}");
                return Err(InvalidField::new("cron", format!("{detail}; {rule}")).at(*position));
            }
        }
        let is_hourly = ["*", "?", "*/1", "0-23"].contains(&fields[HOUR].1);
        // As in Vixie cron, where a step over all days, `*/2`, counts as a star.
        let needs_both_days =
            [DAY_OF_MONTH, DAY_OF_WEEK].iter().any(|day| fields[*day].1.starts_with(['*', '?']));
        let fields = fields.map(|(_, field)| field).join(" ");
        Ok(Self { fields, zone: zone(timezone)?, is_hourly, needs_both_days })
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
        let parser = CronParser::builder().dom_and_dow(self.needs_both_days).build();
        let cron = parser.parse(&format!("{} {year}-{last}", self.fields)).ok()?;
        let from = from.with().subsec_nanosecond(0).build().ok()?.to_zoned(TimeZone::UTC).ok()?;
        Some(cron.find_next_occurrence(&from, is_included).ok()?.datetime())
    }
}

impl Field {
    /// What it may hold, if the one that is given holds something else.
    fn broken_by(&self, place: usize, given: &str) -> Option<String> {
        let Self { name, range, most, has_words } = self;
        let mut alone = ["*"; 6];
        alone[place] = given;
        // The library takes a month's name for an hour.
        let has_strange_words = !has_words && given.contains(|c: char| c.is_ascii_alphabetic());
        if has_strange_words || CronParser::new().parse(&alone.join(" ")).is_err() {
            let article = if *name == "hour" { "an" } else { "a" };
            return Some(format!("{article} {name} is {range}"));
        }
        let steps = given.split(',').filter_map(|part| part.split_once('/'));
        let mut steps = steps.map(|(_, step)| step.parse::<u32>());
        let is_too_wide = steps.any(|step| step.is_ok_and(|step| step > *most));
        is_too_wide.then(|| format!("a step of its {name} is 1 to {most}"))
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
