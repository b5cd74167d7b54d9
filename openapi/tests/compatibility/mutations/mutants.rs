//! Mutants of a document: every node of it is changed in every way that its part allows.

use serde_json::{Value, json};

use super::{
    change::{at, of_another_type, of_the_same_type, redirect, remove, rename},
    node::{Node, nodes},
};

/// A keyword that no version of OpenAPI has.
const UNKNOWN: &str = "no-such-keyword";

/// A document of which one thing was changed.
pub(crate) struct Mutant {
    /// What was done, such as `removed`.
    pub(crate) change: &'static str,
    /// The same, seen from the mutant, such as `added`.
    pub(crate) reversed: &'static str,
    /// What was changed.
    pub(crate) node: Node,
    pub(crate) document: Value,
    /// Whether it breaks clients of the document that it was made from.
    pub(crate) is_breaking: bool,
    /// Whether that document breaks clients of the mutant; `None` if the mutant is no document that anyone would
    /// release.
    pub(crate) is_breaking_reversed: Option<bool>,
}

/// Calls `found` with every mutant.
pub(crate) fn mutants(document: &Value, found: &mut impl FnMut(Mutant)) {
    let mut mutation = Mutation { document, found };
    for node in nodes(document) {
        mutation.removed_or_added(&node);
        mutation.replaced(&node);
        mutation.renamed(&node);
        mutation.required_or_optional(&node);
        mutation.reordered(&node);
        mutation.unknown(&node);
        if node.is_schema() {
            mutation.narrowed_or_widened(&node);
        }
    }
}

pub(crate) struct Mutation<'a, F> {
    document: &'a Value,
    found: &'a mut F,
}

impl<F: FnMut(Mutant)> Mutation<'_, F> {
    pub(crate) fn push(
        &mut self,
        (change, reversed): (&'static str, &'static str),
        node: &Node,
        (is_breaking, is_breaking_reversed): (bool, Option<bool>),
        edit: impl FnOnce(&mut Value),
    ) {
        let mut document = self.document.clone();
        edit(&mut document);
        (self.found)(Mutant {
            change,
            reversed,
            node: node.clone(),
            document,
            is_breaking,
            is_breaking_reversed,
        });
    }

    pub(crate) fn value(&self, node: &Node) -> &Value {
        self.document
            .pointer(&node.pointer)
            .expect("a node of the document")
    }

    fn removed_or_added(&mut self, node: &Node) {
        let (removed, added) = node.verdicts();
        self.push(("removed", "added"), node, (removed, Some(added)), |document| {
            remove(document, &node.pointer);
        });

        let (parent, name) = split(node);
        if node.part == "property" && self.is_required(node) {
            self.push(
                ("removed, also from `required`", "added and required"),
                node,
                (removed, Some(added)),
                |document| {
                    remove(document, &node.pointer);
                    let required = at(document, &format!("{parent}/required"));
                    required
                        .as_array_mut()
                        .expect("a list")
                        .retain(|other| *other != *name);
                },
            );
        }
    }

    fn replaced(&mut self, node: &Node) {
        let value = self.value(node);
        let is_breaking = node.part != "text";
        let other = of_another_type(value);
        self.push(("retyped", ""), node, (is_breaking, None), |document| {
            *at(document, &node.pointer) = other;
        });

        // Bounds and switches have an order: see below.
        let is_ordered = ["lower bound", "upper bound"].contains(&node.part) || is_switch(node);
        if let Some(other) = of_the_same_type(self.value(node)).filter(|_| !is_ordered) {
            self.push(("replaced", ""), node, (is_breaking, None), |document| {
                *at(document, &node.pointer) = other;
            });
        }
    }

    fn renamed(&mut self, node: &Node) {
        let (_, name) = split(node);
        let name = format!("{}-renamed", name.replace("~1", "/"));

        match node.part {
            "path"
            | "operation"
            | "response"
            | "header"
            | "property"
            | "media type of requests"
            | "media type of responses"
            | "security scheme" => {
                self.push(("renamed", ""), node, (true, None), |document| {
                    rename(document, &node.pointer, &name)
                });
            }
            "named schema" => self.push(("renamed", ""), node, (true, None), |document| {
                let (from, to) = (
                    format!("#{}", node.pointer),
                    format!("#/components/schemas/{name}"),
                );
                rename(document, &node.pointer, &name);
                redirect(document, &from, &to);
            }),
            _ => {}
        }
    }

    /// Generated functions take parameters in their order.
    fn reordered(&mut self, node: &Node) {
        let is_list =
            node.part == "parameters" && self.value(node).as_array().is_some_and(|list| list.len() > 1);
        if is_list {
            self.push(("reordered", ""), node, (true, Some(true)), |document| {
                at(document, &node.pointer)
                    .as_array_mut()
                    .expect("a list")
                    .reverse();
            });
        }
    }

    fn unknown(&mut self, node: &Node) {
        let is_map = [
            "text",
            "unknown",
            "paths",
            "content of requests",
            "content of responses",
            "responses",
            "headers",
            "alternative",
            "named schemas",
            "security schemes",
            "properties",
        ];
        if self.value(node).is_object() && !is_map.contains(&node.part) {
            let names = ("given an unknown keyword", "freed of an unknown keyword");
            self.push(names, node, (true, Some(true)), |document| {
                at(document, &node.pointer)[UNKNOWN] = json!(true);
            });
        }
    }

    pub(crate) fn is_required(&self, property: &Node) -> bool {
        let (schema, name) = split(property);
        let required = self.document.pointer(&format!("{schema}/required"));
        let mut required = required.and_then(Value::as_array).into_iter().flatten();
        required.any(|other| *other == *name)
    }
}

fn is_switch(node: &Node) -> bool {
    [
        "must be sent",
        "is always received",
        "narrowing switch",
        "widening switch",
    ]
    .contains(&node.part)
}

/// What a node is a part of, and its name there. Of a property, the schema.
pub(crate) fn split(node: &Node) -> (&str, &str) {
    let (parent, name) = node.pointer.rsplit_once('/').expect("a node below the document");
    let schema = parent
        .strip_suffix("/properties")
        .filter(|_| node.part == "property");
    (schema.unwrap_or(parent), name)
}
