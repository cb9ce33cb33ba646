use std::collections::BTreeMap;

/// So much of each resource. What is not named is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amounts(pub BTreeMap<String, u64>);

impl Amounts {
    /// Whether all of it is there in `room`.
    pub fn fits(&self, room: &Self) -> bool {
        self.0.iter().all(|(name, need)| room.of(name) >= *need)
    }

    /// Whether all of it is there in `room` beside `kept`, which need not be there itself.
    pub fn fits_beside(&self, kept: &Self, room: &Self) -> bool {
        let left = |name: &str| room.of(name).saturating_sub(kept.of(name));
        self.0.iter().all(|(name, need)| left(name) >= *need)
    }

    /// Takes what is taken away from it; no amount falls below zero.
    pub fn take(&mut self, taken: &Self) {
        for (name, amount) in &taken.0 {
            if let Some(left) = self.0.get_mut(name) {
                *left = left.saturating_sub(*amount);
            }
        }
    }

    /// How much of one resource.
    pub fn of(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }
}

impl<const N: usize> From<[(&str, u64); N]> for Amounts {
    fn from(amounts: [(&str, u64); N]) -> Self {
        Self(amounts.into_iter().map(|(name, amount)| (name.to_owned(), amount)).collect())
    }
}
