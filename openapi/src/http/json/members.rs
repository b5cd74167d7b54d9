//! The members of a JSON object, in the order in which they are written.

use std::{collections::HashSet, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// The members of an object, also those of the same name.
pub(super) struct Members<V>(Vec<(String, V)>);

impl<V> Members<V> {
    /// Whether a name occurs more than once.
    pub(super) fn has_duplicates(&self) -> bool {
        let mut names = HashSet::with_capacity(self.0.len());
        !self.0.iter().all(|(name, _)| names.insert(name))
    }

    /// The values of all members of this name.
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = &V> {
        let members = self.0.iter().filter(move |member| member.0 == name);
        members.map(|(_, value)| value)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Members<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Object<V> {
            type Value = Members<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<V>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object(PhantomData))
    }
}
