/// A seeded source of chance: the generator `splitmix64`.
pub(crate) struct Chance(u64);

/// How times are distributed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Law {
    /// All the same: variability 0.
    Fixed,
    /// The sum of two exponential ones: variability 1/2.
    Erlang2,
    /// Variability 1.
    Exponential,
    /// Mostly short, now and then long, each exponential, with balanced means: variability 4.
    Hyper4,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Above 0 and at most 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 + f64::EPSILON / 2.0
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.share().ln()
    }

    /// A time with this mean.
    pub(crate) fn time(&mut self, law: Law, mean: f64) -> f64 {
        match law {
            Law::Fixed => mean,
            Law::Erlang2 => self.exponential(mean / 2.0) + self.exponential(mean / 2.0),
            Law::Exponential => self.exponential(mean),
            Law::Hyper4 => {
                let often = (1.0 + (3.0_f64 / 5.0).sqrt()) / 2.0;
                let share = if self.share() <= often { often } else { 1.0 - often };
                self.exponential(mean / (2.0 * share))
            }
        }
    }
}
