//! Rules that hold for every operation of the OpenAPI document, whatever its resource.

mod docs;
