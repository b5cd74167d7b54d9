//! Where the client says it reached us, for the absolute URLs in answers.

use std::fmt;

use domain::TweetId;
use poem::{FromRequest, Request, RequestBody};

use crate::{http::host, middleware::forwarded::Forwarded};

/// `scheme://host[:port]` of a request.
#[derive(Debug)]
pub(crate) struct BaseUrl(String);

impl BaseUrl {
    /// The absolute URL of a tweet.
    pub(crate) fn tweet(&self, id: TweetId) -> String {
        [&*self.0, "/tweet/", id.encode(&mut [0; TweetId::LEN])].concat()
    }

    #[cfg(test)]
    pub(crate) fn example() -> Self {
        Self("http://localhost:8000".into())
    }

    /// Of a request that the edge let in: whatever host stands here was checked there.
    fn of(request: &Request) -> Self {
        let scheme = Forwarded::scheme(request);
        match Forwarded::host(request).or_else(|| host::written(request)) {
            Some(host) => Self([scheme.as_str(), "://", host].concat()),
            // HTTP/1.0 has no Host. Where the connection arrived is all there is to go by.
            None => {
                let here = request
                    .local_addr()
                    .as_socket_addr()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                Self(format!("{scheme}://{here}"))
            }
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'a> FromRequest<'a> for BaseUrl {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request))
    }
}
