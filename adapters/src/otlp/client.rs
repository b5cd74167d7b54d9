//! One request to the collector.

use std::{fmt, io, sync::Arc, time::Duration};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use ureq::{
    Agent, Error,
    http::{
        Response, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::{Endpoint, Headers};

/// A response says at most how many spans were rejected, and why.
const MAX_RESPONSE_BYTES: u64 = 64 * 1024;

/// The certificates of authorities.
#[derive(Clone)]
pub struct Certificates(Arc<Vec<Certificate<'static>>>);

impl Certificates {
    /// From the text of a PEM file; `None` if it has no certificate, or anything that is not one.
    pub fn from_pem(pem: &[u8]) -> Option<Self> {
        let certificates: Option<Vec<_>> = parse_pem(pem)
            .map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();

        certificates
            .filter(|certificates| !certificates.is_empty())
            .map(|certificates| Self(Arc::new(certificates)))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificates({})", self.0.len())
    }
}

/// Why a batch was not delivered. Nothing of what the collector sent is in it.
#[derive(Debug)]
pub(super) struct SendError {
    pub(super) reason: String,
    /// Whether another attempt may succeed.
    pub(super) is_transient: bool,
    /// How long the collector asks to wait for it.
    pub(super) retry_after: Option<Duration>,
}

pub(super) struct Client {
    agent: Agent,
    endpoint: Endpoint,
    headers: Headers,
}

impl Client {
    pub(super) fn new(endpoint: Endpoint, headers: Headers, certificates: Option<Certificates>) -> Self {
        let roots = certificates.map_or(RootCerts::WebPki, |Certificates(roots)| {
            RootCerts::Specific(roots)
        });

        let config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .user_agent(concat!("OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            // The headers may be credentials, which are meant for this host alone.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // The default would be read from the environment.
            .proxy(None)
            .build();

        Self {
            agent: config.new_agent(),
            endpoint,
            headers,
        }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends an encoded batch. Returns how many of its spans the collector rejects.
    pub(super) fn post(&self, batch: &[u8], timeout: Duration) -> Result<u64, SendError> {
        let request = self
            .agent
            .post(self.endpoint.uri())
            .config()
            .timeout_global(Some(timeout))
            .build()
            .header(CONTENT_TYPE, "application/x-protobuf");
        let request = self
            .headers
            .iter()
            .fold(request, |request, (name, value)| request.header(name, value));

        let mut response = request.send(batch).map_err(|error| transport_error(&error))?;
        if !response.status().is_success() {
            return Err(status_error(&response));
        }

        let body = response.body_mut().with_config().limit(MAX_RESPONSE_BYTES);
        let body = body.read_to_vec().map_err(|error| transport_error(&error))?;
        // A body that is something else is no reason to send the spans again.
        let response = ExportTraceServiceResponse::decode(&*body).unwrap_or_default();
        let rejected = response
            .partial_success
            .map_or(0, |partial| partial.rejected_spans);
        Ok(u64::try_from(rejected).unwrap_or_default())
    }
}

fn transport_error(error: &Error) -> SendError {
    let reason = match error {
        Error::Timeout(_) => "it does not respond in time".to_owned(),
        Error::Io(error) => io_reason(error),
        Error::HostNotFound => UNKNOWN_NAME.to_owned(),
        Error::Tls(_) | Error::Rustls(_) => NO_TLS.to_owned(),
        _ => "its response is not HTTP".to_owned(),
    };

    SendError {
        reason,
        is_transient: true,
        retry_after: None,
    }
}

const UNKNOWN_NAME: &str = "its name cannot be resolved";
const NO_TLS: &str = "there is no TLS connection to it; is its certificate trusted?";

/// The kind of an error, such as "connection refused". Its text could be that of the other side.
fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::InvalidData => NO_TLS.to_owned(),
        // `std` has no kind for names that cannot be resolved; what the system reports has a code.
        kind if error.raw_os_error().is_none() && kind.to_string().starts_with("uncategorized") => {
            UNKNOWN_NAME.to_owned()
        }
        kind => kind.to_string(),
    }
}

/// Which responses are worth another attempt is a list of OTLP's specification.
fn status_error<B>(response: &Response<B>) -> SendError {
    const TRANSIENT: [StatusCode; 4] = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    let retry_after = response.headers().get(RETRY_AFTER);
    let seconds = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());

    SendError {
        reason: format!("its response has status {}", response.status().as_u16()),
        is_transient: TRANSIENT.contains(&response.status()),
        retry_after: seconds.map(Duration::from_secs),
    }
}
