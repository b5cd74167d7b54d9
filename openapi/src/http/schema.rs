//! Schemas of types that are one value on the wire. Objects derive theirs by `poem_openapi::Object`.

/// Describes a type in the OpenAPI document by an inline schema instead of a named one. The parameters of a generic
/// type come first, in brackets: `schema_type!([T] IdParam<T>, …)`.
macro_rules! schema_type {
    ([$($generics:tt)*] $type:ty, $schema:expr) => {
        impl<$($generics)*> poem_openapi::types::Type for $type {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                poem_openapi::registry::MetaSchemaRef::Inline(Box::new($schema))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }
    };
    ($type:ty, $schema:expr) => {
        schema_type!([] $type, $schema);
    };
}
pub(crate) use schema_type;
