//! The configuration: its sources, its problems, and the pages that describe it.

use std::path::PathBuf;
use std::time::Duration;

use ferry_server::{Config, ConfigKey, ConfigProblem, ConfigSource, KEYS, LogFormat};

const FOUNDERS: &str =
    "1@http://127.0.0.1:7101@127.0.0.1:7201;2@http://127.0.0.1:7102@127.0.0.1:7202";

fn flags(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect()
}

/// What is needed at least, and `more`.
fn minimal(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let least = [("cluster", "a"), ("node", "1"), ("data-dir", "/d"), ("members", FOUNDERS)];
    [flags(&least), flags(more)].concat()
}

fn load(flags: Vec<(String, String)>) -> Result<Config, Vec<ConfigProblem>> {
    let source = ConfigSource { file: None, flags };
    Config::load(&source, []).map_err(|problems| problems.0)
}

/// The keys of the problems and what is said about each.
fn problems(flags: Vec<(String, String)>) -> Vec<(String, String)> {
    let problems = load(flags).expect_err("the configuration has problems");
    problems.into_iter().map(|problem| (problem.key, problem.detail)).collect()
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn what_is_left_out_is_the_default() {
    let config = load(minimal(&[])).expect("it is complete");
    assert_eq!(config.http_listen, "127.0.0.1:7101");
    assert_eq!(config.address.http, "http://127.0.0.1:7101");
    assert_eq!(config.address.peer, "127.0.0.1:7201");
    assert_eq!(config.heartbeat, Duration::from_millis(150));
    assert_eq!(config.election, (Duration::from_millis(500), Duration::from_millis(900)));
    assert_eq!(config.idempotency_retention, Duration::from_secs(600));
    assert_eq!((config.waiters_max, config.worker_threads), (20_000, 1));
    assert!(config.auto_create_queues);
    assert_eq!(config.log_format, LogFormat::Text);
}

#[test]
fn flags_override_the_environment_and_that_the_file() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let file = directory.path().join("ferry.toml");
    let text = "cluster = 'a'\nnode = 1\ndata_dir = '/file'\nlog = 'file'\nwaiters_max = 7\n\
                members = [{ id = 1, http = 'http://h:1/', peer = 'p:2' }]";
    std::fs::write(&file, text).expect("the file can be written");
    let environment = [("FERRY_DATA_DIR", "/environment"), ("FERRY_LOG", "environment")];
    let environment = environment.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let source = ConfigSource { file: Some(file), flags: flags(&[("--log", "flag")]) };
    let config = Config::load(&source, environment).expect("it is complete");
    assert_eq!(config.log, "flag");
    assert_eq!(config.data_dir, PathBuf::from("/environment"));
    assert_eq!(config.waiters_max, 7);
    assert_eq!(config.address.http, "http://h:1");
}

#[test]
fn all_problems_are_told_at_once_with_key_origin_and_what_is_allowed() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let file = directory.path().join("ferry.toml");
    let text = "cluster = 'a b'\nnode = 'one'\nhttp_listn = ':1'\nwaiters_max = 0\njoin = 'yes'";
    std::fs::write(&file, text).expect("the file can be written");
    let environment = [("FERRY_ELECTION_MIN", "1"), ("FERRY_SERVER", "x"), ("HOME", "/")];
    let environment = environment.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let flags = flags(&[("members", "1@127.0.0.1:7101"), ("heartbeat-ms", "600")]);
    let source = ConfigSource { file: Some(file.clone()), flags };
    let problems = Config::load(&source, environment).expect_err("it has problems").0;
    let file = file.display().to_string();
    for (key, origin, detail) in [
        ("cluster", file.as_str(), "1 to 64 of"),
        ("node", &file, "a whole number from 1 to 4294967295"),
        ("http_listn", &file, "did you mean http_listen?"),
        ("waiters_max", &file, "a whole number from 1 to 1000000"),
        ("join", &file, "true or false"),
        ("election_min", "FERRY_ELECTION_MIN", "did you mean election_min_ms?"),
        ("members", "--members", "id@http@peer"),
        ("data_dir", "not set", "has to be set"),
        ("election_min_ms", "default", "at least twice heartbeat_ms, which is 600"),
    ] {
        let is_told = |problem: &ConfigProblem| {
            problem.key == key && problem.origin == origin && problem.detail.contains(detail)
        };
        assert!(problems.iter().any(is_told), "{key} is not told: {problems:#?}");
    }
    assert_eq!(problems.len(), 9, "{problems:#?}");
}

#[test]
fn a_file_that_is_not_there_or_not_toml_is_told() {
    let source = ConfigSource { file: Some("/nowhere/ferry.toml".into()), flags: minimal(&[]) };
    let problems = Config::load(&source, []).expect_err("there is no file").0;
    assert!(problems[0].detail.starts_with("cannot be read"), "{problems:?}");
    let directory = tempfile::tempdir().expect("a directory can be made");
    let file = directory.path().join("ferry.toml");
    std::fs::write(&file, "cluster = 'a'\nnode = = 1").expect("the file can be written");
    let source = ConfigSource { file: Some(file), flags: minimal(&[]) };
    let problems = Config::load(&source, []).expect_err("it is broken").0;
    assert!(problems[0].detail.starts_with("line 2:"), "{problems:?}");
}

#[test]
fn a_node_founds_or_joins() {
    let least = [("cluster", "a"), ("node", "4"), ("data_dir", "/d")];
    let with = |more: &[(&str, &str)]| [flags(&least), flags(more)].concat();
    let neither = problems(with(&[]));
    assert!(neither[0].1.contains("unless join is true"), "{neither:?}");
    let both = problems(with(&[("join", "true"), ("members", FOUNDERS)]));
    assert_eq!(both[0].0, "join");
    let stranger = problems(with(&[("members", FOUNDERS)]));
    assert!(stranger[0].1.contains("must hold this node, 4"), "{stranger:?}");
    let joins = load(with(&[("join", "true"), ("http-listen", "0.0.0.0:9")])).expect("complete");
    assert_eq!(joins.address.http, "http://0.0.0.0:9");
}

#[test]
fn what_is_advertised_is_what_the_members_say() {
    let other = problems(minimal(&[("http-advertise", "http://elsewhere:1")]));
    assert!(other[0].1.contains("what members say of this node"), "{other:?}");
    assert!(load(minimal(&[("http-advertise", "http://127.0.0.1:7101")])).is_ok());
}

#[test]
fn values_have_one_meaning_or_none() {
    for (key, text) in [
        ("http-listen", "7101"),
        ("http-listen", "a:70000"),
        ("http-advertise", "127.0.0.1:7101"),
        ("http-advertise", "http://a/path"),
        ("log-format", "xml"),
        ("join", "1"),
        ("snapshot-entries", "-1"),
        ("members", "1@http://a:1@b:1;1@http://a:1@b:1"),
        ("nothing", "1"),
    ] {
        let found = problems(minimal(&[(key, text)]));
        let name = key.replace('-', "_");
        assert!(found.iter().any(|(key, _)| *key == name), "{key}={text} passed: {found:?}");
    }
}

#[test]
fn the_operators_page_has_a_row_for_every_key() {
    let page = repository().join("docs/operations.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let section = page.lines().skip_while(|line| *line != "## Configuration").skip(1);
    let section = section.take_while(|line| !line.starts_with("## "));
    let rows: Vec<&str> = section.filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<String> = KEYS.iter().map(row).collect();
    assert_eq!(rows, expected, "the table should be\n{}", expected.join("\n"));
}

fn row(key: &ConfigKey) -> String {
    let (allowed, default) = (key.kind.allowed(), key.default.describe());
    format!("| `{}` | {allowed} | {default} | {} |", key.name, key.meaning)
}

#[test]
fn the_example_file_has_every_key_with_its_default() {
    let path = repository().join("deploy/ferry.toml");
    let text = std::fs::read_to_string(&path).expect("the file is there");
    let table: toml::Table = text.parse().expect("it is TOML");
    let names: Vec<&str> = table.keys().map(String::as_str).collect();
    for key in KEYS {
        assert!(names.contains(&key.name), "{} is not in the example", key.name);
        let shown = table[key.name].to_string().replace('"', "");
        let is_example = matches!(
            key.default,
            ferry_server::Fallback::Required | ferry_server::Fallback::Absent(_)
        );
        assert!(is_example || shown == key.default.describe(), "{} = {shown}", key.name);
    }
    assert_eq!(names.len(), KEYS.len());
    let source = ConfigSource { file: Some(path), flags: Vec::new() };
    Config::load(&source, []).expect("the example is complete");
}
