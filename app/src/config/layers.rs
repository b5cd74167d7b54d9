//! Layers of values: a later layer wins as a whole, also where one thing can be said in two ways.

use std::{collections::BTreeMap, fmt};

use super::Variable;

/// Where a value comes from. A later layer wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    /// The declaration of the variable.
    Default,
    /// The configuration file.
    File,
    /// The environment.
    Environment,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "the defaults",
            Self::File => "the configuration file",
            Self::Environment => "the environment",
        })
    }
}

/// The value of a variable.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) layer: Layer,
}

/// What a layer says about a variable.
#[derive(Debug)]
pub(super) enum Setting<'a> {
    /// The value itself.
    Value(&'a str),
    /// The file that contains the value.
    File(&'a str),
}

/// The names and values of a layer. A name may also be that of a secret with `_FILE`.
pub(super) type Values = BTreeMap<String, String>;

/// The two ways to say where the database is: a URL, or its parts. Parts without a host say nothing.
const URL: &str = "DATABASE_URL";
const HOST: &str = "POSTGRES_HOST";
const PARTS: &str = "POSTGRES_";

/// The layers with values, the winning one first.
pub(super) struct Layers(Vec<(Layer, Values)>);

impl Layers {
    /// Layers, the winning one first. What a later layer says about the place of the database removes what earlier
    /// ones say in the other way, and parts that a URL makes unused are removed from all, so that nothing reads them.
    pub(super) fn new(mut layers: Vec<(Layer, Values)>, problems: &mut Vec<String>) -> Self {
        let has_url = |values: &Values| values.keys().any(|name| spells(name, URL));
        let winner = layers
            .iter()
            .position(|(_, values)| has_url(values) || values.contains_key(HOST));

        if let Some(winner) = winner {
            let (layer, values) = &layers[winner];
            let by_url = has_url(values);
            if by_url && values.contains_key(HOST) {
                problems.push(format!(
                    "{URL} and {HOST} are both set in {layer}, and each says where the database is; remove one"
                ));
            }

            for (n, (_, values)) in layers.iter_mut().enumerate() {
                if by_url {
                    values.retain(|name, _| !name.starts_with(PARTS) && (n <= winner || !spells(name, URL)));
                } else {
                    values.retain(|name, _| !spells(name, URL));
                }
            }
        }

        Self(layers)
    }

    /// What the winning layer says about this variable, and which layer that is.
    ///
    /// # Errors
    /// A problem, if a layer says it twice.
    pub(super) fn setting(&self, variable: &Variable) -> Result<Option<(Layer, Setting<'_>)>, String> {
        let name = variable.name;

        for (layer, values) in &self.0 {
            let value = values.get(name);
            let file = if variable.is_secret {
                values.get(&file_name(name))
            } else {
                None
            };

            let setting = match (value, file) {
                (Some(_), Some(_)) => {
                    return Err(format!(
                        "{name} and {name}_FILE are both set in {layer}; remove one"
                    ));
                }
                (Some(value), None) => Setting::Value(value),
                (None, Some(file)) => Setting::File(file),
                (None, None) => continue,
            };
            return Ok(Some((*layer, setting)));
        }

        Ok(variable
            .default
            .map(|default| (Layer::Default, Setting::Value(default))))
    }
}

/// The second name of a secret, which names the file that contains it.
pub(super) fn file_name(name: &str) -> String {
    format!("{name}_FILE")
}

fn spells(name: &str, variable: &str) -> bool {
    name == variable || name == file_name(variable)
}
