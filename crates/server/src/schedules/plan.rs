//! Which firings are due.

use std::time::Duration;

use ferry_api::InvalidField;
use ferry_core::ScheduleView;
use ferry_core::command::{CatchUp, Fire};
use ferry_types::Timestamp;
use ferry_types::limits::FIRING_LATENESS_MAX;

use super::occurrences::Occurrences;

/// The firings of a schedule that are due at `now`, each the next when the one before is done; at
/// most `most`.
pub(super) fn plan(
    schedule: &ScheduleView,
    now: Timestamp,
    most: usize,
) -> Result<Vec<Fire>, InvalidField> {
    let settings = &schedule.settings;
    let Some(recurrence) = &settings.recurrence else { return Ok(Vec::new()) };
    let occurrences = Occurrences::of(recurrence)?;
    let late = now.as_millis().saturating_sub(millis(FIRING_LATENESS_MAX));
    let missed_before = Timestamp::from_millis(late).max(schedule.resumed_at).min(now);
    let catches_up = settings.catch_up() == CatchUp::All;
    let (mut due, mut next) = (Vec::new(), schedule.next_at);
    while let Some(at) = next.filter(|at| *at <= now && due.len() < most) {
        let missed = at < missed_before;
        let last =
            if missed && !catches_up { occurrences.last_before(at, missed_before) } else { at };
        next = occurrences.next_after(last);
        let jitter = Duration::from_millis(jitter(&schedule.name, last, settings.jitter_ms));
        due.push(Fire {
            schedule: schedule.name.clone(),
            generation: schedule.generation,
            at_ms: at.as_millis(),
            last_ms: last.as_millis(),
            next_at_ms: next.map(Timestamp::as_millis),
            run_at_ms: (last + jitter).as_millis(),
            missed,
        });
    }
    Ok(due)
}

/// By how much a firing's task is due later: 0 to `most`, spread evenly over names and times, and
/// always the same for the same.
fn jitter(name: &str, at: Timestamp, most: u64) -> u64 {
    let bytes = name.bytes().chain(at.as_millis().to_be_bytes());
    // FNV-1a, whose upper bits are too alike for short texts, so they are folded in (MurmurHash3).
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    (hash ^ (hash >> 33)) % most.saturating_add(1)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).expect("limits are far below 2^64 milliseconds")
}

#[cfg(test)]
mod tests {
    use ferry_core::command::{NewTask, Recurrence, ScheduleSettings};

    use super::*;

    /// Fires every second from the first on.
    fn schedule(catch_up: CatchUp, resumed_at_ms: u64) -> ScheduleView {
        ScheduleView {
            name: "tick".into(),
            settings: ScheduleSettings {
                recurrence: Some(Recurrence::EveryMs(1_000)),
                queue: "mail".into(),
                task: NewTask::default(),
                skips_overlap: false,
                catch_up: catch_up.into(),
                jitter_ms: 0,
                paused: false,
                create_queue: true,
            },
            generation: 7,
            next_at: Some(Timestamp::from_millis(1_000)),
            resumed_at: Timestamp::from_millis(resumed_at_ms),
            last_at: None,
            last_task: None,
            last_skip: None,
        }
    }

    /// From when to when each goes, and whether it was missed.
    fn planned(schedule: &ScheduleView, now_ms: u64, most: usize) -> Vec<(u64, u64, bool)> {
        let plan = plan(schedule, Timestamp::from_millis(now_ms), most).expect("valid");
        let mut next = schedule.next_at.map(Timestamp::as_millis);
        for fire in &plan {
            assert_eq!(Some(fire.at_ms), next, "each is the next of the one before");
            assert_eq!((fire.generation, fire.run_at_ms), (7, fire.last_ms));
            next = fire.next_at_ms;
        }
        plan.iter().map(|fire| (fire.at_ms, fire.last_ms, fire.missed)).collect()
    }

    #[test]
    fn what_is_a_little_late_is_not_missed() {
        let seconds = |from: u64, to: u64| (from..=to).map(|at| (at * 1_000, at * 1_000, false));
        for catch_up in [CatchUp::None, CatchUp::Latest, CatchUp::All] {
            let schedule = schedule(catch_up, 0);
            assert!(planned(&schedule, 999, 100).is_empty());
            assert!(planned(&schedule, 1_000, 100).into_iter().eq(seconds(1, 1)));
            assert!(planned(&schedule, 31_000, 100).into_iter().eq(seconds(1, 31)));
            assert!(planned(&schedule, 31_000, 5).into_iter().eq(seconds(1, 5)));
        }
    }

    #[test]
    fn what_is_too_late_follows_the_catch_up() {
        for catch_up in [CatchUp::None, CatchUp::Latest] {
            let planned = planned(&schedule(catch_up, 0), 100_000, 100);
            assert_eq!(planned[0], (1_000, 69_000, true));
            assert_eq!(planned[1], (70_000, 70_000, false));
            assert_eq!(planned.len(), 1 + 31);
        }
        let all = planned(&schedule(CatchUp::All, 0), 100_000, 100);
        assert_eq!((all[0], all[68]), ((1_000, 1_000, true), (69_000, 69_000, true)));
        assert_eq!((all[69], all.len()), ((70_000, 70_000, false), 100));
    }

    #[test]
    fn what_a_pause_held_back_was_missed() {
        let planned = planned(&schedule(CatchUp::Latest, 5_500), 6_000, 100);
        assert_eq!(planned, [(1_000, 5_000, true), (6_000, 6_000, false)]);
    }

    #[test]
    fn jitter_is_within_its_bound_and_differs() {
        let drawn: std::collections::BTreeSet<u64> = (0..1_000)
            .map(|second| jitter("tick", Timestamp::from_millis(second * 1_000), 9))
            .collect();
        assert!(drawn.into_iter().eq(0..=9));
        assert_eq!(jitter("tick", Timestamp::from_millis(5), 0), 0);
        assert!(jitter("tick", Timestamp::from_millis(5), u64::MAX) > 0);
    }
}
