//! The OpenAPI 3.1 document, built from the same routes, limits and defaults that the code uses.

mod operations;
mod parameters;
mod refusals;
mod schema;
mod schemas;

use serde_json::{Map, Value, json};

use crate::routes;

/// The whole document.
pub fn document() -> Value {
    let mut paths = Map::new();
    for (path, methods) in routes::ALL {
        let mut item = Map::new();
        for method in *methods {
            item.insert((*method).to_owned(), operations::operation(path, method));
        }
        paths.insert((*path).to_owned(), Value::Object(item));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ferry",
            "summary": "A replicated task queue and task scheduler.",
            "description": "Any node takes any request and forwards it to the leader. Reads are \
                linearizable unless `consistency=stale` is asked for. A write with an \
                `Idempotency-Key` may be repeated: the answer is the first one. Durations are \
                integers of milliseconds, times are RFC 3339 UTC. A request with an unknown field \
                or query parameter is refused. `null` in place of a field that may be left out is \
                as leaving it out; a `payload` and a `result` are JSON, so theirs is kept.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "parameters": parameters::all(),
            "headers": parameters::response_headers(),
            "responses": {
                "Problem": {
                    "description": any_refusal(),
                    "content": {
                        "application/problem+json": {
                            "schema": { "$ref": "#/components/schemas/Problem" }
                        }
                    },
                },
            },
        },
    })
}

/// What every request may be answered with, besides what its operation says.
fn any_refusal() -> String {
    let codes = refusals::OF_ANY_REQUEST.map(|code| format!("`{}`", code.as_str()));
    format!("What any request may be refused with: {}.", codes.join(", "))
}

#[cfg(test)]
#[path = "openapi_tests.rs"]
mod tests;
