//! Who may use an operation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    comparison::{Comparison, Location},
    pair::{Pair, list, texts},
};

/// The schemes that a request has to satisfy, each with its scopes.
type Requirement<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

impl<'a> Comparison<'a> {
    /// Every client that could use an operation still can. An operation without requirements of its own has those of
    /// the document.
    pub(crate) fn security(&mut self, location: &Location, operation: Pair<'a>) {
        let (own, common) = (operation.get("security"), self.documents.get("security"));
        let security = Pair {
            released: own.released.or(common.released),
            committed: own.committed.or(common.committed),
        };
        let is_own = own.released.is_some() || own.committed.is_some();
        let location = if is_own {
            location
        } else {
            &Location::document().of(&location.operation)
        };
        let location = location.at("security").about("the operation");

        let Some((released, committed)) = security.read(requirements) else {
            return self.unknown(&location, security);
        };
        for old in released {
            if !committed.iter().any(|new| is_satisfied(new, &old)) {
                let credentials = old.keys().copied().collect::<Vec<_>>().join(" and ");
                let credentials = if credentials.is_empty() {
                    "no credentials"
                } else {
                    &credentials
                };
                self.breaking(
                    &location,
                    format!("no longer accepts requests with {credentials}"),
                );
            }
        }
    }
}

/// Whether a request that satisfies `other` also satisfies `requirement`.
fn is_satisfied(requirement: &Requirement<'_>, other: &Requirement<'_>) -> bool {
    let mut schemes = requirement.iter();
    schemes.all(|(scheme, scopes)| other.get(scheme).is_some_and(|others| scopes.is_subset(others)))
}

/// The alternatives, of which a request has to satisfy one. No alternatives require nothing.
fn requirements(security: Option<&Value>) -> Option<Vec<Requirement<'_>>> {
    let mut alternatives = Vec::new();
    for alternative in list(security)? {
        let schemes = alternative.as_object()?.iter();
        let schemes = schemes.map(|(scheme, scopes)| {
            let scopes = texts(Some(scopes))?.into_iter().collect();
            Some((scheme.as_str(), scopes))
        });
        alternatives.push(schemes.collect::<Option<_>>()?);
    }

    if alternatives.is_empty() {
        alternatives.push(Requirement::new());
    }
    Some(alternatives)
}
