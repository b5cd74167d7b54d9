//! Reads and validates the values of variables, and collects every problem with them.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fmt,
    num::NonZeroU16,
    ops::RangeInclusive,
    str::FromStr,
    time::Duration,
};

use super::{
    Variable,
    layers::{Layer, Value},
    variables,
    visibility::looks_like_a_secret,
};

/// Everything that is wrong with the configuration, one line each.
#[derive(Debug)]
pub struct InvalidConfig(Vec<String>);

impl InvalidConfig {
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

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is invalid; nothing was started:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl Error for InvalidConfig {}

/// The value in force of a variable, for the command `config`.
#[derive(Debug)]
pub(super) enum EffectiveValue {
    Unset,
    Shown(String),
    Hidden,
}

/// Reads values by the name of their variable and collects the problems with them.
///
/// A read that returns `None` found no value, which is possible only for variables without a default, or recorded a
/// problem.
pub(super) struct Reader {
    values: BTreeMap<&'static str, Value>,
    problems: Vec<String>,
    /// The names that were read. A test compares them with the declarations.
    read: BTreeSet<&'static str>,
}

impl Reader {
    pub(super) fn new(values: BTreeMap<&'static str, Value>) -> Self {
        Self {
            values,
            problems: Vec::new(),
            read: BTreeSet::new(),
        }
    }

    /// The value as `parse` understands it. If that returns `None`, the value is a problem; so is a secret in the place of
    /// something that is not one, because that is printed.
    pub(super) fn parse_with<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let variable = self.declared(name)?;
        let value = &self.values.get(name)?.text;

        let parsed = parse(value).filter(|_| variable.is_secret || !looks_like_a_secret(value));
        if parsed.is_none() {
            self.problems.push(invalid(variable, value));
        }
        parsed
    }

    /// The value as `parse` understands it. Its error is the reason why the value is a problem, and must repeat nothing
    /// of the value.
    pub(super) fn parse_or_explain<T, E: fmt::Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let variable = self.declared(name)?;
        let value = &self.values.get(name)?.text;

        match parse(value) {
            Ok(parsed) => Some(parsed),
            Err(reason) => {
                self.problems
                    .push(format!("{}; {reason}", invalid(variable, value)));
                None
            }
        }
    }

    /// Whether the variable is set, or has a default.
    pub(super) fn is_set(&mut self, name: &'static str) -> bool {
        self.declared(name).is_some() && self.values.contains_key(name)
    }

    /// The layer that sets this variable.
    pub(super) fn layer(&self, name: &str) -> Option<Layer> {
        self.values.get(name).map(|value| value.layer)
    }

    pub(super) fn parse<T: FromStr>(&mut self, name: &'static str) -> Option<T> {
        self.parse_with(name, |value| value.parse().ok())
    }

    /// For a variable without a default: `Some(None)` if it is not set.
    pub(super) fn optional<T: FromStr>(&mut self, name: &'static str) -> Option<Option<T>> {
        self.optional_with(name, |value| value.parse().ok())
    }

    /// As [`optional`](Self::optional), as `parse` understands the value.
    pub(super) fn optional_with<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.is_set(name) {
            self.parse_with(name, parse).map(Some)
        } else {
            Some(None)
        }
    }

    pub(super) fn number(&mut self, name: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        self.parse_with(name, |value| {
            value.parse().ok().filter(|number| range.contains(number))
        })
    }

    pub(super) fn seconds(&mut self, name: &'static str, range: RangeInclusive<u32>) -> Option<Duration> {
        let seconds = self.number(name, range)?;
        Some(Duration::from_secs(seconds.into()))
    }

    pub(super) fn port(&mut self, name: &'static str) -> Option<u16> {
        self.parse(name).map(NonZeroU16::get)
    }

    pub(super) fn bool(&mut self, name: &'static str) -> Option<bool> {
        self.parse(name)
    }

    pub(super) fn string(&mut self, name: &'static str) -> Option<String> {
        self.parse_with(name, |text| Some(text.to_owned()))
    }

    pub(super) fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// The effective value of every variable, or the problems. What must not be shown is left out here, so that nothing can
    /// print it later.
    pub(super) fn finish(mut self) -> Result<Vec<(&'static Variable, EffectiveValue)>, InvalidConfig> {
        InvalidConfig::none_or(self.problems)?;

        let effective = variables().map(|variable| {
            let effective = match self.values.remove(variable.name) {
                None => EffectiveValue::Unset,
                Some(value) if value.layer == Layer::Default || variable.visibility.allows(&value.text) => {
                    EffectiveValue::Shown(value.text)
                }
                Some(_) => EffectiveValue::Hidden,
            };
            (variable, effective)
        });
        Ok(effective.collect())
    }

    /// A name that is misspelt in the code would otherwise read as "not set".
    fn declared(&mut self, name: &'static str) -> Option<&'static Variable> {
        self.read.insert(name);

        let variable = variables().find(|variable| variable.name == name);
        if variable.is_none() {
            self.problems.push(format!("{name} is read, but not declared"));
        }
        variable
    }
}

/// The message about an invalid value. It repeats none that could be a secret in the wrong place; only short numbers.
fn invalid(variable: &Variable, value: &str) -> String {
    let Variable { name, expected, .. } = variable;
    let is_short_number = value.len() <= 5 && value.parse::<f32>().is_ok();

    if is_short_number && !variable.is_secret {
        format!("{name} is {value}; expected {expected}")
    } else {
        format!("{name} is invalid (not shown: it may be a secret); expected {expected}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{read_sections, sources::load_sources, visibility::Visibility};

    #[test]
    fn every_declared_variable_is_read() {
        // Some variables are read only if another one is set.
        let environments: [&[(&str, &str)]; 2] = [&[], &[("POSTGRES_HOST", "localhost")]];
        let mut read = BTreeSet::new();

        for environment in environments {
            let environment = environment
                .iter()
                .map(|(name, value)| (name.into(), value.into()));
            let (values, _) = load_sources(None, environment).expect("valid names");
            let mut reader = Reader::new(values);
            let _ = read_sections(&mut reader);

            read.extend(reader.read);
        }

        for variable in variables() {
            let name = variable.name;
            assert!(
                read.contains(name),
                "{name} is declared and documented, but never read"
            );
        }
    }

    #[test]
    fn texts_of_any_form_are_not_shown() {
        for variable in variables() {
            let is_any = variable.expected == "any text";
            assert!(
                !is_any || variable.visibility == Visibility::Never,
                "{} may be a secret by mistake: `.not_shown()`",
                variable.name
            );
        }
    }
}
