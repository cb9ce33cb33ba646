//! The documents say what is there: each page against the thing that it describes.

use std::collections::BTreeSet;
use std::fs;

use ferry_tests::{Cluster, ferry, ferry_command, repository};
use serde_json::Value;

#[tokio::test]
async fn the_api_page_names_every_route_and_field_of_the_openapi_document() {
    let cluster = Cluster::start(1).await;
    let document = cluster.client(1).get("/openapi.json").await.expect(200);
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let page = read("docs/api.md");
    let paths = document["paths"].as_object().expect("a document has paths");
    assert!(paths.len() > 15, "only {} paths", paths.len());
    for path in paths.keys() {
        assert!(page.contains(path.as_str()), "docs/api.md does not name {path}");
    }
    let fields = fields(&document["components"]["schemas"]);
    assert!(fields.len() > 30, "only {fields:?}");
    for field in fields {
        assert!(page.contains(&format!("`{field}`")), "docs/api.md does not name `{field}`");
    }
}

#[tokio::test]
async fn every_documented_path_is_served() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(1);
    let document = client.get("/openapi.json").await.expect(200);
    for (path, operations) in document["paths"].as_object().expect("a document has paths") {
        let path = path.replace("{queue}", "q").replace("{task}", "t1").replace("{lease}", "l1.1");
        // A stream has no end that could be waited for; a refusal shows as well that it is there.
        let path = path.replace("{id}", "99").replace("/v1/events", "/v1/events?after_index=x");
        let methods = ["get", "put", "post", "delete"];
        for method in methods.iter().filter(|&method| operations.get(method).is_some()) {
            let answer = client.request(&method.to_uppercase(), &path).send().await;
            let is_there = answer.code() != "not_found" && answer.status != 405;
            assert!(is_there && answer.status < 500, "{method} {path}: {}", answer.text);
        }
    }
}

#[test]
fn the_glossary_has_every_noun() {
    let page = read("docs/glossary.md");
    for noun in [
        "task",
        "queue",
        "lease",
        "fencing token",
        "attempt",
        "worker",
        "dequeue",
        "ack",
        "nack",
        "extend",
        "release",
        "settle",
        "dead",
        "node",
        "group",
        "command",
        "reply",
        "rejection",
        "effect",
        "change",
    ] {
        assert!(page.contains(&format!("**{noun}**")), "docs/glossary.md lacks {noun}");
    }
}

#[test]
fn the_commands_of_the_readme_exist() {
    let page = read("README.md");
    let mut commands = BTreeSet::new();
    for line in page.lines() {
        let line = line.trim_start_matches(['$', ' ']);
        // After `| ` and `&& ` a line may hold a second command.
        for part in line.split(['|', '&', ';']) {
            let mut words = part.split_whitespace();
            if words.next() == Some("ferry") {
                commands.extend(words.next().map(str::to_owned));
            }
        }
    }
    assert!(commands.len() >= 3, "the README shows only {commands:?}");
    for command in commands {
        let ran = ferry("http://127.0.0.1:1", &[command.as_str(), "--help"], "");
        assert_eq!(ran.code, Some(0), "the README shows ferry {command}: {}", ran.stderr);
        assert!(ran.stdout.contains("Usage"), "{}", ran.stdout);
    }
    for script in ["scripts/demo", "scripts/test"] {
        let is_there = repository().join(script).is_file();
        assert!(is_there && page.contains(script), "the README and {script} part ways");
    }
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    let mut pages = vec![repository().join("README.md")];
    let docs = fs::read_dir(repository().join("docs")).expect("there are documents");
    pages.extend(docs.flatten().map(|entry| entry.path()).filter(|path| path.is_file()));
    for page in pages {
        let text = fs::read_to_string(&page).expect("a document is text");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = page.parent().expect("a file has a folder").join(target);
            assert!(path.exists(), "{} links to {link}", page.display());
        }
    }
}

#[tokio::test]
async fn the_example_configuration_loads() {
    // The example's paths and ports are a machine's own; flags win over the file.
    let mut cluster = Cluster::builder(1).prepare();
    let example = repository().join("deploy/ferry.toml");
    let (data, http) = (cluster.node(1).data_dir(), cluster.client(1).base().to_owned());
    let mut command = ferry_command(&["serve", "--config"]);
    let listen = http.trim_start_matches("http://").to_owned();
    let members = format!("1@{http}@{}", cluster.peer_address(1));
    command.arg(example).arg("--data-dir").arg(data).args(["--node", "1"]);
    command.args(["--http-listen", &listen, "--peer-listen", &cluster.peer_address(1)]);
    command.args(["--http-advertise", &http, "--peer-advertise", &cluster.peer_address(1)]);
    command.args(["--members", &members]);
    cluster.node(1).start_as(command);
    cluster.wait_ready(1).await;
}

fn read(path: &str) -> String {
    match fs::read_to_string(repository().join(path)) {
        Ok(text) => text,
        Err(error) => panic!("{path} is missing: {error}"),
    }
}

/// The names of all properties of all schemas.
fn fields(schemas: &Value) -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    let mut left = vec![schemas];
    while let Some(value) = left.pop() {
        if let Some(properties) = value["properties"].as_object() {
            fields.extend(properties.keys().cloned());
        }
        left.extend(value.as_object().into_iter().flat_map(|object| object.values()));
        left.extend(value.as_array().into_iter().flatten());
    }
    fields
}

#[test]
fn every_test_that_the_proof_names_exists() {
    let page = read("docs/proof.md");
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let names: Vec<&str> = rows
        .flat_map(|row| row.split('`').skip(1).step_by(2))
        .filter(|name| name.matches('_').count() > 2)
        .collect();
    assert!(names.len() > 30, "only {} names", names.len());
    let sources = rust_sources();
    for name in names {
        let definition = format!("fn {name}(");
        let exists = sources.iter().any(|source| source.contains(&definition));
        assert!(exists, "docs/proof.md names {name}, which is no test");
    }
}

/// The text of every Rust file of the workspace.
fn rust_sources() -> Vec<String> {
    let mut folders = vec![repository().join("crates"), repository().join("tests")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the repository is readable") {
            let path = entry.expect("the repository is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(fs::read_to_string(path).expect("a source is text"));
            }
        }
    }
    sources
}
