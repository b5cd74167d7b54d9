//! Who may write: bearer tokens (RFC 6750).

use std::sync::{Arc, OnceLock};

use domain::{Authenticator, Principal};
use poem::{
    Request, RequestBody,
    http::{HeaderMap, StatusCode, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use crate::http::problem::Problem;

/// Set on requests where writers need a token.
#[derive(Clone)]
pub(crate) struct BearerAuth {
    authenticator: Arc<dyn Authenticator>,
    admitted: Arc<OnceLock<Principal>>,
}

impl BearerAuth {
    /// For one request.
    pub(crate) fn new(authenticator: &Arc<dyn Authenticator>) -> Self {
        Self {
            authenticator: Arc::clone(authenticator),
            admitted: Arc::default(),
        }
    }

    /// Who was let in.
    pub(crate) fn admitted(&self) -> Option<&Principal> {
        self.admitted.get()
    }

    async fn admit(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let token = match token_of(headers) {
            Credentials::Missing => {
                return Err(Problem::unauthorized("a token is needed to create tweets", ASK));
            }
            Credentials::Malformed => None,
            Credentials::Bearer(token) => Some(token),
        };
        let writer = match token {
            Some(token) => self.authenticator.authenticate(token).await.map_err(|error| {
                let detail = "it cannot be told now whose the token is";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).caused_by(error)
            })?,
            None => None,
        };
        let writer = writer.ok_or_else(|| Problem::unauthorized("the token is not valid", INVALID))?;
        let _ = self.admitted.set(writer);
        Ok(())
    }
}

const ASK: &str = "Bearer realm=\"templatesite\"";
const INVALID: &str = "Bearer realm=\"templatesite\", error=\"invalid_token\"";

/// An argument of operations that only writers may use. As the first one, it refuses others before their body is read.
pub(crate) struct RequireAuth;

const SCHEME: &str = "ApiToken";

impl<'a> ApiExtractor<'a> for RequireAuth {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: Some("Needed where the service has a list of writers (API_TOKENS_FILE)."),
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

    /// Without a list of writers, everybody may write.
    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        if let Some(doorkeeper) = request.data::<BearerAuth>() {
            doorkeeper.admit(request.headers()).await?;
        }
        Ok(Self)
    }
}

/// What a request carries.
#[derive(Debug, PartialEq, Eq)]
enum Credentials<'a> {
    /// No credentials that this service asked for.
    Missing,
    /// Something that is no token, or several.
    Malformed,
    /// What may be a token.
    Bearer(&'a str),
}

/// `Authorization: Bearer <b64token>` (RFC 6750, 2.1); the scheme's name in any case (RFC 9110, 11.1).
fn token_of(headers: &HeaderMap) -> Credentials<'_> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Credentials::Missing;
    };
    if values.next().is_some() {
        return Credentials::Malformed;
    }
    let value = value.as_bytes();
    let (scheme, rest) = value.split_at(value.iter().position(|byte| *byte == b' ').unwrap_or(value.len()));
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Credentials::Missing;
    }
    let token = rest.trim_ascii();
    let body = token
        .strip_suffix(b"==")
        .or_else(|| token.strip_suffix(b"="))
        .unwrap_or(token);
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
    match std::str::from_utf8(token) {
        Ok(token) if !body.is_empty() && body.iter().all(allowed) => Credentials::Bearer(token),
        _ => Credentials::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use domain::{Unhealthy, testing::FakeAuthenticator};
    use poem::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let value = |value: &&[u8]| HeaderValue::from_bytes(value).ok();
        values
            .iter()
            .filter_map(value)
            .map(|value| (header::AUTHORIZATION, value))
            .collect()
    }

    #[test]
    fn a_token_is_told_from_what_is_none() {
        for (value, sent) in [
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
            assert_eq!(token_of(&headers(&[value.as_bytes()])), sent, "{value:?}");
        }
        assert_eq!(token_of(&headers(&[])), Credentials::Missing);
        assert_eq!(
            token_of(&headers(&[b"Bearer a", b"Bearer a"])),
            Credentials::Malformed
        );
    }

    #[tokio::test]
    async fn who_cannot_be_told_is_not_let_in() {
        let away = Unhealthy {
            reason: "it is away".to_owned(),
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
                FakeAuthenticator::Fails(away),
                b"Bearer a",
                Some(StatusCode::SERVICE_UNAVAILABLE),
            ),
        ] {
            let authenticator: Arc<dyn Authenticator> = Arc::new(authenticator);
            let doorkeeper = BearerAuth::new(&authenticator);
            let refusal = doorkeeper
                .admit(&headers(&[sent]))
                .await
                .err()
                .map(|problem| problem.status);
            assert_eq!(refusal, status);
            assert_eq!(doorkeeper.admitted().is_some(), status.is_none());
        }
    }

    proptest! {
        #[test]
        fn every_token_is_read_as_it_is(token in "[A-Za-z0-9._~+/-]{1,80}={0,2}", gap in " {1,3}") {
            let headers = headers(&[format!("Bearer{gap}{token}").as_bytes()]);
            prop_assert_eq!(token_of(&headers), Credentials::Bearer(&token));
        }

        #[test]
        fn no_header_makes_the_reader_panic(sent in proptest::collection::vec(any::<u8>(), 0..80)) {
            token_of(&headers(&[&sent]));
            let headers = headers(&[&[b"Bearer ", &sent[..]].concat()]);
            if let Credentials::Bearer(token) = token_of(&headers) {
                prop_assert!(token.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
