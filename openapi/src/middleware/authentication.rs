//! Layer and extractor: who makes a request, by bearer token (RFC 6750).

use std::sync::{Arc, OnceLock};

use domain::{Authenticator, Principal};
use poem::{
    Request, RequestBody, Response,
    http::{HeaderMap, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use super::layer::{Layer, Rejection};
use crate::http::problem::{Problem, ProblemType};

/// Makes the authenticator available to [`RequireAuth`], and attaches the [`Principal`] to the response, for the access
/// log. Without an authenticator, every client may use every operation.
pub(crate) struct Authentication(pub(crate) Option<Arc<dyn Authenticator>>);

impl Layer for Authentication {
    type State = Option<BearerAuth>;

    fn before(&self, request: &mut Request) -> Result<Option<BearerAuth>, Rejection> {
        let auth = self.0.as_ref().map(BearerAuth::new);
        if let Some(auth) = &auth {
            request.set_data(auth.clone());
        }
        Ok(auth)
    }

    fn after(&self, auth: Option<BearerAuth>, response: &mut Response) {
        if let Some(principal) = auth.as_ref().and_then(BearerAuth::principal) {
            response.set_data(principal.clone());
        }
    }
}

/// The authentication of one request.
#[derive(Clone)]
pub(crate) struct BearerAuth {
    authenticator: Arc<dyn Authenticator>,
    principal: Arc<OnceLock<Principal>>,
}

impl BearerAuth {
    fn new(authenticator: &Arc<dyn Authenticator>) -> Self {
        Self {
            authenticator: Arc::clone(authenticator),
            principal: Arc::default(),
        }
    }

    /// The client, once it is authenticated.
    fn principal(&self) -> Option<&Principal> {
        self.principal.get()
    }

    async fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, Problem> {
        let token = match Credentials::parse(headers) {
            Credentials::Missing => return Err(unauthorized(ProblemType::TOKEN_MISSING, CHALLENGE)),
            Credentials::Malformed => return Err(invalid_token()),
            Credentials::Bearer(token) => token,
        };

        let principal = self
            .authenticator
            .authenticate(token)
            .await
            .map_err(|error| Problem::new(ProblemType::TOKENS_UNAVAILABLE).caused_by(error))?;

        let principal = principal.ok_or_else(invalid_token)?;
        let _ = self.principal.set(principal.clone());
        Ok(principal)
    }
}

const CHALLENGE: &str = "Bearer realm=\"api\"";
const INVALID_TOKEN: &str = "Bearer realm=\"api\", error=\"invalid_token\"";

fn invalid_token() -> Problem {
    unauthorized(ProblemType::TOKEN_INVALID, INVALID_TOKEN)
}

/// A 401 has a challenge (RFC 9110, 11.6.1).
fn unauthorized(kind: &'static ProblemType, challenge: &'static str) -> Problem {
    Problem::new(kind).with_header(header::WWW_AUTHENTICATE, challenge)
}

/// An argument of operations that need a token. As the first argument, it rejects clients before their body is read.
pub(crate) struct RequireAuth {
    /// The client; `None` if no tokens are configured.
    pub(crate) principal: Option<Principal>,
}

const SCHEME: &str = "ApiToken";

impl<'a> ApiExtractor<'a> for RequireAuth {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: Some("Needed if the service is configured with tokens (API_TOKENS_FILE)."),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(SCHEME, scheme);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    /// Without configured tokens, no token is needed.
    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let principal = match request.data::<BearerAuth>() {
            Some(auth) => Some(auth.authenticate(request.headers()).await?),
            None => None,
        };
        Ok(Self { principal })
    }
}

/// What `Authorization` holds.
#[derive(Debug, PartialEq, Eq)]
enum Credentials<'a> {
    /// Nothing, or another scheme.
    Missing,
    /// Several values, or one that is not a token.
    Malformed,
    /// A token, valid or not.
    Bearer(&'a str),
}

impl<'a> Credentials<'a> {
    /// `Authorization: Bearer <b64token>` (RFC 6750, 2.1); the name of the scheme in any case (RFC 9110, 11.1).
    fn parse(headers: &'a HeaderMap) -> Self {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Self::Missing;
        };
        if values.next().is_some() {
            return Self::Malformed;
        }

        let value = value.as_bytes();
        let end_of_scheme = value.iter().position(|byte| *byte == b' ');
        let (scheme, rest) = value.split_at(end_of_scheme.unwrap_or(value.len()));
        if !scheme.eq_ignore_ascii_case(b"bearer") {
            return Self::Missing;
        }

        let token = rest.trim_ascii();
        let without_padding = token
            .strip_suffix(b"==")
            .or_else(|| token.strip_suffix(b"="))
            .unwrap_or(token);
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);

        match std::str::from_utf8(token) {
            Ok(token) if !without_padding.is_empty() && without_padding.iter().all(allowed) => {
                Self::Bearer(token)
            }
            _ => Self::Malformed,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Unhealthy, testing::FakeAuthenticator};
    use poem::http::{HeaderValue, StatusCode};
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        values
            .iter()
            .filter_map(|value| HeaderValue::from_bytes(value).ok())
            .map(|value| (header::AUTHORIZATION, value))
            .collect()
    }

    #[test]
    fn only_a_single_well_formed_token_is_accepted() {
        for (value, expected) in [
            ("Bearer abc", Credentials::Bearer("abc")),
            ("bEARER  a-._~+/9== ", Credentials::Bearer("a-._~+/9==")),
            ("Bearer", Credentials::Malformed),
            ("Bearer ", Credentials::Malformed),
            ("Bearer =", Credentials::Malformed),
            ("Bearer a b", Credentials::Malformed),
            ("Bearer a=b", Credentials::Malformed),
            ("Basic YTpi", Credentials::Missing),
            ("Bearerabc", Credentials::Missing),
            ("", Credentials::Missing),
        ] {
            assert_eq!(
                Credentials::parse(&headers(&[value.as_bytes()])),
                expected,
                "{value:?}"
            );
        }

        assert_eq!(Credentials::parse(&headers(&[])), Credentials::Missing);
        assert_eq!(
            Credentials::parse(&headers(&[b"Bearer a", b"Bearer a"])),
            Credentials::Malformed
        );
    }

    #[tokio::test]
    async fn clients_are_rejected_unless_their_token_is_known() {
        let unavailable = Unhealthy {
            reason: "no connection".to_owned(),
            source: None,
        };
        let alice: Principal = "alice".parse().expect("a name");

        for (authenticator, sent, status) in [
            (
                FakeAuthenticator::Knows("a", alice.clone()),
                &b"Bearer a"[..],
                None,
            ),
            (
                FakeAuthenticator::Knows("a", alice),
                b"Bearer b",
                Some(StatusCode::UNAUTHORIZED),
            ),
            (
                FakeAuthenticator::Fails(unavailable),
                b"Bearer a",
                Some(StatusCode::SERVICE_UNAVAILABLE),
            ),
        ] {
            let authenticator: Arc<dyn Authenticator> = Arc::new(authenticator);
            let auth = BearerAuth::new(&authenticator);

            let rejection = auth.authenticate(&headers(&[sent])).await.err();

            assert_eq!(rejection.map(|problem| problem.status()), status);
            assert_eq!(auth.principal().is_some(), status.is_none());
        }
    }

    proptest! {
        #[test]
        fn well_formed_tokens_are_read_as_they_are(token in "[A-Za-z0-9._~+/-]{1,80}={0,2}", gap in " {1,3}") {
            let headers = headers(&[format!("Bearer{gap}{token}").as_bytes()]);

            prop_assert_eq!(Credentials::parse(&headers), Credentials::Bearer(&token));
        }

        #[test]
        fn parsing_never_panics(sent in proptest::collection::vec(any::<u8>(), 0..80)) {
            Credentials::parse(&headers(&[&sent]));

            let headers = headers(&[&[b"Bearer ", &sent[..]].concat()]);
            if let Credentials::Bearer(token) = Credentials::parse(&headers) {
                prop_assert!(token.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
