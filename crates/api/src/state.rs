use std::fmt;
use std::str::FromStr;

use ferry_types::Invalid;
use serde::{Deserialize, Serialize};

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Not due yet.
    Scheduled,
    /// Waits for the tasks that it depends on.
    Blocked,
    /// Any worker may take it.
    Ready,
    /// A worker holds it.
    Leased,
    /// Backing off after a failure.
    Retrying,
    /// Done.
    Succeeded,
    /// Out of attempts; kept for an operator.
    Dead,
    /// Called off.
    Cancelled,
    /// Its time to live ended before it was done.
    Expired,
}

impl TaskState {
    /// Every state, in the order of a task's life.
    pub const ALL: [Self; 9] = [
        Self::Scheduled,
        Self::Blocked,
        Self::Ready,
        Self::Leased,
        Self::Retrying,
        Self::Succeeded,
        Self::Dead,
        Self::Cancelled,
        Self::Expired,
    ];

    /// What may stand for a state, in words.
    pub const GRAMMAR: &str =
        "scheduled, blocked, ready, leased, retrying, succeeded, dead, cancelled or expired";

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Blocked => "blocked",
            Self::Ready => "ready",
            Self::Leased => "leased",
            Self::Retrying => "retrying",
            Self::Succeeded => "succeeded",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Whether nothing more happens to a task in this state by itself.
    pub const fn is_finished(self) -> bool {
        match self {
            Self::Succeeded | Self::Dead | Self::Cancelled | Self::Expired => true,
            Self::Scheduled | Self::Blocked | Self::Ready | Self::Leased | Self::Retrying => false,
        }
    }
}

impl FromStr for TaskState {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = Invalid { what: "a task's state", grammar: Self::GRAMMAR };
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(invalid)
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_same_everywhere() {
        for state in TaskState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
            assert!(TaskState::GRAMMAR.contains(state.as_str()), "{state}");
            let json = serde_json::to_string(&state).expect("a state has a JSON form");
            assert_eq!(json, format!("\"{state}\""));
        }
        assert!("Ready".parse::<TaskState>().is_err());
    }
}
