//! What the program itself does with the resource.

pub(crate) mod fixtures;
