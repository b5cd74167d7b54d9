//! Prints every query of the console and the dashboards as a Prometheus rule file, so that `docker/check` can have them
//! parsed by promtool: cargo run -p system-test --example queries

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "the extractor is shared with a test, where panics are failures"
)]

#[expect(dead_code, reason = "a test needs the other parts")]
#[path = "../tests/system/panels/queries.rs"]
mod queries;

use std::io::{self, Write};

use serde_json::json;

fn main() -> io::Result<()> {
    let rule = |(number, query): (usize, queries::Query)| json!({ "record": format!("query:{number}"), "expr": query.expr });
    let rules: Vec<_> = queries::queries().into_iter().enumerate().map(rule).collect();

    // JSON is YAML, which is the format of a rule file.
    let file = json!({ "groups": [{ "name": "queries", "rules": rules }] });
    writeln!(io::stdout(), "{file}")
}
