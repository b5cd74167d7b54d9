//! The configuration file. Its errors and warnings give a place and a reason, and repeat nothing of the file: a line that
//! cannot be parsed may well hold a password.

use std::{fs, path::Path};

use adapters::text_file;
use toml::de::{DeTable, DeValue};

use super::{
    layers::Values,
    names::{find, misspelt},
    visibility::shown_file,
};

/// Reads a TOML file. Returns its values by the names of their variables, in upper case.
///
/// # Errors
/// Problems that prevent the file from being used.
pub(super) fn read(path: &Path, warnings: &mut Vec<String>) -> Result<Values, Vec<String>> {
    let file = shown_file(path);
    let text = fs::read(path)
        .map_err(|error| vec![format!("the configuration file cannot be read: {file}: {error}")])?;
    let text = text_file::decode(text).map_err(|error| vec![format!("{file} cannot be used: {error}")])?;

    let table = DeTable::parse(&text).map_err(|error| {
        let place = error
            .span()
            .map_or_else(String::new, |span| place(&text, span.start));
        vec![format!("{file}{place}: {}", error.message())]
    })?;

    let (mut values, mut problems) = (Values::new(), Vec::new());
    for (key, value) in table.into_inner() {
        let at = place(&text, key.span().start);
        let name = key.get_ref().to_uppercase();
        if find(&name).is_none() {
            // A short name that is nearly ours can be shown; any other may be a value in the wrong place.
            let nearest = misspelt(&name);
            let advice = nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
            warnings.push(format!(
                "{file}{at}: the key is not a variable of this service and is ignored{advice}"
            ));
            continue;
        }

        match text_of(value.get_ref()) {
            None => problems.push(format!(
                "{file}{at}: {name} must be a string, a number or a boolean"
            )),
            Some(value) => {
                if values.insert(name.clone(), value).is_some() {
                    problems.push(format!("{file}{at}: {name} is set twice; remove one"));
                }
            }
        }
    }

    // As in the environment, nothing is the same as not set.
    values.retain(|_, value| !value.is_empty());
    if problems.is_empty() {
        Ok(values)
    } else {
        Err(problems)
    }
}

fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(value) => Some(value.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn place(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!(", line {line}, column {column}")
}
