use super::axis::Axis;
use super::canvas::Canvas;

const GRID: &str = "#e3e3e3";
const FRAME: &str = "#888";
/// Room for the labels of an axis.
const LEFT: f64 = 72.0;
const BOTTOM: f64 = 48.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 12.0;

/// A measurement's line in a panel.
pub(super) struct Curve {
    pub(super) colour: &'static str,
    pub(super) dash: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

/// Two axes with titles, a grid, and curves.
pub(super) struct Panel {
    x_title: &'static str,
    y_title: &'static str,
    x: Axis,
    y: Axis,
}

impl Panel {
    pub(super) fn new(x_title: &'static str, y_title: &'static str, x: Axis, y: Axis) -> Self {
        Self { x_title, y_title, x, y }
    }

    /// Draws everything into a place: left, top, width, height.
    pub(super) fn draw(
        &self,
        canvas: &mut Canvas,
        (left, top, width, height): (f64, f64, f64, f64),
        curves: &[Curve],
    ) {
        let (x0, x1) = (left + LEFT, left + width - RIGHT);
        let (y0, y1) = (top + height - BOTTOM, top + TOP);
        let x_of = |value| x0 + (x1 - x0) * self.x.share(value);
        let y_of = |value| y0 + (y1 - y0) * self.y.share(value);
        for (value, label) in &self.x.ticks {
            let x = x_of(*value);
            canvas.line((x, y0), (x, y1), GRID, 1.0, "");
            canvas.text((x, y0 + 18.0), "middle", label);
        }
        for (value, label) in &self.y.ticks {
            let y = y_of(*value);
            canvas.line((x0, y), (x1, y), GRID, 1.0, "");
            canvas.text((x0 - 8.0, y + 4.0), "end", label);
        }
        canvas.line((x0, y0), (x1, y0), FRAME, 1.0, "");
        canvas.line((x0, y0), (x0, y1), FRAME, 1.0, "");
        canvas.text((f64::midpoint(x0, x1), y0 + 38.0), "middle", self.x_title);
        canvas.upright((left + 14.0, f64::midpoint(y0, y1)), self.y_title);
        for curve in curves.iter().filter(|curve| !curve.points.is_empty()) {
            let place = |&(x, y): &(f64, f64)| (x_of(x), y_of(y));
            let points: Vec<_> = curve.points.iter().map(place).collect();
            canvas.curve(&points, curve.colour, curve.dash);
        }
    }
}
