//! Exponential backoff with jitter, in integers: every node must come to the same millisecond.

use ferry_types::TaskId;

use crate::command::RetryPolicy;

/// Fraction bits of a growth factor.
const FRACTION: u32 = 32;
/// No backoff is longer than 2^39 ms, so no factor above 2^40 makes a difference.
const FACTOR_MAX: u128 = 1 << (40 + FRACTION);

/// How long a task backs off after this attempt failed, in milliseconds.
pub(crate) fn backoff_ms(policy: &RetryPolicy, task: TaskId, attempt: u32) -> u64 {
    let growth = power(policy.multiplier_milli, attempt.saturating_sub(1));
    let grown = u128::from(policy.initial_ms).saturating_mul(growth) >> FRACTION;
    let backoff = u64::try_from(grown).unwrap_or(u64::MAX).min(policy.max_ms);

    let spread = u128::from(backoff) * u128::from(policy.jitter_milli.min(1_000)) / 1_000;
    let spread = u64::try_from(spread).expect("at most the backoff");
    let chance = mix(task.get() ^ mix(u64::from(attempt)));
    let moved = chance % spread.saturating_mul(2).saturating_add(1);
    (backoff - spread).saturating_add(moved)
}

/// `(milli / 1000)^exponent` in fixed point, at most [`FACTOR_MAX`], by repeated squaring: an
/// attempt may be the millionth.
fn power(milli: u32, mut exponent: u32) -> u128 {
    let times = |a: u128, b: u128| {
        a.checked_mul(b).map_or(FACTOR_MAX, |product| (product >> FRACTION).min(FACTOR_MAX))
    };
    let mut square = (u128::from(milli) << FRACTION) / 1_000;
    let mut result = 1 << FRACTION;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, square);
        }
        square = times(square, square);
        exponent >>= 1;
    }
    result
}

/// SplitMix64's finalizer (<https://prng.di.unimi.it/splitmix64.c>): scatters numbers that are
/// close together.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoffs(policy: RetryPolicy, attempts: std::ops::RangeInclusive<u32>) -> Vec<u64> {
        attempts.map(|attempt| backoff_ms(&policy, TaskId::new(1), attempt)).collect()
    }

    fn policy(multiplier_milli: u32, jitter_milli: u32) -> RetryPolicy {
        RetryPolicy { initial_ms: 1_000, multiplier_milli, max_ms: 60_000, jitter_milli }
    }

    #[test]
    fn it_grows_up_to_its_maximum() {
        assert_eq!(backoffs(policy(2_000, 0), 1..=4), [1_000, 2_000, 4_000, 8_000]);
        assert_eq!(backoffs(policy(2_000, 0), 6..=8), [32_000, 60_000, 60_000]);
        assert_eq!(backoffs(policy(1_000, 0), 1..=3), [1_000, 1_000, 1_000]);
        assert_eq!(backoffs(policy(1_500, 0), 1..=4), [1_000, 1_500, 2_250, 3_375]);
        assert_eq!(backoffs(policy(100_000, 0), 1_000_000..=1_000_000), [60_000]);
        assert_eq!(backoffs(policy(1_001, 0), 1_000_000..=1_000_000), [60_000]);
    }

    #[test]
    fn jitter_moves_it_both_ways_within_its_share() {
        let spread: Vec<u64> =
            (1..=1_000).map(|task| backoff_ms(&policy(2_000, 100), TaskId::new(task), 1)).collect();
        let (least, most) = (spread.iter().min(), spread.iter().max());
        assert!(least >= Some(&900) && least < Some(&910), "{least:?}");
        assert!(most <= Some(&1_100) && most > Some(&1_090), "{most:?}");
    }

    #[test]
    fn extreme_policies_have_an_answer() {
        for attempt in [0, 1, 2, u32::MAX] {
            let all = u64::MAX;
            let huge = RetryPolicy {
                initial_ms: all,
                multiplier_milli: u32::MAX,
                max_ms: all,
                jitter_milli: 1_000,
            };
            backoff_ms(&huge, TaskId::new(all), attempt);
            assert_eq!(backoff_ms(&RetryPolicy::default(), TaskId::new(1), attempt), 0);
        }
    }
}
