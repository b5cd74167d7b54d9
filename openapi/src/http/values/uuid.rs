//! UUIDs that a client chooses.

use domain::Uuid;
use poem_openapi::{
    registry::MetaSchema,
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::domain_error;
use crate::http::schema::schema_type;

/// The length of the form with hyphens, in bytes.
const HYPHENATED_LEN: usize = 36;

/// A UUID of any version (RFC 9562), such as the id of something in another service.
#[derive(Debug)]
pub struct UuidValue(pub Uuid);

json_string!(
    [] UuidValue,
    |text: &str| match Uuid::try_parse(text) {
        // The library also accepts forms without hyphens, in braces, and as a URN.
        Ok(uuid) if text.len() == HYPHENATED_LEN => Ok(Self(uuid)),
        _ => Err("must be a UUID, such as 8e03978e-40d5-43e8-bc93-6894a57f9324"),
    },
    MetaSchema::new_with_format("string", "uuid")
);

impl Serialize for UuidValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
