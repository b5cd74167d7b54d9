//! The comparison is right about every mutant: every node of a document is removed, added, given another type or value,
//! renamed, made required or optional, narrowed or widened. What is right is in two tables of their own.

mod change;
mod mutants;
mod node;
mod ordered;
mod uses;
mod verdicts;

use std::{collections::BTreeMap, thread};

use serde_json::{Value, json};

use crate::{comparison::Difference, document::breaking_changes, read_document};
use mutants::{Mutant, mutants};
use uses::uses;

/// The number of mutants by the kind of change, and how many of them are breaking.
type Counts = BTreeMap<&'static str, (usize, usize)>;

#[test]
fn every_change_of_the_committed_document_is_judged_rightly() {
    let parts = paths(&read_document("openapi.json"));

    // By far the longest test, so each path has a thread.
    let counts: Vec<_> = thread::scope(|scope| {
        let judge = |part| scope.spawn(move || judge_all_mutants(part));
        let threads: Vec<_> = parts.iter().map(judge).collect();
        let counts = threads
            .into_iter()
            .map(|thread| thread.join().expect("its message is above"));
        counts.collect()
    });
    print(&merge(&counts));
}

/// The document has what the committed one may not have.
#[test]
fn every_change_of_a_document_with_every_keyword_is_judged_rightly() {
    let document = read_document("tests/compatibility/every_keyword.json");
    print(&judge_all_mutants(&document));
}

/// The document with one path each, and the schemas that it uses. So the time grows with the document, and not with the
/// square of it.
fn paths(document: &Value) -> Vec<Value> {
    let paths = document["paths"].as_object().expect("paths");
    let parts = paths.iter().map(|(path, item)| {
        let mut part = document.clone();
        part["paths"] = json!({ path: item });

        let uses = uses(&part);
        let is_unused = |name: &&String| !uses.is_used(name);
        let schemas = document["components"]["schemas"].as_object().expect("schemas");
        let unused: Vec<_> = schemas.keys().filter(is_unused).collect();
        if unused.len() == schemas.len() {
            change::remove(&mut part, "/components/schemas");
        } else {
            for name in unused {
                change::remove(&mut part, &format!("/components/schemas/{name}"));
            }
        }
        part
    });
    parts.collect()
}

#[expect(clippy::print_stdout, reason = "shown with --nocapture")]
fn print(counts: &Counts) {
    for (change, (all, breaking)) in counts {
        println!(
            "{all:6} {change}: {breaking} breaking, {} compatible",
            all - breaking
        );
    }
}

fn judge_all_mutants(document: &Value) -> Counts {
    assert_eq!(breaking_changes(document, document), [], "nothing has changed");
    let (mut counts, mut wrong) = (Counts::new(), Vec::new());

    mutants(document, &mut |mutant| {
        let differences = breaking_changes(document, &mutant.document);
        count(&mut counts, mutant.change, mutant.is_breaking);
        wrong.extend(complaint(
            &mutant,
            mutant.change,
            mutant.is_breaking,
            &differences,
        ));
        wrong.extend(misplaced(&mutant, document, &differences));

        if let Some(is_breaking) = mutant.is_breaking_reversed {
            let differences = breaking_changes(&mutant.document, document);
            let change = if mutant.reversed.is_empty() {
                mutant.change
            } else {
                mutant.reversed
            };
            count(&mut counts, change, is_breaking);
            wrong.extend(complaint(&mutant, change, is_breaking, &differences));
        }
    });

    assert!(
        wrong.is_empty(),
        "{} are judged wrongly, among them:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    counts
}

fn merge(counts: &[Counts]) -> Counts {
    let mut total = Counts::new();
    for (change, (all, breaking)) in counts.iter().flatten() {
        let of_change = total.entry(change).or_default();
        of_change.0 += all;
        of_change.1 += breaking;
    }
    total
}

fn count(counts: &mut Counts, change: &'static str, is_breaking: bool) {
    let (all, breaking) = counts.entry(change).or_default();
    *all += 1;
    *breaking += usize::from(is_breaking);
}

/// What is wrong with a verdict.
fn complaint(mutant: &Mutant, change: &str, is_breaking: bool, found: &[Difference]) -> Option<String> {
    let found: Vec<_> = found.iter().map(|difference| &*difference.sentence).collect();
    let verdict = if is_breaking { "breaking" } else { "compatible" };

    (found.is_empty() == is_breaking).then(|| {
        let (case, pointer) = (mutant.node.case, &mutant.node.pointer);
        format!("{pointer} ({case}), {change}, is {verdict}: {found:?}")
    })
}

/// A sentence whose pointer leads to nothing, or away from what was changed.
fn misplaced(mutant: &Mutant, document: &Value, found: &[Difference]) -> Option<String> {
    let at = &*mutant.node.pointer;
    let leads_there = |pointer: &str| {
        let exists = document
            .pointer(pointer)
            .or(mutant.document.pointer(pointer))
            .is_some();
        let schema = at.rsplit_once("/properties/").map_or(at, |(schema, _)| schema);
        exists && (pointer.starts_with(schema) || at.starts_with(pointer))
    };

    let is_right = found.is_empty() || found.iter().any(|difference| leads_there(&difference.pointer));
    (!is_right).then(|| format!("{at}, {}: {found:?}", mutant.change))
}
