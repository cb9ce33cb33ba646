use ferry_types::limits;
use serde::{Deserialize, Serialize};

use crate::InvalidField;

/// How often tasks may be delivered: a token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Deliveries per second, to the thousandth. 0.001 to 1,000,000.
    pub per_second: f64,
    /// The most deliveries at once after a rest. 1 to 1,000,000; one second's worth, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u64>,
}

/// A rate in range, without floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedRate {
    /// Deliveries per second, in thousandths.
    pub per_second_milli: u64,
    /// The most deliveries at once after a rest.
    pub burst: Option<u64>,
}

impl Rate {
    /// The rate, rounded to thousandths.
    ///
    /// # Errors
    /// The first field that is out of range.
    pub fn check(&self) -> Result<CheckedRate, InvalidField> {
        let most = limits::RATE_PER_SECOND_MAX as f64;
        InvalidField::check_range("per_second", self.per_second, 0.001..=most)?;
        if let Some(burst) = self.burst {
            InvalidField::check_range("burst", burst, 1..=limits::BURST_MAX)?;
        }
        // In range, so the cast loses only the fraction.
        let per_second_milli = (self.per_second * 1_000.0).round() as u64;
        Ok(CheckedRate { per_second_milli, burst: self.burst })
    }
}

impl From<CheckedRate> for Rate {
    fn from(rate: CheckedRate) -> Self {
        Self { per_second: rate.per_second_milli as f64 / 1_000.0, burst: rate.burst }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_survives_the_way_through_thousandths() {
        let rate = Rate { per_second: 2.5, burst: Some(3) };
        let checked = rate.check().expect("in range");
        assert_eq!(checked.per_second_milli, 2_500);
        assert_eq!(Rate::from(checked), rate);
    }

    #[test]
    fn what_is_out_of_range_is_named_with_its_limit() {
        let refusal = |per_second, burst| {
            Rate { per_second, burst }.check().expect_err("out of range").to_string()
        };
        assert_eq!(refusal(0.0, None), "per_second must be 0.001 to 1000000, not 0");
        assert_eq!(refusal(-1.0, None), "per_second must be 0.001 to 1000000, not -1");
        assert_eq!(refusal(1.0, Some(0)), "burst must be 1 to 1000000, not 0");
    }
}
