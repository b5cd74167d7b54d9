//! Implementations of [`Authenticator`](domain::Authenticator).

pub mod token_file;
