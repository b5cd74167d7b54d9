//! What handlers of any resource use: JSON bodies, texts and pages.

mod bodies;
mod many_texts;
mod media_types;
mod pages;
