use std::error::Error as _;
use std::io;

use ferry_client::Error;

/// Why the command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The cluster's answer, or the lack of one.
    Client(Box<Error>),
    /// Anything else, in words.
    Message(String),
    /// Nobody reads stdout any more, so there is nothing left to do.
    Unread,
}

impl Failure {
    /// A failure in words: lower case, no full stop.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }

    /// What to say about it, in one line; nothing when nobody listens.
    pub(crate) fn line(&self) -> Option<String> {
        match self {
            Self::Client(error) => {
                let mut line = error.to_string();
                let mut source = error.source();
                while let Some(cause) = source {
                    line = format!("{line}: {cause}");
                    source = cause.source();
                }
                Some(line)
            }
            Self::Message(message) => Some(message.clone()),
            Self::Unread => None,
        }
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Client(error) => match **error {
                Error::Unknown { .. } => 3,
                Error::Refused(_) | Error::NotWritten { .. } | Error::Invalid(_) => 1,
            },
            Self::Message(_) => 1,
            Self::Unread => 0,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Client(Box::new(error))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Unread;
        }
        Self::Message(format!("cannot write to stdout: {error}"))
    }
}
