//! Where values come from: the defaults, the file, the environment, files of secrets.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsString,
    fs,
    path::Path,
};

use config::{Config as Layers, Environment, File, FileFormat};

use super::{
    Problems,
    variables::{VARIABLES, Variable},
};

/// The value of every variable that has one, and warnings about names that nobody knows.
pub(super) fn gather(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(BTreeMap<&'static str, String>, Vec<String>), Problems> {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let mut known = HashMap::new();
    for (name, value) in environment {
        let Ok(name) = name.into_string() else { continue };
        if find(&name).is_none() {
            warnings.extend(look_alike(&name));
            continue;
        }
        match value.into_string() {
            Ok(value) => drop(known.insert(name, value)),
            Err(_) => problems.push(format!("{name} is not valid UTF-8")),
        }
    }
    Problems::none_or(problems)?;
    let layers = layered(file, known, &mut warnings).map_err(|error| Problems::one(error.to_string()))?;
    let mut problems = Vec::new();
    let mut values = BTreeMap::new();
    for variable in VARIABLES {
        match value_of(&layers, variable) {
            Ok(Some(value)) => drop(values.insert(variable.name, value)),
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    Problems::none_or(problems)?;
    Ok((values, warnings))
}

fn layered(
    file: Option<&Path>,
    environment: HashMap<String, String>,
    warnings: &mut Vec<String>,
) -> Result<Layers, config::ConfigError> {
    let mut builder = Layers::builder();
    for variable in VARIABLES.iter().filter(|variable| !variable.default.is_empty()) {
        builder = builder.set_default(variable.name.to_lowercase(), variable.default)?;
    }
    if let Some(file) = file {
        let file = Layers::builder()
            .add_source(File::from(file).format(FileFormat::Toml))
            .build()?;
        for (key, value) in file.cache.into_table()? {
            if find(&key.to_uppercase()).is_none() {
                warnings.push(unknown(&key.to_uppercase()));
            }
            builder = builder.set_default(key.to_lowercase(), value)?;
        }
    }
    // An empty variable is one that is not set: that is how compose files and shells leave things out.
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
    let in_file = if variable.secret {
        get(layers, &format!("{name}_FILE"))?
    } else {
        None
    };
    match (value, in_file) {
        (Some(_), Some(_)) => Err(format!("{name} and {name}_FILE are both set; one must go")),
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
        Err(config::ConfigError::NotFound(_)) => Ok(None),
        Err(_) => Err(format!("{name} must be a text, a number or a truth value")),
    }
}

fn find(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| {
        let in_file = variable.secret && name.strip_suffix("_FILE") == Some(variable.name);
        variable.name == name || in_file
    })
}

/// A warning when a name begins like one of ours: up to its first underscore.
fn look_alike(name: &str) -> Option<String> {
    let family = |name: &str| name.split_once('_').map(|(family, _)| family.to_owned());
    let ours = VARIABLES
        .iter()
        .any(|variable| family(variable.name) == family(name));
    (ours && family(name).is_some()).then(|| unknown(name))
}

fn unknown(name: &str) -> String {
    let nearest = VARIABLES
        .iter()
        .min_by_key(|variable| strsim::damerau_levenshtein(variable.name, name));
    let nearest = nearest.map_or("", |variable| variable.name);
    format!(
        "{} is not a variable of this service and does nothing; is {nearest} meant?",
        name.escape_debug()
    )
}
