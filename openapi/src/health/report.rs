//! What `/healthcheck/` and `/readyz` respond with.

use std::{borrow::Cow, collections::BTreeMap, iter};

use domain::{CheckName, Choice};
use poem_openapi::{
    Enum, Object,
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;
use serde_json::{Value, json};

/// The member of the report that is there, and `nok`, while the service is about to stop.
pub(super) const DRAINING: &str = "draining";

/// The status of the service, and of each of its dependencies by name.
#[derive(Debug, Serialize)]
pub(super) struct HealthBody {
    pub(super) status: Status,
    #[serde(flatten)]
    dependencies: BTreeMap<&'static str, Dependency>,
}

/// The outcome of one check.
pub(super) struct CheckResult {
    pub(super) name: &'static str,
    pub(super) status: Status,
    /// Whether the service is `nok` if this is.
    pub(super) is_required: bool,
}

impl HealthBody {
    const SCHEMA: &'static str = "Health";

    /// The report of these checks.
    pub(super) fn new(results: Vec<CheckResult>) -> Self {
        let works = results
            .iter()
            .all(|result| result.status == Status::Ok || !result.is_required);

        Self {
            status: if works { Status::Ok } else { Status::Nok },
            dependencies: by_name(results),
        }
    }

    /// The report of a service whose one check has this status.
    pub(super) fn example(check: CheckName, status: Status) -> Value {
        json!(Self {
            status,
            dependencies: BTreeMap::from([(check.as_str(), Dependency { status })]),
        })
    }

    /// An optional member for each name that a report can have. Any name (`additionalProperties`) would be shorter, but
    /// some languages have no type for an object whose other members are of another type than `status`.
    fn schema() -> MetaSchema {
        let names = CheckName::WORDS.iter().copied().chain([DRAINING]);
        let dependencies = names.map(|name| (name, Dependency::schema_ref()));
        let status = iter::once(("status", Status::schema_ref()));

        MetaSchema {
            title: Some(Self::SCHEMA.to_owned()),
            description: Some(
                "The status of the service, and of each of its dependencies. The configuration decides which of these the \
                 service has.",
            ),
            required: vec!["status"],
            properties: status.chain(dependencies).collect(),
            example: Some(Self::example(CheckName::Db, Status::Ok)),
            ..MetaSchema::new("object")
        }
    }
}

impl Type for HealthBody {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        Self::SCHEMA.into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::SCHEMA.to_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::SCHEMA.to_owned(), |registry| {
            Status::register(registry);
            Dependency::register(registry);
            Self::schema()
        });
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(iter::once(self))
    }
}

/// The status of one dependency.
#[derive(Debug, Object, Serialize)]
struct Dependency {
    status: Status,
}

/// `ok` or `nok`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Ok,
    Nok,
}

/// The status of each name: `nok` if any check of that name failed.
fn by_name(results: Vec<CheckResult>) -> BTreeMap<&'static str, Dependency> {
    let mut dependencies = BTreeMap::new();

    for CheckResult { name, status, .. } in results {
        let dependency = dependencies.entry(name).or_insert(Dependency { status });
        if status == Status::Nok {
            dependency.status = status;
        }
    }

    dependencies
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn dependencies_are_members_next_to_the_status() {
        let report = HealthBody::example(CheckName::Db, Status::Ok);

        assert_eq!(report, json!({"status": "ok", "db": {"status": "ok"}}));
    }

    #[test]
    fn every_member_of_the_report_has_a_name_of_its_own() {
        let members = HealthBody::schema().properties;
        let names: BTreeSet<_> = members.iter().map(|(name, _)| name).collect();

        assert_eq!(
            names.len(),
            members.len(),
            "a check has the name of another member"
        );
    }

    #[test]
    fn healthy_check_does_not_hide_a_failing_one_of_the_same_name() {
        for (first, second) in [(Status::Ok, Status::Nok), (Status::Nok, Status::Ok)] {
            let report = HealthBody::new(vec![
                required("db", first),
                required("tokens", Status::Ok),
                required("db", second),
            ]);

            let expected = json!({"status": "nok", "tokens": {"status": "ok"}, "db": {"status": "nok"}});
            assert_eq!(serde_json::to_value(report).expect("JSON"), expected);
        }
    }

    #[test]
    fn dependency_that_is_not_required_is_named_and_leaves_the_service_ok() {
        let replica = CheckResult {
            is_required: false,
            ..required("replica", Status::Nok)
        };

        let report = HealthBody::new(vec![required("db", Status::Ok), replica]);

        let expected = json!({"status": "ok", "db": {"status": "ok"}, "replica": {"status": "nok"}});
        assert_eq!(serde_json::to_value(report).expect("JSON"), expected);
    }

    fn required(name: &'static str, status: Status) -> CheckResult {
        CheckResult {
            name,
            status,
            is_required: true,
        }
    }
}
