//! `docs/format.md` says what the code does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ferry_core::Change;
use ferry_types::NodeId;

use crate::log::KINDS;
use crate::state::keyspace::{APPLIED_KEY, Keyspace, MEMBERSHIP_KEY};
use crate::{Identity, Log, LogEntry, LogId, LogOptions, Payload, State, StateOptions};

/// Tag, field and type of each field of each message.
type Messages = BTreeMap<String, Vec<[String; 3]>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page() -> String {
    fs::read_to_string(root().join("docs/format.md")).expect("the page is there")
}

/// The rows of the table under the first heading that reads `heading`, as cells.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let after = page.lines().skip_while(|line| *line != heading).skip(1);
    let section = after.take_while(|line| !line.starts_with('#'));
    section.filter_map(cells).collect()
}

/// The cells of a table's row; `None` for its head and for what is no row.
fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
    let cells: Vec<String> = inner.split(" | ").map(|cell| cell.replace('`', "")).collect();
    let is_head = ["tag", "path", "type", "kind", "bytes"].contains(&cells[0].as_str());
    (!is_head).then_some(cells)
}

#[test]
fn the_page_lists_every_message_with_its_tags() {
    let mut written = Messages::new();
    let page = page();
    let messages = page.lines().filter_map(|line| line.strip_prefix("### "));
    for name in messages {
        let fields = table(&page, &format!("### {name}"));
        let fields = fields.into_iter().map(|cells| [0, 1, 2].map(|cell| cells[cell].clone()));
        assert!(
            written.insert(name.into(), fields.collect()).is_none(),
            "{name} stands there twice"
        );
    }
    let mut coded = Messages::new();
    for crate_name in ["core", "store"] {
        for file in sources(&root().join("crates").join(crate_name).join("src")) {
            read_source(&fs::read_to_string(file).expect("a source is text"), &mut coded);
        }
    }
    assert!(coded.len() > 40, "the sources were not understood: {coded:?}");
    for (name, fields) in &coded {
        assert_eq!(written.get(name), Some(fields), "the page and the code differ on {name}");
    }
    let names = |messages: &Messages| messages.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&written), names(&coded));
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("list the sources");
    let paths = entries.map(|entry| entry.expect("list a source").path());
    paths.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// Finds the messages in a source: what derives something of prost's, and its fields.
fn read_source(source: &str, messages: &mut Messages) {
    let (mut attributes, mut message) = (String::new(), None);
    for line in source.lines().map(str::trim) {
        if line.starts_with("//") || line.is_empty() {
            continue;
        }
        if line.starts_with("#[") || !is_closed(&attributes) {
            attributes.push_str(line);
            continue;
        }
        let attributes = std::mem::take(&mut attributes);
        let line = line.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        if let Some(name) = item_name(line) {
            message = attributes.contains("prost::").then(|| name.to_owned());
            if let Some(name) = &message {
                let twice = messages.insert(name.clone(), Vec::new());
                assert!(twice.is_none(), "two messages are called {name}");
            }
            if line.ends_with("{}") {
                message = None;
            }
        } else if line == "}" {
            message = None;
        } else if let Some(name) = &message {
            let fields = messages.get_mut(name).expect("it was inserted with its name");
            fields.extend(field(line, &attributes));
        }
    }
}

fn is_closed(attributes: &str) -> bool {
    attributes.matches('[').count() == attributes.matches(']').count()
}

fn item_name(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("struct ").or_else(|| line.strip_prefix("enum "))?;
    rest.split([' ', '(', '<', ';']).next()
}

/// Tag, name and type of a field or a variant.
fn field(line: &str, attributes: &str) -> Option<[String; 3]> {
    let Some((_, prost)) = attributes.split_once("#[prost(") else {
        let (name, tag) = line.strip_suffix(',')?.split_once(" = ")?;
        return Some([tag.into(), name.into(), String::new()]);
    };
    let (name, rust) = match line.split_once(": ") {
        Some((name, rust)) => (name, rust.trim_end_matches(',')),
        None => line.trim_end_matches("),").split_once('(')?,
    };
    let (before, tag) = prost.split_once("tag")?;
    let tag = tag.split('"').nth(1)?;
    let quoted = |text: &str| text.split('"').nth(1).map(last_segment);
    let words: Vec<&str> =
        before.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    let labels = words[1..].iter().filter(|word| ["optional", "repeated"].contains(word));
    let base = match words[0] {
        "message" => message_type(rust),
        word if word.starts_with("oneof") => format!("one of {}", quoted(word)?),
        word if word.starts_with("enumeration") => quoted(word)?,
        word if word.starts_with("btree_map") => format!("map of {}", before.split('"').nth(1)?),
        word => word.split(' ').next()?.into(),
    };
    let labelled: Vec<&str> = labels.copied().chain([base.as_str()]).collect();
    Some([tag.into(), name.into(), labelled.join(" ")])
}

fn message_type(rust: &str) -> String {
    last_segment(rust.rsplit('<').next().unwrap_or(rust).trim_end_matches('>'))
}

fn last_segment(path: &str) -> String {
    path.rsplit("::").next().unwrap_or(path).into()
}

#[test]
fn the_page_lists_every_keyspace() {
    let tag = |keyspace: Keyspace| [format!("{:#04x}", keyspace as u8), format!("{keyspace:?}")];
    let mut coded = BTreeSet::new();
    for keyspace in Keyspace::ALL {
        match keyspace {
            Keyspace::Meta => {
                for key in [APPLIED_KEY, MEMBERSHIP_KEY] {
                    assert_eq!(key[0], Keyspace::Meta as u8);
                    coded.insert((tag(keyspace), format!("{:#04x}", key[1])));
                }
            }
            Keyspace::Counters | Keyspace::Leaders => {
                coded.insert((tag(keyspace), "nothing".into()));
            }
            Keyspace::Queue => drop(coded.insert((tag(keyspace), "u32".into()))),
            Keyspace::Limit | Keyspace::Worker | Keyspace::Schedule => {
                coded.insert((tag(keyspace), "text".into()));
            }
            Keyspace::Wait => drop(coded.insert((tag(keyspace), "u64, u64".into()))),
            Keyspace::Lane => drop(coded.insert((tag(keyspace), "u32, text".into()))),
            Keyspace::Task
            | Keyspace::Payload
            | Keyspace::Result
            | Keyspace::Idempotency
            | Keyspace::Events
            | Keyspace::Ended
            | Keyspace::Workflow => {
                coded.insert((tag(keyspace), "u64".into()));
            }
        }
    }
    let rest = |key: &str| match key.split_once('(') {
        Some((_, inside)) => inside.trim_end_matches(')').to_owned(),
        None => key.split(':').next().unwrap_or(key).to_owned(),
    };
    let page = page();
    let written = table(&page, "## Keys").into_iter();
    let written = written.map(|cells| ([cells[0].clone(), cells[1].clone()], rest(&cells[2])));
    assert_eq!(written.collect::<BTreeSet<_>>(), coded);
}

#[test]
fn the_page_lists_every_kind_of_record() {
    let page = page();
    let rows = table(&page, "## The log");
    let kinds = rows.iter().filter(|cells| cells.len() == 2).map(|cells| cells[0].clone());
    let coded = KINDS.map(|kind| format!("{kind:#04x} {}", kind as char));
    assert_eq!(kinds.collect::<BTreeSet<_>>(), coded.into());
}

#[test]
fn the_page_lists_every_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let cluster = "c".parse().expect("a cluster id");
    let _identity = Identity::open(dir.path(), &cluster, NodeId::new(1)).expect("an identity");
    let group = dir.path().join("group-1");
    let options = LogOptions { segment_bytes: 4096, ..LogOptions::default() };
    let log = Log::open(&group.join("log"), options).expect("a log");
    let done = || Box::new(|result: std::io::Result<()>| result.expect("reach the disk"));
    let payload = Payload::Commands(vec![0; 4000].into());
    log.append(vec![LogEntry { id: LogId::default(), payload }], done()).expect("append");
    log.purge(LogId::default(), done()).expect("purge");
    drop(log);
    let state = State::open(&group, StateOptions::default()).expect("a state").state;
    let changes = [Change::PutResult(ferry_types::TaskId::new(1), "x".into())];
    state.commit(LogId::default(), None, &changes).expect("commit");
    state.snapshot().expect("a snapshot");

    let mut found = BTreeSet::new();
    list(dir.path(), "", &mut found);
    let page = page();
    let written = table(&page, "## Files").into_iter().map(|mut cells| cells.remove(0));
    assert_eq!(written.collect::<BTreeSet<_>>(), found);
}

/// The files under `dir` as the page writes them.
fn list(dir: &Path, prefix: &str, found: &mut BTreeSet<String>) {
    let is_database = prefix.starts_with("group-1/state/<n>") || prefix.ends_with("/files/");
    for entry in fs::read_dir(dir).expect("list a directory") {
        let entry = entry.expect("list an entry");
        let name = entry.file_name().into_string().expect("names are text");
        let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
        if entry.path().is_dir() {
            let name = if is_number { "<n>" } else { &name };
            list(&entry.path(), &format!("{prefix}{name}/"), found);
        } else if is_database {
            found.insert(format!("{prefix}*"));
        } else if prefix.ends_with("/segments/") {
            let stem = name.trim_end_matches(|letter: char| letter != '-' && letter != '.');
            let spare = if stem.starts_with("spare-") { "spare-" } else { "" };
            found.insert(format!("{prefix}{spare}<n>.log"));
        } else {
            found.insert(format!("{prefix}{name}"));
        }
    }
}
