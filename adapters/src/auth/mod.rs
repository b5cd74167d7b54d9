//! Who holds a token.

pub mod token_file;
