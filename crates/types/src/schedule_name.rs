use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Invalid;
use crate::invalid::is_name;

/// A schedule's name: 1 to 80 of `A-Z a-z 0-9 . _ -`, at least one of them not a dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScheduleName(Box<str>);

impl ScheduleName {
    /// The longest name, in bytes.
    pub const BYTES_MAX: usize = 80;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ScheduleName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if is_name(text, Self::BYTES_MAX) {
            return Ok(Self(text.into()));
        }
        Err(Invalid {
            what: "a schedule name",
            grammar: "1 to 80 of A-Z a-z 0-9 . _ -, with at least one that is not a dot",
        })
    }
}

impl TryFrom<String> for ScheduleName {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<ScheduleName> for String {
    fn from(name: ScheduleName) -> Self {
        name.0.into()
    }
}

impl fmt::Display for ScheduleName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
