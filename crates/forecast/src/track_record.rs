//! How good the forecasts of the last minutes were.

use crate::Measured;

/// How far the mean wait that was forecast is from the one that was observed, as a share of that.
///
/// For each bucket of the present window a forecast is made of the window before it, as it would have
/// been made at that moment; both means are over the tasks that workers took in these buckets. A
/// single task waits as chance will have it, so means of many are compared, and no single waits.
/// Buckets for which no finite wait was forecast are left out. `None` if that leaves none.
pub(crate) fn past_error(measured: &Measured) -> Option<f64> {
    let (mut tasks, mut forecast_sum, mut observed_sum) = (0, 0.0, 0.0);
    let end = measured.newest() + 1;
    for number in end.saturating_sub(measured.window_buckets)..end {
        let waits = measured.window(number, number + 1).observed.waits;
        let before = measured.window(number.saturating_sub(measured.window_buckets), number);
        if waits.count == 0 || before.millis < measured.bucket_ms {
            continue;
        }
        let workers = u32::try_from(before.observed.workers).unwrap_or(u32::MAX);
        let station = before.observed.station(before.millis, workers);
        let Some(wait) = station.and_then(|station| station.mean_wait()) else { continue };
        tasks += waits.count;
        forecast_sum += wait * waits.count as f64;
        observed_sum += waits.sum as f64;
    }
    // Waits are known to the millisecond.
    let least = tasks as f64;
    (tasks > 0).then(|| (forecast_sum - observed_sum).abs() / observed_sum.max(least))
}
