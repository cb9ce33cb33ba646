use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Invalid;
use crate::invalid::is_name;

/// Which cluster a node, a disk and a connection belong to: 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClusterId(Box<str>);

impl ClusterId {
    /// The longest name, in bytes.
    pub const BYTES_MAX: usize = 64;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClusterId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if is_name(text, Self::BYTES_MAX) {
            return Ok(Self(text.into()));
        }
        Err(Invalid {
            what: "a cluster id",
            grammar: "1 to 64 of A-Z a-z 0-9 . _ -, with at least one that is not a dot",
        })
    }
}

impl TryFrom<String> for ClusterId {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<ClusterId> for String {
    fn from(name: ClusterId) -> Self {
        name.0.into()
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
