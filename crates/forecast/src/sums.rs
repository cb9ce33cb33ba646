/// Of some numbers: how many there are, their sum, and the sum of their squares. Sums of parts add up
/// to that of the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
    /// The sum of their squares.
    pub squares: u128,
}

impl Sums {
    /// With those of `other`.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        self.squares = self.squares.saturating_add(other.squares);
    }

    /// The mean, if there are any.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The variance of what these are a sample of; needs two.
    pub fn variance(&self) -> Option<f64> {
        let mean = self.mean().filter(|_| self.count > 1)?;
        let deviations = self.squares as f64 - self.sum as f64 * mean;
        Some((deviations / (self.count - 1) as f64).max(0.0))
    }

    /// The squared coefficient of variation; needs two numbers that are not all 0.
    pub fn variability(&self) -> Option<f64> {
        let mean = self.mean().filter(|mean| *mean > 0.0)?;
        Some(self.variance()? / (mean * mean))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        let mut sums = Sums { count: 2, sum: 6, squares: 20 };
        sums.add(&Sums { count: 1, sum: 6, squares: 36 });
        assert_eq!((sums.mean(), sums.variance()), (Some(4.0), Some(4.0)));
        assert_eq!(sums.variability(), Some(0.25));
    }

    #[test]
    fn too_few_numbers_tell_nothing() {
        assert_eq!(Sums::default().mean(), None);
        assert_eq!(Sums { count: 1, sum: 6, squares: 36 }.variability(), None);
        assert_eq!(Sums { count: 3, sum: 0, squares: 0 }.variability(), None);
    }
}
