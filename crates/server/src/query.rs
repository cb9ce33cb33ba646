//! The part of a URL behind the question mark.

use std::str::FromStr;

use ferry_api::{Code, Problem};

use crate::nearest::nearest;
use crate::problem::Failure;

/// The parameters that every read takes.
const READ: [&str; 3] = ["consistency", "min_index", "forward"];
/// The parameters that every write takes.
const WRITE: [&str; 1] = ["forward"];

/// The parameters of a request, decoded.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `a=b&c=d`.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                return Err(Failure::invalid("query", "must be percent-encoded UTF-8"));
            };
            if pairs.iter().any(|(other, _)| *other == name) {
                return Err(Failure::invalid(name, "must be given once"));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// Refuses what neither every read takes nor `names` have.
    pub(crate) fn allow_read(&self, names: &[&str]) -> Result<(), Failure> {
        self.allow(&READ, names)
    }

    /// Refuses what neither every write takes nor `names` have.
    pub(crate) fn allow_write(&self, names: &[&str]) -> Result<(), Failure> {
        self.allow(&WRITE, names)
    }

    /// Refuses what `names` do not have: the route is of the node that is asked.
    pub(crate) fn allow_alone(&self, names: &[&str]) -> Result<(), Failure> {
        self.allow(&[], names)
    }

    /// Refuses everything: the route takes no parameters.
    pub(crate) fn allow_none(&self) -> Result<(), Failure> {
        self.allow(&[], &[])
    }

    fn allow(&self, common: &[&str], names: &[&str]) -> Result<(), Failure> {
        let known = || common.iter().chain(names).copied();
        for (name, _) in &self.0 {
            if !known().any(|known| known == name) {
                let hint = match nearest(name, known()) {
                    Some(known) => format!("did you mean {known}?"),
                    None if known().next().is_none() => "the route has none".to_owned(),
                    None => format!("known are {}", known().collect::<Vec<_>>().join(", ")),
                };
                let detail = format!("the query parameter {name:?} is not known; {hint}");
                let problem = Problem::new(Code::UnknownField, detail);
                return Err(Problem { field: Some(name.clone()), ..problem }.into());
            }
        }
        Ok(())
    }

    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The parsed value of a parameter; `allowed` says what it must be.
    pub(crate) fn parsed<T: FromStr>(
        &self,
        name: &str,
        allowed: &str,
    ) -> Result<Option<T>, Failure> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(Failure::invalid(name, format!("must be {allowed}"))),
        }
    }

    /// `true` or `false`, or the default.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, Failure> {
        Ok(self.parsed(name, "true or false")?.unwrap_or(default))
    }

    /// All parameters but these, as one text that is the same for the same parameters.
    pub(crate) fn canonical_without(&self, names: &[&str]) -> String {
        let is_kept = |pair: &&(String, String)| !names.contains(&pair.0.as_str());
        let mut pairs: Vec<_> = self.0.iter().filter(is_kept).collect();
        pairs.sort();
        pairs.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
    }
}

/// Undoes percent-encoding, or `None` if the outcome is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
                if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return None;
                }
                rest = &rest[2..];
                u8::from_str_radix(digits, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_once() {
        let query = Query::parse("state=ready&type=a%20b+c&empty").expect("valid");
        assert_eq!(query.get("type"), Some("a b c"));
        assert_eq!(query.get("empty"), Some(""));
        assert!(query.allow_read(&["state", "type", "empty"]).is_ok());
        assert!(query.allow_read(&["state", "type"]).is_err());
        assert!(query.allow_none().is_err() && Query::default().allow_none().is_ok());
        assert_eq!(query.canonical_without(&["type"]), "empty=\nstate=ready\n");
    }

    #[test]
    fn what_is_broken_or_twice_is_refused() {
        for text in ["a=%", "a=%4", "a=%zz", "a=%ff", "a=%+1", "a=1&a=2"] {
            assert!(Query::parse(text).is_err(), "{text} passed");
        }
    }
}
