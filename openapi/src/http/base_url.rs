//! The base of the absolute URLs in responses.

use domain::Id;
use poem::{FromRequest, Request, RequestBody};

use crate::{http::host, middleware::forwarded::Forwarded};

/// `scheme://host[:port]` as the client reached the service, before any trusted proxy.
#[derive(Debug)]
pub(crate) struct BaseUrl(String);

impl BaseUrl {
    /// The absolute URL of a path, which starts with a slash.
    pub(crate) fn join(&self, path: &str) -> String {
        [&*self.0, path].concat()
    }

    /// The absolute URL of an item. `collection` is the collection's path, which ends in a slash.
    pub(crate) fn item<T>(&self, collection: &str, id: Id<T>) -> String {
        [&*self.0, collection, id.encode(&mut [0; domain::ID_LEN])].concat()
    }

    /// The base in the document's examples.
    pub(crate) fn example() -> Self {
        Self("http://localhost:8000".into())
    }

    /// The middleware has checked the host before a handler is called.
    fn of(request: &Request) -> Self {
        let scheme = Forwarded::scheme(request);
        let host = Forwarded::host(request).or_else(|| host::raw_host(request));

        match host {
            Some(host) => Self([scheme.as_str(), "://", host].concat()),
            // HTTP/1.0 has no Host. The address of the connection is all there is to go by.
            None => {
                let address = request.local_addr().as_socket_addr();
                let address = address.map(ToString::to_string).unwrap_or_default();
                Self(format!("{scheme}://{address}"))
            }
        }
    }
}

impl<'a> FromRequest<'a> for BaseUrl {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request))
    }
}
