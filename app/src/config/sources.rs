//! Where values come from: the defaults, the file, the environment, files of secrets.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsString,
    fs,
    path::Path,
};

use config::{Config as Layers, ConfigError, Environment, File, FileFormat};

use super::{InvalidConfig, Variable, variables};

/// The value of every variable that has one, and warnings about unknown names.
pub(super) fn load_sources(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(BTreeMap<&'static str, String>, Vec<String>), InvalidConfig> {
    let mut warnings = Vec::new();
    let environment = read_environment(environment, &mut warnings)?;
    let layers = build_layers(file, environment, &mut warnings)
        .map_err(|error| InvalidConfig::one(error.to_string()))?;

    let mut problems = Vec::new();
    let mut values = BTreeMap::new();
    for variable in variables() {
        match value_of(&layers, variable) {
            Ok(Some(value)) => drop(values.insert(variable.name, value)),
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }

    InvalidConfig::none_or(problems)?;
    Ok((values, warnings))
}

/// The variables of the environment that are ours.
fn read_environment(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    warnings: &mut Vec<String>,
) -> Result<HashMap<String, String>, InvalidConfig> {
    let mut problems = Vec::new();
    let mut known = HashMap::new();

    for (name, value) in environment {
        let Ok(name) = name.into_string() else { continue };
        if find(&name).is_none() {
            if has_our_prefix(&name) {
                warnings.push(did_you_mean(&name));
            }
            continue;
        }
        match value.into_string() {
            Ok(value) => drop(known.insert(name, value)),
            Err(_) => problems.push(format!("{name} is not valid UTF-8")),
        }
    }

    InvalidConfig::none_or(problems)?;
    Ok(known)
}

fn build_layers(
    file: Option<&Path>,
    environment: HashMap<String, String>,
    warnings: &mut Vec<String>,
) -> Result<Layers, ConfigError> {
    let mut builder = Layers::builder();
    for variable in variables() {
        if let Some(default) = variable.default {
            builder = builder.set_default(variable.name.to_lowercase(), default)?;
        }
    }

    if let Some(file) = file {
        let file = Layers::builder()
            .add_source(File::from(file).format(FileFormat::Toml))
            .build()?;
        for (key, value) in file.cache.into_table()? {
            if find(&key.to_uppercase()).is_none() {
                warnings.push(did_you_mean(&key.to_uppercase()));
            }
            builder = builder.set_default(key.to_lowercase(), value)?;
        }
    }

    // An empty variable counts as not set: compose files and shells leave variables out that way.
    builder
        .add_source(
            Environment::default()
                .ignore_empty(true)
                .source(Some(environment)),
        )
        .build()
}

fn value_of(layers: &Layers, variable: &Variable) -> Result<Option<String>, String> {
    let name = variable.name;
    let value = get(layers, name)?;
    if !variable.is_secret {
        return Ok(value);
    }

    let path = get(layers, &format!("{name}_FILE"))?;
    match (value, path) {
        (Some(_), Some(_)) => Err(format!("{name} and {name}_FILE are both set; remove one")),
        (None, Some(path)) => match fs::read_to_string(&path) {
            Ok(secret) => Ok(Some(secret.trim_end_matches(['\r', '\n']).to_owned())),
            Err(error) => Err(format!("{name}_FILE is {path:?}, which cannot be read: {error}")),
        },
        (value, None) => Ok(value),
    }
}

fn get(layers: &Layers, name: &str) -> Result<Option<String>, String> {
    match layers.get_string(&name.to_lowercase()) {
        Ok(value) => Ok(Some(value)),
        Err(ConfigError::NotFound(_)) => Ok(None),
        Err(_) => Err(format!("{name} must be a string, a number or a boolean")),
    }
}

/// The variable of this name. A secret has a second name, `NAME_FILE`.
fn find(name: &str) -> Option<&'static Variable> {
    variables().find(|variable| {
        let is_file_name = variable.is_secret && name.strip_suffix("_FILE") == Some(variable.name);
        variable.name == name || is_file_name
    })
}

/// Whether a name starts like one of ours, up to the first underscore. Others are none of our business.
fn has_our_prefix(name: &str) -> bool {
    let Some((prefix, _)) = name.split_once('_') else {
        return false;
    };
    variables().any(|variable| {
        variable
            .name
            .split_once('_')
            .is_some_and(|(ours, _)| ours == prefix)
    })
}

fn did_you_mean(name: &str) -> String {
    let nearest = variables().min_by_key(|variable| strsim::damerau_levenshtein(variable.name, name));
    let nearest = nearest.map_or("", |variable| variable.name);

    format!(
        "{} is not a variable of this service and is ignored; did you mean {nearest}?",
        name.escape_debug()
    )
}
