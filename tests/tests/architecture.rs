//! The house (docs/architecture.md): its rooms, its arrows, and what may live where.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ferry_tests::{files_under, repository};
use toml::{Table, Value};

/// Who may use whom. An arrow that is not here needs a decision, not a line in a manifest.
const ARROWS: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("forecast", &[]),
    ("core", &["types"]),
    ("api", &["types"]),
    ("store", &["types", "core"]),
    ("client", &["types", "api"]),
    ("replica", &["types", "core", "store"]),
    ("scheduler", &[]),
    ("server", &["types", "core", "store", "replica", "api", "client", "scheduler", "forecast"]),
    ("bench", &["types", "api"]),
    ("bench-peers", &["bench"]),
    ("cli", &["types", "api", "client", "server", "bench"]),
];

/// The homes of heavy dependencies. `tests` sees everything.
const HOMES: &[(&str, &[&str])] = &[
    ("rocksdb", &["store"]),
    ("openraft", &["replica"]),
    ("axum", &["server"]),
    ("reqwest", &["client", "server"]),
    ("clap", &["cli", "bench-peers"]),
    ("hdrhistogram", &["bench"]),
];

const TOP_LEVEL: &[&str] =
    &["Cargo.lock", "Cargo.toml", "README.md", "crates", "deploy", "docs", "scripts", "tests"];

const FILE_LINES_MAX: usize = 400;

#[test]
fn arrows_point_down() {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let crates = crate_names();
    let drawn: BTreeSet<_> = allowed.keys().map(|&name| name.to_owned()).collect();
    assert_eq!(crates, drawn, "the drawing and the crates differ");
    for name in &crates {
        let manifest = manifest(&repository().join("crates").join(name));
        // What tests of a crate use may look up as little as the crate itself.
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for dependency in dependencies(&manifest, section) {
                let Some(target) = dependency.strip_prefix("ferry-") else { continue };
                let is_drawn = allowed[name.as_str()].contains(&target);
                assert!(is_drawn, "{name} -> {target} ({section}) is not in the drawing");
            }
        }
    }
}

#[test]
fn heavy_dependencies_have_one_home() {
    for name in crate_names() {
        let manifest = manifest(&repository().join("crates").join(&name));
        for dependency in dependencies(&manifest, "dependencies") {
            let home = HOMES.iter().find(|(heavy, _)| *heavy == dependency);
            if let Some((heavy, homes)) = home {
                assert!(
                    homes.contains(&name.as_str()),
                    "{heavy} lives in {homes:?}, not in {name}"
                );
            }
        }
    }
}

#[test]
fn consensus_versions_are_pinned() {
    let root = manifest(repository());
    let pinned = &root["workspace"]["dependencies"];
    for (name, dependency) in pinned.as_table().expect("dependencies are a table") {
        if !name.starts_with("openraft") {
            continue;
        }
        let version = dependency.get("version").unwrap_or(dependency).as_str().unwrap_or_default();
        assert!(version.starts_with('='), "{name} {version} must be pinned with =");
    }
    assert!(pinned.get("openraft").is_some(), "openraft's version stands in the root manifest");
}

#[test]
fn the_top_level_is_fixed() {
    let entries = fs::read_dir(repository()).expect("the repository is readable");
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    // What builds and runs leave behind is not part of the house, and neither are tools' dot-files.
    let is_ours =
        |name: &String| !name.starts_with('.') && name != "target" && name != "ferry-data";
    let ours: BTreeSet<_> = names.filter(is_ours).collect();
    let fixed: BTreeSet<_> = TOP_LEVEL.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(ours, fixed);
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    for (path, text) in sources().into_iter().chain(python_sources()) {
        let lines = text.lines().count();
        assert!(lines <= FILE_LINES_MAX, "{} has {lines} lines", path.display());
        let is_python = path.extension().is_some_and(|extension| extension == "py");
        let is_root = is_python || path.ends_with("src/lib.rs") || path.ends_with("src/main.rs");
        let says = text.starts_with(if is_python { "\"\"\"" } else { "//!" });
        assert!(says || !is_root, "{} does not begin with its reason to exist", path.display());
    }
}

#[test]
fn nothing_lacks_a_better_name() {
    for (path, _) in sources().into_iter().chain(python_sources()) {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let is_vague =
            ["util", "utils", "common", "helper", "helpers", "manager"].contains(&&*name);
        assert!(!is_vague, "{} has no home yet", path.display());
    }
}

#[test]
fn tests_wait_on_conditions_and_none_is_ignored() {
    let call = ["sle", "ep("].concat();
    let ignored = ["#[ign", "ore"].concat();
    for (path, text) in sources() {
        assert!(!text.contains(&ignored), "{} has an ignored test", path.display());
        let is_test = path.components().any(|part| part.as_os_str() == "tests");
        let tests = match text.find("#[cfg(test)]") {
            _ if is_test => text.as_str(),
            Some(begin) => &text[begin..],
            None => continue,
        };
        // The one file that polls a condition up to a deadline.
        let is_home = path.ends_with("tests/src/wait.rs");
        assert!(is_home || !tests.contains(&call), "{} sleeps in a test", path.display());
    }
}

#[test]
fn every_package_inherits_the_lints() {
    let mut packages: Vec<_> =
        crate_names().iter().map(|name| repository().join("crates").join(name)).collect();
    packages.push(repository().join("tests"));
    for package in packages {
        let manifest = manifest(&package);
        let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        assert_eq!(
            inherits,
            Some(&Value::Boolean(true)),
            "{} has lints of its own",
            package.display()
        );
    }
}

fn crate_names() -> BTreeSet<String> {
    let entries = fs::read_dir(repository().join("crates")).expect("there are crates");
    let packages = entries.flatten().filter(|entry| entry.path().join("Cargo.toml").is_file());
    packages.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn manifest(package: &Path) -> Table {
    let path = package.join("Cargo.toml");
    let text = fs::read_to_string(&path).expect("a package has a manifest");
    text.parse().expect("cargo has read this manifest before us")
}

/// Packages by their real names, wherever a manifest may list them.
fn dependencies(manifest: &Table, section: &str) -> BTreeSet<String> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let per_target = targets.into_iter().flat_map(Table::values);
    let tables = per_target.filter_map(|target| target.get(section)).chain(manifest.get(section));
    let name = |(key, value): (&String, &Value)| {
        let renamed = value.get("package").and_then(Value::as_str);
        renamed.unwrap_or(key).to_owned()
    };
    tables.filter_map(Value::as_table).flatten().map(name).collect()
}

fn sources() -> Vec<(PathBuf, String)> {
    let sources = sources_of("rs");
    assert!(sources.len() > 50, "only {} source files were found", sources.len());
    sources
}

fn python_sources() -> Vec<(PathBuf, String)> {
    let sources = sources_of("py");
    assert!(sources.len() > 20, "only {} Python files were found", sources.len());
    sources
}

fn sources_of(language: &str) -> Vec<(PathBuf, String)> {
    let roots = ["crates", "tests"].map(|root| repository().join(root));
    let files = roots.iter().flat_map(|root| files_under(root)).map(|(path, _)| path);
    let ours = files.filter(|path| path.extension().is_some_and(|ending| ending == language));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source file is readable");
        (path, text)
    };
    ours.map(read).collect()
}
