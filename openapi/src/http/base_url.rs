//! The base of the URLs in responses.

use std::sync::Arc;

use domain::Id;
use poem::{FromRequest, Request, RequestBody};

use crate::{
    http::{host, public_url::PublicUrl},
    middleware::forwarded::Forwarded,
};

/// Scheme, host and path prefix of the URLs in one response, as its client reaches the service.
#[derive(Debug)]
pub enum BaseUrl {
    /// The configured one, the same in every response.
    Configured(Arc<PublicUrl>),
    /// As the request's headers say. Caches do not compare all of these, so no shared cache may store such a response.
    FromRequest(String),
}

impl BaseUrl {
    /// The URL of a path, which starts with a slash.
    pub fn join(&self, path: &str) -> String {
        [self.as_str(), path].concat()
    }

    /// The URL of an item. `collection` is the collection's path, which ends in a slash.
    pub fn item<T>(&self, collection: &str, id: Id<T>) -> String {
        [self.as_str(), collection, id.encode(&mut [0; domain::ID_LEN])].concat()
    }

    /// Without a final slash; empty if it is the root of the host that the client named.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Configured(url) => url.as_str(),
            Self::FromRequest(url) => url,
        }
    }

    /// The base in the document's examples.
    pub fn example() -> Self {
        Self::FromRequest("http://localhost:8000".into())
    }

    /// The configured URL, else the path prefix alone: for references that clients resolve against the request's URL.
    pub fn without_host(request: &Request) -> Self {
        match PublicUrl::of(request) {
            Some(url) => Self::Configured(Arc::clone(url)),
            None => Self::FromRequest(Forwarded::prefix(request).to_owned()),
        }
    }

    /// The middleware has checked the host before a handler is called.
    fn of(request: &Request) -> Self {
        let host = Forwarded::host(request).or_else(|| host::raw_host(request));
        let (None, Some(host)) = (PublicUrl::of(request), host) else {
            // An HTTP/1.0 request may name no host. The address of the connection may be internal, so URLs have none.
            return Self::without_host(request);
        };

        let scheme = Forwarded::scheme(request).as_str();
        Self::FromRequest([scheme, "://", host, Forwarded::prefix(request)].concat())
    }
}

impl<'a> FromRequest<'a> for BaseUrl {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request))
    }
}
