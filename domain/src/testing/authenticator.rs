use async_trait::async_trait;

use crate::{Authenticator, Principal, Unhealthy};

/// Knows one token and whose it is; or, like a service that is away, cannot tell whose any token is.
#[derive(Debug, Clone)]
pub enum FakeAuthenticator {
    /// The token and who holds it.
    Knows(&'static str, Principal),
    /// Answers every call with this error.
    Fails(Unhealthy),
}

#[async_trait]
impl Authenticator for FakeAuthenticator {
    async fn authenticate(&self, token: &str) -> Result<Option<Principal>, Unhealthy> {
        match self {
            Self::Knows(known, writer) => Ok((token == *known).then(|| writer.clone())),
            Self::Fails(error) => Err(error.clone()),
        }
    }
}
