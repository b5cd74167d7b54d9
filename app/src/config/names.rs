//! Which names are ours, which are misspelt, and which Kubernetes or Docker add for services nearby.

use super::{Variable, layers::file_name, variables};

/// How many letters of a misspelt name may differ.
const MAX_DISTANCE: usize = 4;

/// The variable of this name. A secret has a second name, `NAME_FILE`.
pub(super) fn find(name: &str) -> Option<&'static Variable> {
    variables()
        .find(|variable| variable.name == name || variable.is_secret && name == file_name(variable.name))
}

/// The nearest of our names, if it is near.
pub(super) fn misspelt(name: &str) -> Option<&'static str> {
    let (distance, nearest) = nearest(name)?;
    (distance <= MAX_DISTANCE && distance * 3 <= name.len()).then_some(nearest)
}

fn nearest(name: &str) -> Option<(usize, &'static str)> {
    let distances =
        variables().map(|variable| (strsim::damerau_levenshtein(variable.name, name), variable.name));
    distances.min()
}

/// A warning about a variable of the environment that begins like one of ours, up to the first underscore. Others are
/// none of our business. Only the words that are nearly ours are repeated: any other may be a secret in the wrong place.
pub(super) fn warning(name: &str) -> Option<String> {
    let (prefix, _) = name.split_once('_')?;
    let is_ours = variables().any(|variable| {
        variable
            .name
            .split_once('_')
            .is_some_and(|(ours, _)| ours == prefix)
    });
    if !is_ours {
        return None;
    }

    let words: Vec<_> = name
        .split('_')
        .map(|word| if is_nearly_ours(word) { word } else { "…" })
        .collect();
    let (shown, (_, nearest)) = (words.join("_"), nearest(name)?);
    Some(format!(
        "{shown} is not a variable of this service and is ignored; did you mean {nearest}?"
    ))
}

/// Whether a part of a name is one of ours but for a third of its letters.
fn is_nearly_ours(word: &str) -> bool {
    let mut ours = variables().flat_map(|variable| variable.name.split('_'));
    ours.any(|ours| strsim::damerau_levenshtein(ours, word) * 3 <= ours.len())
}

/// Whether Kubernetes adds this variable to every pod for a Service nearby, or Docker for a linked container. They can
/// have the names of ours: a Service `postgres` brings `POSTGRES_PORT=tcp://10.96.12.7:5432`.
pub(super) fn is_service_link(name: &str, value: &str) -> bool {
    const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

    let is_url = PROTOCOLS.iter().any(|protocol| {
        let scheme = value.split_once("://").map(|(scheme, _)| scheme);
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(protocol))
    });
    if name.ends_with("_PORT") && is_url {
        return true;
    }
    if find(name).is_some() {
        return false;
    }

    // NAME_PORT_5432_TCP, and the same with _PROTO, _PORT or _ADDR.
    let is_port = name.split("_PORT_").skip(1).any(|rest| {
        let mut words = rest.split('_');
        let number = words.next().is_some_and(|word| word.parse::<u16>().is_ok());
        number && words.next().is_some_and(|word| PROTOCOLS.contains(&word))
    });
    is_port
        || name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || name.contains("_ENV_")
}
