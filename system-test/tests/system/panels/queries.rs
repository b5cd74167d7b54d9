//! Where queries stand: rules, alerts, the console and the dashboards.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;
use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

/// A query, and what is made of its result.
#[derive(Debug)]
pub(crate) struct Query {
    /// For a message.
    pub(crate) place: String,
    pub(crate) text: String,
    /// The metric that its result is recorded as.
    pub(crate) records: Option<String>,
    /// Labels of the result that are shown.
    pub(crate) shown: BTreeSet<String>,
}

/// Every query of this project.
pub(crate) fn queries() -> Vec<Query> {
    let mut queries = Vec::new();
    for file in files("docker/metrics/rules", "yml") {
        let before = queries.len();
        rules(&read(&file), &file.display().to_string(), &mut queries);
        assert!(queries.len() > before, "no rule in {}", file.display());
    }
    for file in files("docker/metrics/consoles", "html") {
        console(&read(&file), &file.display().to_string(), &mut queries);
    }
    for file in files("docker/metrics-graph/dashboards", "json") {
        let dashboard: Value = serde_json::from_str(&read(&file)).expect("JSON");
        let variables = dashboard["templating"]["list"].as_array().map_or(0, Vec::len);
        assert_eq!(
            variables, 0,
            "this test cannot read the queries of a dashboard's variables yet"
        );
        panels(&dashboard, &file.display().to_string(), &mut queries);
    }
    queries
}

/// The names that Prometheus gives to its scrapes.
pub(crate) fn jobs() -> BTreeSet<String> {
    let file = read(&root().join("docker/metrics/prometheus.yml"));
    let config = &YamlLoader::load_from_str(&file).expect("YAML")[0];
    let jobs = config["scrape_configs"].as_vec().expect("scrapes").iter();
    jobs.map(|job| job["job_name"].as_str().expect("a name").to_owned())
        .collect()
}

fn rules(text: &str, file: &str, queries: &mut Vec<Query>) {
    let documents = YamlLoader::load_from_str(text).expect("YAML");
    let groups = documents[0]["groups"].as_vec().expect("groups").iter();
    for rule in groups.flat_map(|group| group["rules"].as_vec().expect("rules")) {
        let records = rule["record"].as_str().map(str::to_owned);
        let name = records.as_deref().or(rule["alert"].as_str()).expect("a name");
        let mut shown = BTreeSet::new();
        for annotation in rule["annotations"]
            .as_hash()
            .into_iter()
            .flat_map(|hash| hash.values())
        {
            shown.extend(all(r"\$labels\.(\w+)", annotation.as_str().unwrap_or_default()));
        }
        let Yaml::String(text) = &rule["expr"] else {
            panic!("{file}: {name} has no query")
        };
        queries.push(Query {
            place: format!("{file}: {name}"),
            text: text.clone(),
            records,
            shown,
        });
    }
}

/// In the template language, what follows a query up to the next shows its result.
fn console(text: &str, file: &str, queries: &mut Vec<Query>) {
    let start =
        Regex::new(r#"<code[^>]*>([^<]+)</code>|\bquery (?:\(printf )?"([^"]+)""#).expect("a pattern");
    let found: Vec<_> = start.captures_iter(text).collect();
    let ends = found
        .iter()
        .skip(1)
        .map(|next| next.get_match().start())
        .chain([text.len()]);
    for (query, end) in found.iter().zip(ends) {
        let rest = &text[query.get_match().end()..end];
        let shown = all(r#"\.Labels\.(\w+)|sortByLabel "(\w+)""#, rest).collect();
        let text = query.get(1).or(query.get(2)).expect("a query").as_str();
        let text = text
            .replace("%q", "''")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        queries.push(Query {
            place: file.to_owned(),
            text,
            records: None,
            shown,
        });
    }
    let told = text.matches("</code>").count() + text.matches("{{ range query ").count();
    assert_eq!(
        found.len(),
        told,
        "{file} has a query that this test does not find"
    );
}

/// Wherever they are in the dashboard: rows nest panels.
fn panels(value: &Value, file: &str, queries: &mut Vec<Query>) {
    if let Some(text) = value["expr"].as_str() {
        let shown = all(
            r"\{\{\s*(\w+)\s*\}\}",
            value["legendFormat"].as_str().unwrap_or_default(),
        )
        .collect();
        queries.push(Query {
            place: file.to_owned(),
            text: text.to_owned(),
            records: None,
            shown,
        });
    }
    match value {
        Value::Object(members) => members.values().for_each(|value| panels(value, file, queries)),
        Value::Array(items) => items.iter().for_each(|value| panels(value, file, queries)),
        _ => {}
    }
}

/// What the groups of a pattern caught.
fn all(pattern: &str, text: &str) -> impl Iterator<Item = String> {
    let pattern = Regex::new(pattern).expect("a pattern");
    let groups = pattern
        .captures_iter(text)
        .filter_map(|found| found.iter().skip(1).flatten().next());
    groups
        .map(|group| group.as_str().to_owned())
        .collect::<Vec<_>>()
        .into_iter()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder, which must have some.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    assert!(!files.is_empty(), "no .{extension} in {folder}");
    files
}
