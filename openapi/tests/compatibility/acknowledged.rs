//! Breaking changes that are meant.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::comparison::Difference;

/// What to do about breaking changes that nobody acknowledged.
const ADVICE: &str = "Clients of the last release, whose document is openapi/released.json, would break. Make each of \
    these changes compatible. If one is meant, acknowledge it in openapi/acknowledged.json, by its pointer, which stands \
    in parentheses:\n  { \"/the/pointer\": \"the reason, for those who read the release notes\" }\nCONTRIBUTING.md says \
    more: \"Change the contract\".";

/// What is wrong, given the text of `openapi/acknowledged.json`: an object that has the reason for each breaking change
/// that is meant, by its pointer.
///
/// # Errors
///
/// One message that lists everything.
pub(crate) fn check(differences: &[Difference], acknowledged: &str) -> Result<(), String> {
    let reasons: BTreeMap<String, Value> = serde_json::from_str(acknowledged)
        .map_err(|error| format!("openapi/acknowledged.json must be an object: {error}"))?;
    let mut complaints = Vec::new();

    let unexpected = differences
        .iter()
        .filter(|difference| !reasons.contains_key(&difference.pointer));
    complaints.extend(unexpected.map(|difference| difference.sentence.clone()));
    let breaks = !complaints.is_empty();

    for (pointer, reason) in &reasons {
        if !differences
            .iter()
            .any(|difference| difference.pointer == *pointer)
        {
            complaints.push(format!(
                "openapi/acknowledged.json: there is no breaking change at {pointer}; remove the line"
            ));
        }
        if reason.as_str().is_none_or(|reason| reason.trim().is_empty()) {
            complaints.push(format!("openapi/acknowledged.json: {pointer} needs a reason"));
        }
    }

    if complaints.is_empty() {
        return Ok(());
    }
    if breaks {
        complaints.push(ADVICE.to_owned());
    }
    Err(complaints.join("\n"))
}
