use ferry_types::limits;
use serde::{Deserialize, Serialize};

use crate::{InvalidField, null};

/// How long a failed task backs off: `initial_ms * multiplier^(attempt - 1)`, at most `max_ms`,
/// then moved by up to `jitter` of itself in either direction. What is left out is the default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// The first backoff, in milliseconds. 0 to ten years; 1,000.
    #[serde(deserialize_with = "null::or_initial_backoff")]
    pub initial_ms: u64,
    /// The growth per attempt. 1.0 to 100.0; 2.0.
    #[serde(deserialize_with = "null::or_multiplier")]
    pub multiplier: f64,
    /// The longest backoff before jitter, in milliseconds. 0 to ten years; 3,600,000.
    #[serde(deserialize_with = "null::or_longest_backoff")]
    pub max_ms: u64,
    /// The share moved by chance. 0.0 to 1.0; 0.1.
    #[serde(deserialize_with = "null::or_jitter")]
    pub jitter: f64,
}

/// A retry policy in range, without floats: shares in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedRetry {
    /// The first backoff, in milliseconds.
    pub initial_ms: u64,
    /// The growth per attempt, in thousandths.
    pub multiplier_milli: u32,
    /// The longest backoff before jitter, in milliseconds.
    pub max_ms: u64,
    /// The share moved by chance, in thousandths.
    pub jitter_milli: u32,
}

impl RetryPolicy {
    /// The policy, with its shares rounded to thousandths.
    ///
    /// # Errors
    /// The first field that is out of range.
    pub fn check(&self) -> Result<CheckedRetry, InvalidField> {
        InvalidField::check_millis("initial_ms", self.initial_ms, 0, limits::DELAY_MAX)?;
        InvalidField::check_millis("max_ms", self.max_ms, 0, limits::DELAY_MAX)?;
        InvalidField::check_range("multiplier", self.multiplier, 1.0..=100.0)?;
        InvalidField::check_range("jitter", self.jitter, 0.0..=1.0)?;
        if self.initial_ms > self.max_ms {
            let detail =
                format!("must be at most max_ms ({}), not {}", self.max_ms, self.initial_ms);
            return Err(InvalidField::new("initial_ms", detail));
        }
        Ok(CheckedRetry {
            initial_ms: self.initial_ms,
            multiplier_milli: thousandths(self.multiplier),
            max_ms: self.max_ms,
            jitter_milli: thousandths(self.jitter),
        })
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { initial_ms: 1_000, multiplier: 2.0, max_ms: 3_600_000, jitter: 0.1 }
    }
}

impl From<CheckedRetry> for RetryPolicy {
    fn from(retry: CheckedRetry) -> Self {
        Self {
            initial_ms: retry.initial_ms,
            multiplier: f64::from(retry.multiplier_milli) / 1_000.0,
            max_ms: retry.max_ms,
            jitter: f64::from(retry.jitter_milli) / 1_000.0,
        }
    }
}

/// A share from 0 to 100 in thousandths.
fn thousandths(share: f64) -> u32 {
    // In range: `check` has refused anything else, so the cast loses only the fraction.
    (share * 1_000.0).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_survive_the_way_through_thousandths() {
        let policy = RetryPolicy { multiplier: 1.5, jitter: 0.333, ..RetryPolicy::default() };
        let checked = policy.check().expect("in range");
        assert_eq!((checked.multiplier_milli, checked.jitter_milli), (1_500, 333));
        assert_eq!(RetryPolicy::from(checked), policy);
    }

    #[test]
    fn what_is_out_of_range_is_named_with_its_limit() {
        let refusal = |policy: RetryPolicy| policy.check().expect_err("out of range").to_string();
        let standard = RetryPolicy::default();
        assert_eq!(
            refusal(RetryPolicy { multiplier: 0.5, ..standard }),
            "multiplier must be 1 to 100, not 0.5"
        );
        assert_eq!(
            refusal(RetryPolicy { jitter: 1.01, ..standard }),
            "jitter must be 0 to 1, not 1.01"
        );
        assert_eq!(
            refusal(RetryPolicy { max_ms: 315_360_000_001, ..standard }),
            "max_ms must be 0 to 315360000000, not 315360000001"
        );
        assert_eq!(
            refusal(RetryPolicy { initial_ms: 2, max_ms: 1, ..standard }),
            "initial_ms must be at most max_ms (1), not 2"
        );
    }
}
