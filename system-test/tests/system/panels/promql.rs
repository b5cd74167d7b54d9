//! The metrics and labels that a PromQL expression refers to.

use std::collections::BTreeSet;

use promql_parser::{
    label::Matcher,
    parser::{AggregateExpr, BinaryExpr, Expr, LabelModifier, MatrixSelector, VectorSelector, parse},
    util::{ExprVisitor, walk_expr},
};

/// A metric and its label matchers.
#[derive(Debug)]
pub(crate) struct Selector {
    pub(crate) metric: String,
    pub(crate) matchers: Vec<Matcher>,
}

/// What an expression refers to.
#[derive(Debug, Default)]
pub(crate) struct References {
    pub(crate) selectors: Vec<Selector>,
    /// The labels of every `by`: those that the result still has.
    pub(crate) grouped_by: BTreeSet<String>,
}

/// Parses an expression. Fails if it is not valid PromQL, or uses a construct that this test does not support.
pub(crate) fn references(expr: &str) -> Result<References, String> {
    let mut references = References::default();
    walk_expr(&mut references, &parse(expr)?)?;

    Ok(references)
}

impl ExprVisitor for References {
    type Error = String;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, String> {
        match expr {
            Expr::VectorSelector(selector) => self.add_selector(selector)?,
            Expr::MatrixSelector(MatrixSelector { vs, .. }) => self.add_selector(vs)?,
            Expr::Aggregate(AggregateExpr { modifier, .. }) => self.add_grouping(modifier.as_ref())?,
            Expr::Binary(BinaryExpr {
                modifier: Some(modifier),
                ..
            }) if modifier.matching.is_some() => {
                return Err("`on` and `ignoring` are not supported by this test".to_owned());
            }
            _ => {}
        }
        Ok(true)
    }
}

impl References {
    fn add_selector(&mut self, selector: &VectorSelector) -> Result<(), String> {
        let Some(metric) = selector.name.clone() else {
            return Err("a selector must name its metric".to_owned());
        };
        if !selector.matchers.or_matchers.is_empty() {
            return Err("`or` between matchers is not supported by this test".to_owned());
        }

        let matchers = selector.matchers.matchers.clone();
        self.selectors.push(Selector { metric, matchers });
        Ok(())
    }

    fn add_grouping(&mut self, modifier: Option<&LabelModifier>) -> Result<(), String> {
        match modifier {
            Some(LabelModifier::Include(labels)) => self.grouped_by.extend(labels.labels.iter().cloned()),
            Some(LabelModifier::Exclude(_)) => {
                return Err("`without` is not supported by this test".to_owned());
            }
            None => {}
        }
        Ok(())
    }
}

#[test]
fn expression_refers_to_metrics_matchers_and_grouping_labels() {
    let expr = r#"histogram_quantile(0.9, sum by (le, route) (rate(a_bucket{job="x", code!~"5.{2}"}[5m:1m])))
        or 0 * job:b:rate5m / sum(c) by (le) > 1e3 and (time() - d offset 5m) >= rate(e[1m])"#;

    let found = references(expr).expect("valid PromQL");

    let selectors = found.selectors.iter().map(|selector| {
        let matchers = selector.matchers.iter().map(Matcher::to_string);
        format!("{}{:?}", selector.metric, matchers.collect::<Vec<_>>())
    });
    assert_eq!(
        selectors.collect::<Vec<_>>(),
        [
            r#"a_bucket["job=\"x\"", "code!~\"5.{2}\""]"#,
            "job:b:rate5m[]",
            "c[]",
            "d[]",
            "e[]"
        ]
    );
    assert_eq!(found.grouped_by, ["le".into(), "route".into()].into());
}

#[test]
fn invalid_and_unsupported_expressions_are_errors() {
    for expr in [
        "",
        "sum(",
        "rate(a)",
        "unknown_function(a)",
        "a{b=}",
        "a[5q]",
        "{job=\"x\"}",
        "sum without (b) (a)",
        "a * on (b) c",
    ] {
        references(expr).expect_err(expr);
    }
}
