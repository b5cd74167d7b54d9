//! One JSON object a line: `timestamp`, `level`, `request_id`, `target`, `message` and the event's fields.

use std::fmt::Debug;

use serde_json::{Map, Value};
use tracing::{
    Event,
    field::{Field, Visit},
};

use super::Head;

pub(super) fn line(head: &Head, event: &Event<'_>) -> String {
    let mut object = Fields::default();
    event.record(&mut object);
    let mut object = object.0;
    object.insert("timestamp".to_owned(), super::rfc3339(head.time).into());
    object.insert("level".to_owned(), head.level.as_str().into());
    object.insert("target".to_owned(), event.metadata().target().into());
    if let Some(id) = &head.request_id {
        object.insert("request_id".to_owned(), id.as_str().into());
    }
    format!("{}\n", Value::Object(object))
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.insert(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }
}
