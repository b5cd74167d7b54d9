//! Schemas of types whose JSON is written by hand-picked serde code rather than by `poem_openapi`'s derive.

/// Gives a type its place in the OpenAPI document: an inline schema, or with a name a schema to refer to.
macro_rules! schema_type {
    ($type:ty, $schema:expr) => {
        schema_type!(@ $type, stringify!($type),
            poem_openapi::registry::MetaSchemaRef::Inline(Box::new($schema)), |_| {});
    };
    ($type:ty, $name:literal, $schema:expr) => {
        schema_type!($type, $name, $schema, |_| {});
    };
    ($type:ty, $name:literal, $schema:expr, $register:expr) => {
        schema_type!(@ $type, $name,
            poem_openapi::registry::MetaSchemaRef::Reference($name.to_owned()),
            |registry: &mut poem_openapi::registry::Registry| {
                registry.create_schema::<$type, _>($name.to_owned(), |registry| {
                    $register(registry);
                    $schema
                })
            });
    };
    (@ $type:ty, $name:expr, $reference:expr, $register:expr) => {
        impl poem_openapi::types::Type for $type {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                $reference
            }

            fn register(registry: &mut poem_openapi::registry::Registry) {
                $register(registry)
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }
    };
}
pub(crate) use schema_type;
