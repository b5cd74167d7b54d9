//! What a PromQL query names.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

/// A metric with the matchers behind it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Selector {
    pub(crate) metric: String,
    /// Label, operator, value.
    pub(crate) matchers: Vec<(String, String, String)>,
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Named {
    pub(crate) selectors: Vec<Selector>,
    /// The labels of every `by`: those that a result still has.
    pub(crate) by: BTreeSet<String>,
}

/// Strings, durations, numbers and the dashboard's variables, names, operators; all else a character each.
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"(?x)"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | [0-9$][\w.$]* | [a-zA-Z_][\w:]* | =~ | !~ | [!=<>]= | \S"#;
    Regex::new(pattern).expect("a pattern")
});

/// Names that are no metric though no bracket follows.
const OPERATORS: [&str; 7] = ["and", "or", "unless", "bool", "offset", "inf", "nan"];

/// Their labels are not those of the metrics or of the result, which no query needed so far.
const NOT_READ: [&str; 5] = ["without", "on", "ignoring", "group_left", "group_right"];

/// The metrics and labels in a query.
pub(crate) fn named(query: &str) -> Named {
    let mut tokens = TOKEN.find_iter(query).map(|token| token.as_str()).peekable();
    let mut named = Named::default();
    while let Some(token) = tokens.next() {
        assert!(
            !NOT_READ.contains(&token),
            "this test cannot read {token} yet: {query}"
        );
        if !token.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            assert_ne!(token, "{", "a selector must name its metric: {query}");
        } else if token == "by" {
            let labels = tokens.by_ref().take_while(|token| *token != ")");
            named.by.extend(
                labels
                    .filter(|token| !["(", ","].contains(token))
                    .map(str::to_owned),
            );
        } else if !OPERATORS.contains(&token) && !matches!(tokens.peek(), Some(&("(" | "by" | "without"))) {
            let mut inside = Vec::new();
            if tokens.next_if_eq(&"{").is_some() {
                inside.extend(tokens.by_ref().take_while(|token| *token != "}"));
            }
            named.selectors.push(Selector {
                metric: token.to_owned(),
                matchers: matchers(&inside, query),
            });
        }
    }
    named
}

fn matchers(tokens: &[&str], query: &str) -> Vec<(String, String, String)> {
    let matchers = tokens
        .split(|token| *token == ",")
        .filter(|matcher| !matcher.is_empty());
    let matcher = |matcher: &[&str]| {
        let [label, operator, value] = matcher else {
            panic!("no matcher: {matcher:?} in {query}")
        };
        (
            (*label).to_owned(),
            (*operator).to_owned(),
            value.trim_matches(['"', '\'']).to_owned(),
        )
    };
    matchers.map(matcher).collect()
}

#[test]
fn a_query_names_metrics_matchers_and_labels() {
    let query = r#"histogram_quantile(0.9, sum by (le, route) (rate(a_bucket{job="x", code!~"5.{2}"}[5m:1m])))
        or 0 * job:b:rate5m / sum(c) by (le) > 1e3 and time() - d offset 5m >= $__rate_interval"#;
    let matcher = |label: &str, operator: &str, value: &str| (label.into(), operator.into(), value.into());
    let selector = |metric: &str| Selector {
        metric: metric.into(),
        matchers: Vec::new(),
    };
    let a = Selector {
        matchers: vec![matcher("job", "=", "x"), matcher("code", "!~", "5.{2}")],
        ..selector("a_bucket")
    };
    let selectors = vec![a, selector("job:b:rate5m"), selector("c"), selector("d")];
    assert_eq!(
        named(query),
        Named {
            selectors,
            by: ["le".into(), "route".into()].into()
        }
    );
}
