//! Keywords that leave fewer values, or more.

use std::cmp::Ordering;

use serde_json::Value;

use crate::pair::{Pair, Presence, switch};

/// What a changed constraint does to the set of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Keeps,
    Narrows,
    Widens,
    Unknown,
}

/// The effect of a changed keyword; `None` if it is no constraint.
pub(crate) fn effect(keyword: &str, values: Pair<'_>) -> Option<Effect> {
    if values.is_equal() {
        return Some(Effect::Keeps);
    }

    Some(match keyword {
        "maximum" | "maxLength" | "maxItems" | "maxProperties" => bound(values, Ordering::Less),
        "minimum" | "minLength" | "minItems" | "minProperties" => bound(values, Ordering::Greater),
        "exclusiveMinimum" | "exclusiveMaximum" | "uniqueItems" => flag(values, true),
        "nullable" => flag(values, false),
        "multipleOf" => opaque_condition(values, Value::is_number),
        "pattern" => opaque_condition(values, Value::is_string),
        _ => return None,
    })
}

/// A number, which leaves fewer values if it becomes `narrower`.
fn bound(values: Pair<'_>, narrower: Ordering) -> Effect {
    let numbers = values.read(|value| match value {
        None => Some(None),
        Some(value) => value.as_f64().map(Some),
    });

    match numbers {
        Some((None, Some(_))) => Effect::Narrows,
        Some((Some(_), None)) => Effect::Widens,
        Some((Some(released), Some(committed))) => match committed.partial_cmp(&released) {
            Some(order) if order == narrower => Effect::Narrows,
            Some(Ordering::Equal) => Effect::Keeps,
            Some(_) => Effect::Widens,
            None => Effect::Unknown,
        },
        _ => Effect::Unknown,
    }
}

/// A switch, which leaves fewer values if it is `narrow`.
fn flag(values: Pair<'_>, narrow: bool) -> Effect {
    match values.read(switch) {
        None => Effect::Unknown,
        Some((released, committed)) if released == committed => Effect::Keeps,
        Some((_, committed)) if committed == narrow => Effect::Narrows,
        Some(_) => Effect::Widens,
    }
}

/// A condition that can only be compared with none.
fn opaque_condition(values: Pair<'_>, is_valid: impl Fn(&Value) -> bool) -> Effect {
    let mut all = [values.released, values.committed].into_iter().flatten();
    if !all.all(is_valid) {
        return Effect::Unknown;
    }

    match values.presence() {
        Presence::Added => Effect::Narrows,
        Presence::Removed => Effect::Widens,
        Presence::Kept => Effect::Unknown,
    }
}
