use serde::{Deserialize, Serialize};

/// The body of `POST /v1/queues/{queue}/purge`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurgeRequest {
    /// Which tasks are removed.
    pub state: PurgedState,
}

/// Which tasks a purge removes. Leased ones stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurgedState {
    /// Those that a worker could take.
    Ready,
    /// Those out of attempts.
    Dead,
    /// All that no worker holds, finished ones too.
    All,
}

impl PurgedState {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Ready, Self::Dead, Self::All];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Dead => "dead",
            Self::All => "all",
        }
    }
}

/// The answer to a purge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purged {
    /// How many tasks were removed.
    pub purged: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_same_everywhere() {
        for state in PurgedState::ALL {
            let json = format!(r#"{{"state":"{}"}}"#, state.as_str());
            let request = PurgeRequest { state };
            assert_eq!(serde_json::from_str::<PurgeRequest>(&json).expect("valid"), request);
            assert_eq!(serde_json::to_string(&request).expect("has a JSON form"), json);
        }
        assert!(serde_json::from_str::<PurgeRequest>("{}").is_err(), "what to remove is said");
    }
}
