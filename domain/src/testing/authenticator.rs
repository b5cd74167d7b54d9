//! The fake [`Authenticator`].

use async_trait::async_trait;

use crate::{Authenticator, Principal, Unhealthy};

/// An [`Authenticator`] with one token, or one that always fails.
#[derive(Debug, Clone)]
pub enum FakeAuthenticator {
    /// Accepts this token, which belongs to this principal.
    Knows(&'static str, Principal),
    /// Fails every call with this error.
    Fails(Unhealthy),
}

#[async_trait]
impl Authenticator for FakeAuthenticator {
    async fn authenticate(&self, token: &str) -> Result<Option<Principal>, Unhealthy> {
        match self {
            Self::Knows(valid, principal) => Ok((token == *valid).then(|| principal.clone())),
            Self::Fails(error) => Err(error.clone()),
        }
    }
}
