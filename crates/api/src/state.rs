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
}

impl TaskState {
    /// Every state, in the order of a task's life.
    pub const ALL: [Self; 6] =
        [Self::Scheduled, Self::Ready, Self::Leased, Self::Retrying, Self::Succeeded, Self::Dead];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Ready => "ready",
            Self::Leased => "leased",
            Self::Retrying => "retrying",
            Self::Succeeded => "succeeded",
            Self::Dead => "dead",
        }
    }

    /// Whether nothing more happens to a task in this state by itself.
    pub const fn is_finished(self) -> bool {
        match self {
            Self::Succeeded | Self::Dead => true,
            Self::Scheduled | Self::Ready | Self::Leased | Self::Retrying => false,
        }
    }
}

impl FromStr for TaskState {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(Invalid {
            what: "a task's state",
            grammar: "scheduled, ready, leased, retrying, succeeded or dead",
        })
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
            let json = serde_json::to_string(&state).expect("a state has a JSON form");
            assert_eq!(json, format!("\"{state}\""));
        }
        assert!("Ready".parse::<TaskState>().is_err());
    }
}
