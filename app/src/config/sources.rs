//! Where values come from: the defaults, the file, the environment, files of secrets.

use std::{collections::BTreeMap, ffi::OsString, fs, path::Path};

use adapters::text_file;

use super::{
    InvalidConfig,
    layers::{Layer, Layers, Setting, Value, Values, file_name},
    names::{find, is_service_link, warning},
    toml_file, variables,
};

/// The value of every variable that has one, and warnings about unknown names.
pub(super) fn load_sources(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(BTreeMap<&'static str, Value>, Vec<String>), InvalidConfig> {
    let (mut warnings, mut problems) = (Vec::new(), Vec::new());
    let mut layers = vec![(
        Layer::Environment,
        read_environment(environment, &mut warnings, &mut problems),
    )];
    if let Some(file) = file {
        match toml_file::read(file, &mut warnings) {
            Ok(values) => layers.push((Layer::File, values)),
            Err(found) => problems.extend(found),
        }
    }

    // What is invalid there would only cause further problems that are none.
    InvalidConfig::none_or(problems)?;
    let mut problems = Vec::new();
    let layers = Layers::new(layers, &mut problems);

    let mut values = BTreeMap::new();
    for variable in variables() {
        let read = layers.setting(variable).and_then(|setting| match setting {
            Some((layer, setting)) => Ok(Some(Value {
                text: read_setting(variable.name, setting)?,
                layer,
            })),
            None => Ok(None),
        });
        match read {
            Ok(Some(value)) => drop(values.insert(variable.name, value)),
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }

    InvalidConfig::none_or(problems)?;
    Ok((values, warnings))
}

/// The variables of the environment that are ours. An empty variable counts as not set: compose files and shells leave
/// variables out that way. So do those that Kubernetes adds for other services.
fn read_environment(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    warnings: &mut Vec<String>,
    problems: &mut Vec<String>,
) -> Values {
    let mut known = Values::new();

    for (name, value) in environment {
        let Ok(name) = name.into_string() else { continue };
        if value.is_empty() && find(&name).is_some() || is_service_link(&name, &value.to_string_lossy()) {
            continue;
        }
        if find(&name).is_none() {
            warnings.extend(warning(&name));
            continue;
        }

        match value.into_string() {
            Ok(value) => drop(known.insert(name, value)),
            Err(_) => problems.push(format!("{name} is not valid UTF-8")),
        }
    }

    known
}

/// The value, from its file if it is in one. The name of the file is not repeated: it may be the secret itself, in the
/// wrong variable.
fn read_setting(name: &str, setting: Setting<'_>) -> Result<String, String> {
    let path = match setting {
        Setting::Value(value) => return Ok(value.to_owned()),
        Setting::File(path) => path,
    };

    let file_name = file_name(name);
    let content = fs::read(path).map_err(|error| {
        format!(
            "{file_name} must name a file that contains the value; the file it names cannot be read: {error}"
        )
    })?;
    let text = text_file::decode(content)
        .map_err(|error| format!("{file_name} names a file that cannot be used: {error}"))?;

    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
