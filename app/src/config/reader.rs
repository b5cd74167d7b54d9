use std::{collections::BTreeMap, error::Error, fmt, ops::RangeInclusive, str::FromStr};

use super::variables::{VARIABLES, Variable};

/// Everything that is wrong with the configuration, a line each.
#[derive(Debug)]
pub struct Problems(Vec<String>);

impl Problems {
    pub(super) fn one(problem: String) -> Self {
        Self(vec![problem])
    }

    pub(super) fn none_or(problems: Vec<String>) -> Result<(), Self> {
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self(problems))
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is not valid, so nothing was started:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl Error for Problems {}

/// Reads values by name and gathers what is wrong with them. A read that answers `None` either found nothing, which
/// only variables without a default can be, or left a problem behind.
pub(super) struct Reader {
    values: BTreeMap<&'static str, String>,
    problems: Vec<String>,
}

impl Reader {
    pub(super) fn new(values: BTreeMap<&'static str, String>) -> Self {
        Self {
            values,
            problems: Vec::new(),
        }
    }

    pub(super) fn with<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let value = self.values.get(name)?;
        let parsed = parse(value);
        if parsed.is_none() {
            let variable = VARIABLES.iter().find(|variable| variable.name == name)?;
            let shown = if variable.secret {
                "holds something else".to_owned()
            } else {
                format!("is {value:?}")
            };
            self.problems
                .push(format!("{name} {shown}; allowed is {}", variable.allowed));
        }
        parsed
    }

    pub(super) fn parsed<T: FromStr>(&mut self, name: &'static str) -> Option<T> {
        self.with(name, |value| value.parse().ok())
    }

    /// Of a variable without a default: `Some(None)` when nobody set it.
    pub(super) fn optional<T: FromStr>(&mut self, name: &'static str) -> Option<Option<T>> {
        if self.values.contains_key(name) {
            self.parsed(name).map(Some)
        } else {
            Some(None)
        }
    }

    pub(super) fn number(&mut self, name: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        self.with(name, |value| {
            value.parse().ok().filter(|number| range.contains(number))
        })
    }

    pub(super) fn switch(&mut self, name: &'static str) -> Option<bool> {
        self.parsed(name)
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.values.get(name).cloned()
    }

    pub(super) fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// What was read, or what was wrong. Secrets are left behind here, whatever is printed later.
    pub(super) fn finish(mut self) -> Result<Vec<(&'static Variable, Option<String>)>, Problems> {
        Problems::none_or(self.problems)?;
        let shown = |variable: &'static Variable| {
            let value = self.values.remove(variable.name);
            (
                variable,
                if variable.secret {
                    value.map(|_| String::new())
                } else {
                    value
                },
            )
        };
        Ok(VARIABLES.iter().map(shown).collect())
    }
}
