//! `docs/api.md` is written from the OpenAPI document: this test compares the two.
//! `FERRY_BLESS=1 cargo test -p ferry-api --test reference` writes the page anew.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api.md");

#[test]
fn the_page_says_what_the_document_says() {
    let expected = page(&ferry_api::openapi::document());
    let is_cut = |line: &&str| line.ends_with(" or") || line.contains(".  or");
    assert_eq!(expected.lines().find(is_cut), None, "a sentence of the page has no end");
    if std::env::var_os("FERRY_BLESS").is_some() {
        std::fs::write(PAGE, &expected).expect("the page can be written");
    }
    let actual = std::fs::read_to_string(Path::new(PAGE)).unwrap_or_default();
    assert!(actual == expected, "docs/api.md is not what the OpenAPI document says; see this file");
}

/// The document as a page: routes first, then the documents they take and give.
fn page(document: &Value) -> String {
    let mut out = String::from("# HTTP API\n\n");
    line(&mut out, text(&document["info"]["description"]));
    line(
        &mut out,
        "Errors are `application/problem+json` (RFC 9457) with a `code`; the table of codes is at the end.",
    );
    line(&mut out, text(&document["components"]["responses"]["Problem"]["description"]));
    line(
        &mut out,
        "This page is generated from the OpenAPI document, which every node serves at `/openapi.json`.",
    );
    out.push_str("\n## Routes\n");
    for (path, methods) in object(&document["paths"]) {
        for (method, operation) in object(methods) {
            route(&mut out, document, path, method, operation);
        }
    }
    out.push_str("\n## Headers of answers\n\n");
    for (name, header) in object(&document["components"]["headers"]) {
        line(&mut out, &format!("- `{name}`: {}", text(&header["description"])));
    }
    out.push_str("\n## Documents\n");
    for (name, schema) in object(&document["components"]["schemas"]) {
        schema_section(&mut out, name, schema);
    }
    out.push_str("\n## Codes\n\n| code | status |\n|---|---|\n");
    for code in ferry_api::Code::ALL {
        let status = code.status().expect("a code that nodes send has a status");
        line(&mut out, &format!("| `{}` | {status} |", code.as_str()));
    }
    out
}

fn route(out: &mut String, document: &Value, path: &str, method: &str, operation: &Value) {
    write!(out, "\n### {} {path}\n\n", method.to_uppercase()).expect("a string takes all");
    line(out, text(&operation["summary"]));
    let description = text(&operation["description"]);
    if !description.is_empty() {
        line(out, description);
    }
    out.push('\n');
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let parameter = resolve(document, parameter);
        let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
        line(out, &format!("- `{name}` ({place}): {}", kind(&parameter["schema"])));
    }
    for body in object(&operation["requestBody"]["content"]).map(|(_, body)| body) {
        line(out, &format!("- body: {}", kind(&body["schema"])));
    }
    let (refusals, answers): (Vec<_>, Vec<_>) =
        object(&operation["responses"]).partition(|(status, _)| status.starts_with(['4', '5']));
    for (status, response) in answers.into_iter().filter(|(status, _)| *status != "default") {
        let response = resolve(document, response);
        let schema = object(&response["content"]).map(|(_, body)| kind(&body["schema"])).next();
        let schema = schema.map_or(String::new(), |schema| format!(" {schema}"));
        line(out, &format!("- answers {status}:{schema} {}", text(&response["description"])));
    }
    let refusals = refusals
        .iter()
        .map(|(status, refusal)| format!("{status} {}", text(&refusal["description"])));
    line(out, &format!("- refuses: {}", refusals.collect::<Vec<_>>().join("; ")));
}

fn schema_section(out: &mut String, name: &str, schema: &Value) {
    write!(out, "\n### {name}\n\n").expect("a string takes all");
    line(out, &kind(schema));
    if schema["properties"].is_null() {
        return;
    }
    out.push_str("\n| field | required | meaning |\n|---|---|---|\n");
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().map(text).collect();
    for (field, property) in object(&schema["properties"]) {
        let must = if required.contains(&field.as_str()) { "yes" } else { "" };
        line(out, &format!("| `{field}` | {must} | {} |", kind(property).replace('|', "\\|")));
    }
}

/// A schema in a line: its name or type, what it means, its range and default.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        let link = format!("[{name}](#{})", name.to_lowercase());
        let description = text(&schema["description"]);
        return format!("{link}. {description}").trim_end_matches(". ").to_owned();
    }
    if !schema["const"].is_null() {
        return format!("`{}`", schema["const"]);
    }
    let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    let choices: Vec<&Value> = choices.into_iter().flatten().collect();
    if !choices.is_empty() && schema["type"].is_null() {
        let kinds: Vec<String> = choices.into_iter().map(kind).collect();
        return format!("{} {}", text(&schema["description"]), kinds.join(" or "))
            .trim()
            .to_owned();
    }
    let mut words = match schema["type"].as_array() {
        Some(types) => types.iter().map(text).collect::<Vec<_>>().join(" or "),
        None => text(&schema["type"]).to_owned(),
    };
    if !schema["items"].is_null() {
        words = format!("{words} of {}", kind(&schema["items"]));
    }
    let description = text(&schema["description"]);
    let mut facts = Vec::new();
    for (key, word) in [
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("minItems", "items at least"),
        ("maxItems", "items at most"),
        ("minProperties", "fields at least"),
        ("maxProperties", "fields at most"),
        ("minLength", "characters at least"),
        ("maxLength", "characters at most"),
        ("pattern", "like"),
        ("enum", "one of"),
        ("default", "default"),
    ] {
        if !schema[key].is_null() {
            facts.push(format!("{word} `{}`", schema[key]));
        }
    }
    let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
    let needed: Vec<String> =
        choices.iter().map(|choice| format!("`{}`", text(&choice["required"][0]))).collect();
    let needed = match needed.is_empty() {
        true => String::new(),
        false => format!(" It has {}.", needed.join(" or ")),
    };
    let all = format!("{words}{facts}. {description}{needed}");
    all.trim_start_matches(". ").trim().to_owned()
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a string takes all");
}
