//! What handlers of any resource use: JSON bodies and texts.

mod bodies;
mod many_texts;
mod media_types;
