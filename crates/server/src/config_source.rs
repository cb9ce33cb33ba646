//! Where configuration comes from, and the reading of it into values: the file, overridden by the
//! environment, overridden by flags.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use ferry_types::{NodeAddress, NodeId};

use crate::config_key::{ConfigKey, Fallback, KEYS, Kind};
use crate::nearest::nearest;

/// Where a configuration is read from, besides the environment.
#[derive(Clone, Debug, Default)]
pub struct ConfigSource {
    /// A TOML file.
    pub file: Option<PathBuf>,
    /// Flags by the name of their key, with dashes or underscores. `members` may be repeated.
    pub flags: Vec<(String, String)>,
}

/// Everything that is wrong with a configuration, at once.
#[derive(Debug, thiserror::Error)]
pub struct ConfigProblems(pub Vec<ConfigProblem>);

impl fmt::Display for ConfigProblems {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the configuration is not usable")?;
        for problem in &self.0 {
            write!(out, "\n  {problem}")?;
        }
        Ok(())
    }
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The key, or the file as a whole.
    pub key: String,
    /// Where its value came from: a file, a variable, a flag.
    pub origin: String,
    /// What is wrong and what is allowed.
    pub detail: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({}): {}", self.key, self.origin, self.detail)
    }
}

/// A value that fits its key's kind.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Integer(u64),
    Boolean(bool),
    Members(BTreeMap<NodeId, NodeAddress>),
}

/// A value with where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) value: Value,
    pub(crate) origin: String,
}

/// The values of all keys that are set or have a default, and what is wrong with the others.
#[derive(Default)]
pub(crate) struct Values {
    pub(crate) given: BTreeMap<&'static str, Given>,
    pub(crate) problems: Vec<ConfigProblem>,
}

impl Values {
    /// Reads all sources, the weakest first.
    pub(crate) fn read(
        source: &ConfigSource,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut values = Self::default();
        if let Some(path) = &source.file {
            values.file(path);
        }
        values.environment(environment);
        values.flags(&source.flags);
        values.defaults();
        values
    }

    /// Notes a problem.
    pub(crate) fn problem(&mut self, key: &str, origin: &str, detail: impl Into<String>) {
        let (key, origin) = (key.into(), origin.into());
        self.problems.push(ConfigProblem { key, origin, detail: detail.into() });
    }

    fn file(&mut self, path: &std::path::Path) {
        let origin = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.problem("file", &origin, format!("cannot be read: {error}")),
        };
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                let line = error.span().map_or(1, |at| text[..at.start].matches('\n').count() + 1);
                let detail = format!("line {line}: {}", error.message());
                return self.problem("file", &origin, detail);
            }
        };
        for (name, value) in table {
            match ConfigKey::find(&name) {
                None => self.unknown(&name, &origin),
                Some(key) => self.set(key, from_toml(key, value), &origin),
            }
        }
    }

    fn environment(&mut self, environment: impl IntoIterator<Item = (String, String)>) {
        for (variable, text) in environment {
            let Some(name) = variable.strip_prefix("FERRY_") else { continue };
            let name = name.to_ascii_lowercase();
            match ConfigKey::find(&name) {
                Some(key) => self.set(key, from_text(key, &text), &variable),
                // Clients and tools have variables of this prefix too, so only a likely slip is
                // a problem.
                None if name.len() >= 8 && nearest(&name, names()).is_some() => {
                    self.unknown(&name, &variable);
                }
                None => {}
            }
        }
    }

    fn flags(&mut self, flags: &[(String, String)]) {
        let mut members = Vec::new();
        for (flag, text) in flags {
            let name = flag.trim_start_matches('-').replace('-', "_");
            let origin = format!("--{}", name.replace('_', "-"));
            match ConfigKey::find(&name) {
                None => self.unknown(&name, &origin),
                Some(key) if matches!(key.kind, Kind::Members) => members.push(text.as_str()),
                Some(key) => self.set(key, from_text(key, text), &origin),
            }
        }
        if !members.is_empty() {
            let value = members_from_text(&members.join(";")).map(Value::Members);
            let key = ConfigKey::find("members").expect("the table has members");
            self.set(key, value.ok_or_else(|| key.kind.allowed()), "--members");
        }
    }

    fn defaults(&mut self) {
        for key in KEYS {
            if self.given.contains_key(key.name)
                || self.problems.iter().any(|problem| problem.key == key.name)
            {
                continue;
            }
            let value = match key.default {
                Fallback::Absent(_) => continue,
                Fallback::Required => {
                    let detail = format!("has to be set: {}", key.kind.allowed());
                    self.problem(key.name, "not set", detail);
                    continue;
                }
                Fallback::Text(text) => from_text(key, text),
                Fallback::Number(number) => Ok(Value::Integer(number)),
            };
            self.set(key, value, "default");
        }
    }

    fn set(&mut self, key: &'static ConfigKey, value: Result<Value, String>, origin: &str) {
        match value {
            Ok(value) => {
                self.given.insert(key.name, Given { value, origin: origin.into() });
            }
            Err(allowed) => self.problem(key.name, origin, format!("must be {allowed}")),
        }
    }

    fn unknown(&mut self, name: &str, origin: &str) {
        let detail = match nearest(name, names()) {
            Some(known) => format!("is no key of the configuration; did you mean {known}?"),
            None => "is no key of the configuration".into(),
        };
        self.problem(name, origin, detail);
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|key| key.name)
}

/// A value of the file, or what is allowed.
fn from_toml(key: &ConfigKey, value: toml::Value) -> Result<Value, String> {
    let allowed = || key.kind.allowed();
    match (key.kind, value) {
        (Kind::Integer { min, max }, toml::Value::Integer(number)) => u64::try_from(number)
            .ok()
            .filter(|number| (min..=max).contains(number))
            .map(Value::Integer)
            .ok_or_else(allowed),
        (Kind::Boolean, toml::Value::Boolean(value)) => Ok(Value::Boolean(value)),
        (Kind::Members, toml::Value::Array(members)) => {
            members_from_toml(members).map(Value::Members).ok_or_else(allowed)
        }
        (Kind::Integer { .. } | Kind::Boolean, _) => Err(allowed()),
        (_, toml::Value::String(text)) => from_text(key, &text),
        _ => Err(allowed()),
    }
}

/// A value of the environment, of a flag or of the table's defaults, or what is allowed.
fn from_text(key: &ConfigKey, text: &str) -> Result<Value, String> {
    let text = text.trim();
    let value = match key.kind {
        Kind::Text => (!text.is_empty()).then(|| Value::Text(text.into())),
        Kind::Integer { min, max } => {
            let number = text.replace('_', "").parse().ok();
            number.filter(|number| (min..=max).contains(number)).map(Value::Integer)
        }
        Kind::Boolean => text.parse().ok().map(Value::Boolean),
        Kind::Choice(words) => words.contains(&text).then(|| Value::Text(text.into())),
        Kind::Address => is_address(text).then(|| Value::Text(text.into())),
        Kind::Url => is_url(text).then(|| Value::Text(text.trim_end_matches('/').into())),
        Kind::Members => members_from_text(text).map(Value::Members),
    };
    value.ok_or_else(|| key.kind.allowed())
}

fn members_from_toml(members: Vec<toml::Value>) -> Option<BTreeMap<NodeId, NodeAddress>> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Member {
        id: u64,
        http: String,
        peer: String,
    }
    let mut nodes = BTreeMap::new();
    for member in members {
        let Member { id, http, peer } = member.try_into().ok()?;
        add_member(&mut nodes, id, &http, &peer)?;
    }
    Some(nodes)
}

fn members_from_text(text: &str) -> Option<BTreeMap<NodeId, NodeAddress>> {
    let mut nodes = BTreeMap::new();
    for member in text.split(';').map(str::trim).filter(|member| !member.is_empty()) {
        let mut parts = member.split('@');
        let (id, http, peer) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        add_member(&mut nodes, id, http, peer)?;
    }
    Some(nodes)
}

/// Adds a node, or `None` if it is not well-formed or its id is taken.
fn add_member(
    nodes: &mut BTreeMap<NodeId, NodeAddress>,
    id: u64,
    http: &str,
    peer: &str,
) -> Option<()> {
    let fits = (1..=u64::from(u32::MAX)).contains(&id) && is_url(http) && is_address(peer);
    let address = NodeAddress { http: http.trim_end_matches('/').into(), peer: peer.into() };
    (fits && nodes.insert(NodeId::new(id), address).is_none()).then_some(())
}

pub(crate) fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty()
            && !host.contains(['/', ' ', '@'])
            && port.parse::<u16>().is_ok()
            && !port.starts_with('+')
    })
}

pub(crate) fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        let host = rest.trim_end_matches('/');
        !host.is_empty() && !host.contains(['/', ' ', '@', '?', '#'])
    })
}
