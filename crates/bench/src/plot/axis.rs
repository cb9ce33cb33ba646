use super::panel::Curve;

/// The range of an axis, what stands at its ticks, and whether equal factors have equal room.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<(f64, String)>,
    pub(super) is_logarithmic: bool,
}

/// Percentiles that may stand at ticks.
const PERCENTILES: [(f64, &str); 6] =
    [(0.0, "0"), (0.5, "50"), (0.9, "90"), (0.99, "99"), (0.999, "99.9"), (0.9999, "99.99")];
/// About how many ticks an even axis has.
const TICKS: f64 = 6.0;
/// The largest ratio of two curves that an even axis shows well.
const EVEN_RATIO_MAX: f64 = 10.0;

impl Axis {
    /// Where a value lies between the ends, 0 to 1.
    pub(super) fn share(&self, value: f64) -> f64 {
        let scale = |value: f64| if self.is_logarithmic { value.ln() } else { value };
        let (low, high) = (scale(self.low), scale(self.high));
        ((scale(value) - low) / (high - low)).clamp(0.0, 1.0)
    }
}

/// How many nines a share has: 0.9 has one, 0.99 two.
pub(super) fn nines(share: f64) -> f64 {
    -(1.0 - share).log10()
}

/// An axis of percentiles, over [`nines`].
pub(super) fn percentiles(curves: &[Curve]) -> Axis {
    let high = largest(curves, |point| point.0).unwrap_or(0.0).max(nines(0.99));
    let tick = |(share, label): (f64, &str)| (nines(share), label.to_owned());
    let ticks = PERCENTILES.into_iter().map(tick).filter(|(nines, _)| *nines <= high + 1e-9);
    Axis { low: 0.0, high, ticks: ticks.collect(), is_logarithmic: false }
}

/// An axis of positive values on which equal factors have equal room, with ticks at 1, 2 and 5.
pub(super) fn logarithmic(curves: &[Curve]) -> Axis {
    let values = || curves.iter().flat_map(|curve| &curve.points).map(|point| point.1);
    let values = || values().filter(|&value| value > 0.0);
    let low = values().min_by(f64::total_cmp).unwrap_or(0.1);
    let high = values().max_by(f64::total_cmp).unwrap_or(10.0);
    let steps: Vec<f64> =
        (-4..7).flat_map(|power| [1.0, 2.0, 5.0].map(|step| step * 10_f64.powi(power))).collect();
    let below = steps.iter().rev().find(|&&step| step <= low).copied().unwrap_or(low);
    let above = steps.iter().find(|&&step| step >= high && step > below).copied().unwrap_or(high);
    let within = steps.into_iter().filter(|step| (below..=above).contains(step));
    let ticks = within.map(|step| (step, short(step)));
    Axis { low: below, high: above, ticks: ticks.collect(), is_logarithmic: true }
}

/// An axis of seconds, from zero to the end.
pub(super) fn seconds(curves: &[Curve]) -> Axis {
    let high = largest(curves, |point| point.0).unwrap_or(1.0);
    let ticks = even_ticks(high).into_iter().filter(|(second, _)| *second <= high);
    Axis { low: 0.0, high, ticks: ticks.collect(), is_logarithmic: false }
}

/// An axis for rates: from zero, unless one curve would press another to the ground.
pub(super) fn rates(curves: &[Curve]) -> Axis {
    let tops =
        curves.iter().filter_map(|curve| largest(std::slice::from_ref(curve), |point| point.1));
    let tops: Vec<_> = tops.filter(|&top| top > 0.0).collect();
    let least = tops.iter().copied().min_by(f64::total_cmp).unwrap_or(1.0);
    let most = tops.iter().copied().max_by(f64::total_cmp).unwrap_or(1.0);
    if most > least * EVEN_RATIO_MAX { logarithmic(curves) } else { from_zero(curves) }
}

/// An axis from zero to a round number.
pub(super) fn from_zero(curves: &[Curve]) -> Axis {
    let ticks = even_ticks(largest(curves, |point| point.1).unwrap_or(1.0));
    let high = ticks.last().map_or(1.0, |(value, _)| *value);
    Axis { low: 0.0, high, ticks, is_logarithmic: false }
}

/// Round numbers from zero to the first that is not below `high`.
fn even_ticks(high: f64) -> Vec<(f64, String)> {
    let rough = high.max(1e-6) / TICKS;
    let power = 10_f64.powf(rough.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    let step = round.into_iter().find(|&step| step >= rough).unwrap_or(rough);
    let count = (high / step).ceil().max(1.0) as u32;
    (0..=count).map(|index| step * f64::from(index)).map(|value| (value, short(value))).collect()
}

fn largest(curves: &[Curve], value: fn(&(f64, f64)) -> f64) -> Option<f64> {
    curves.iter().flat_map(|curve| &curve.points).map(value).max_by(f64::total_cmp)
}

/// A number in few digits: 1500 is 1.5k.
pub(super) fn short(value: f64) -> String {
    let (scaled, suffix) = match value.abs() {
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e3 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = if scaled.abs() >= 100.0 {
        0
    } else if scaled.abs() >= 1.0 {
        1
    } else {
        3
    };
    let text = format!("{scaled:.digits$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{text}{suffix}")
}
