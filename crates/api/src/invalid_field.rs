use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Why a request is refused before anything is asked of the cluster: the field, and what it may be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {detail}")]
pub struct InvalidField {
    /// The field's path, for example `priority` or `tasks[3].priority`.
    pub field: String,
    /// What it must be, as the rest of a sentence that begins with the field.
    pub detail: String,
    /// Which character of a text is at fault, from 1, where that helps to find it.
    pub position: Option<u32>,
}

impl InvalidField {
    /// The refusal of `field`; `detail` goes on with the sentence.
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into(), position: None }
    }

    /// The same refusal, of a field inside `outer`.
    pub(crate) fn within(self, outer: impl Display) -> Self {
        Self { field: format!("{outer}.{}", self.field), ..self }
    }

    /// The same refusal, of the character at `position`, from 1.
    #[must_use]
    pub fn at(self, position: usize) -> Self {
        Self { position: u32::try_from(position).ok(), ..self }
    }

    /// Refuses a number outside of `range`.
    pub(crate) fn check_range<T>(
        field: &str,
        value: T,
        range: RangeInclusive<T>,
    ) -> Result<(), Self>
    where
        T: PartialOrd + Display,
    {
        if range.contains(&value) {
            return Ok(());
        }
        let (least, most) = (range.start(), range.end());
        Err(Self::new(field, format!("must be {least} to {most}, not {value}")))
    }

    /// Refuses a length of time in milliseconds below `least` or above `most`.
    pub(crate) fn check_millis(
        field: &str,
        value: u64,
        least: u64,
        most: Duration,
    ) -> Result<(), Self> {
        Self::check_range(field, value, least..=millis(most))
    }

    /// Refuses a text or a list longer than `most`, told in `unit`.
    pub(crate) fn check_length(
        field: &str,
        length: usize,
        most: usize,
        unit: &str,
    ) -> Result<(), Self> {
        if length <= most {
            return Ok(());
        }
        Err(Self::new(field, format!("must be at most {most} {unit}, not {length}")))
    }
}

/// A limit in milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).expect("limits are far below 2^64 milliseconds")
}
