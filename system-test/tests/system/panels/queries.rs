//! The one extractor of the queries in `docker`: those of rules, alerts, the Prometheus console and the Grafana
//! dashboards.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;
use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

/// A query, and how its result is used.
#[derive(Debug)]
pub(crate) struct Query {
    /// The file, and the rule if it is one, for messages.
    pub(crate) place: String,
    pub(crate) expr: String,
    /// The metric that a recording rule writes.
    pub(crate) records: Option<String>,
    /// The labels that are shown with the result.
    pub(crate) shown_labels: BTreeSet<String>,
}

/// Every query of this project.
pub(crate) fn queries() -> Vec<Query> {
    let mut queries = Vec::new();

    for (file, text) in files("docker/metrics/rules", "yml") {
        let rules = rules(&file, &text);
        assert!(!rules.is_empty(), "{file} has no rule");
        queries.extend(rules);
    }
    for (file, text) in files("docker/metrics/consoles", "html") {
        queries.extend(console_queries(&file, &text));
    }
    for (file, text) in files("docker/metrics-graph/dashboards", "json") {
        let dashboard: Value = serde_json::from_str(&text).expect("JSON");
        let variables = dashboard["templating"]["list"].as_array().map_or(0, Vec::len);
        assert_eq!(
            variables, 0,
            "{file}: queries in variables are not supported by this test"
        );
        add_panel_queries(&file, &dashboard, &mut queries);
    }
    queries
}

/// The names of the scrape jobs.
pub(crate) fn jobs() -> BTreeSet<String> {
    let file = read(&root().join("docker/metrics/prometheus.yml"));
    let config = &YamlLoader::load_from_str(&file).expect("YAML")[0];

    let jobs = config["scrape_configs"].as_vec().expect("scrape_configs");
    let names = jobs.iter().map(|job| job["job_name"].as_str().expect("a name"));
    names.map(str::to_owned).collect()
}

/// The recording rules and alerts of a file. Annotations of an alert show labels as `$labels.name`.
fn rules(file: &str, text: &str) -> Vec<Query> {
    let documents = YamlLoader::load_from_str(text).expect("YAML");
    let groups = documents[0]["groups"].as_vec().expect("groups");
    let rules = groups
        .iter()
        .flat_map(|group| group["rules"].as_vec().expect("rules"));

    let query = |rule: &Yaml| {
        let records = rule["record"].as_str();
        let name = records.or(rule["alert"].as_str()).expect("a name");
        let expr = rule["expr"]
            .as_str()
            .unwrap_or_else(|| panic!("{file}: {name} has no query"));

        let annotations = rule["annotations"].as_hash().into_iter().flatten();
        let shown_labels =
            annotations.flat_map(|(_, text)| captures(r"\$labels\.(\w+)", text.as_str().unwrap_or_default()));
        Query {
            place: format!("{file}: {name}"),
            expr: expr.to_owned(),
            records: records.map(str::to_owned),
            shown_labels: shown_labels.collect(),
        }
    };
    rules.map(query).collect()
}

/// The queries of a console: `<code>` elements, and calls of `query` in the template language. The template shows
/// labels of a result between its query and the next.
fn console_queries(file: &str, text: &str) -> Vec<Query> {
    let pattern =
        Regex::new(r#"<code[^>]*>([^<]+)</code>|\bquery (?:\(printf )?"([^"]+)""#).expect("a pattern");
    let found: Vec<_> = pattern.captures_iter(text).collect();
    let expected = text.matches("</code>").count() + text.matches("{{ range query ").count();
    assert_eq!(
        found.len(),
        expected,
        "{file} has queries that were not extracted"
    );

    let starts = found.iter().map(|query| query.get_match().start());
    let ends = starts.skip(1).chain([text.len()]);
    let query = |(query, end): (&regex::Captures<'_>, usize)| {
        let after = &text[query.get_match().end()..end];
        let expr = query.get(1).or(query.get(2)).expect("a query").as_str();
        Query {
            place: file.to_owned(),
            expr: expr
                .replace("%q", "''")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&"),
            records: None,
            shown_labels: captures(r#"\.Labels\.(\w+)|sortByLabel "(\w+)""#, after).collect(),
        }
    };
    found.iter().zip(ends).map(query).collect()
}

/// Adds every query of a dashboard, at any depth: rows contain panels, panels contain targets. Annotations have queries
/// too.
fn add_panel_queries(file: &str, value: &Value, queries: &mut Vec<Query>) {
    if let Some(expr) = value["expr"].as_str() {
        let legend = value["legendFormat"].as_str().unwrap_or_default();
        queries.push(Query {
            place: file.to_owned(),
            expr: expr.replace("$__rate_interval", "1m").replace("$__range", "15m"),
            records: None,
            shown_labels: captures(r"\{\{\s*(\w+)\s*\}\}", legend).collect(),
        });
    }

    match value {
        Value::Object(members) => {
            for member in members.values() {
                add_panel_queries(file, member, queries);
            }
        }
        Value::Array(items) => {
            for item in items {
                add_panel_queries(file, item, queries);
            }
        }
        _ => {}
    }
}

/// The first group that took part in each match.
fn captures(pattern: &str, text: &str) -> impl Iterator<Item = String> {
    let pattern = Regex::new(pattern).expect("a pattern");
    let groups = pattern
        .captures_iter(text)
        .filter_map(|found| found.iter().skip(1).flatten().next());

    let names: Vec<_> = groups.map(|group| group.as_str().to_owned()).collect();
    names.into_iter()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Name and text of the files with this extension in a folder. There must be at least one.
fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let paths = entries.map(|entry| entry.expect("an entry").path());

    let files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            (format!("{folder}/{name}"), read(&path))
        })
        .collect();
    assert!(!files.is_empty(), "no .{extension} in {folder}");
    files
}
