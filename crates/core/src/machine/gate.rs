use ferry_types::Timestamp;

/// Whether what binds a task lets it through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    Open,
    /// Time alone opens it.
    NotBefore(Timestamp),
    /// Something else must happen first.
    Closed,
}

impl Gate {
    /// The gate of a rate that lets nothing through before a time, if there is one.
    pub(crate) fn of_rate(not_before: Option<Timestamp>) -> Self {
        not_before.map_or(Self::Open, Self::NotBefore)
    }

    /// This gate and another, one behind the other.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Closed, _) | (_, Self::Closed) => Self::Closed,
            (Self::Open, gate) | (gate, Self::Open) => gate,
            (Self::NotBefore(one), Self::NotBefore(other)) => Self::NotBefore(one.max(other)),
        }
    }

    /// This gate or another, side by side.
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Open, _) | (_, Self::Open) => Self::Open,
            (Self::Closed, gate) | (gate, Self::Closed) => gate,
            (Self::NotBefore(one), Self::NotBefore(other)) => Self::NotBefore(one.min(other)),
        }
    }
}
