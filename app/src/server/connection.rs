//! Serving one connection.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use http_body_util::combinators::BoxBody;
use hyper::{
    Request, Response, StatusCode,
    body::{Body as _, Bytes, Incoming},
    header::{CONNECTION, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use openapi::{Overloaded, RETRY_AFTER};
use poem::{
    Body, Endpoint,
    endpoint::BoxEndpoint,
    http::{request::Parts, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use super::{
    connection_state::{Pace, Paced, Stage},
    timeout_body::Timely,
};
use crate::config::Config;

/// The largest header of a request that is read, in bytes; larger ones are answered 431. With the body's limit it
/// bounds what a connection can make us hold.
const MAX_HEADER: usize = 16 * 1024;

/// How long a quiet connection stays open once the service stops: a request may be on its way.
const LINGER: Duration = Duration::from_millis(250);

/// What connections have in common.
pub(super) struct Service {
    pub(super) site: BoxEndpoint<'static>,
    pub(super) http1: http1::Builder,
    local: LocalAddr,
    draining: Arc<AtomicBool>,
    header_read: Duration,
    body_read: Duration,
    idle: Duration,
}

impl Service {
    pub(super) fn new(
        site: BoxEndpoint<'static>,
        config: &Config,
        local: SocketAddr,
        draining: Arc<AtomicBool>,
    ) -> Self {
        let mut http1 = http1::Builder::new();
        http1.max_buf_size(MAX_HEADER);
        Self {
            site,
            http1,
            local: LocalAddr(local.into()),
            draining,
            header_read: config.server.header_read_timeout,
            // The request's own deadline must not come first: that a client is slow is no failure of ours.
            body_read: config.server.body_read_timeout.min(config.http.request_timeout),
            idle: config.server.idle_timeout,
        }
    }

    /// Serves one connection until it ends: when its client or an answer closes it, when it makes no progress, or after
    /// `closing`.
    pub(super) async fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        client: SocketAddr,
        mut closing: watch::Receiver<()>,
    ) {
        // Answers are written whole; waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        let pace = Arc::new(Pace::new());
        let socket = Paced::new(stream, Arc::clone(&pace));
        let remote = RemoteAddr(client.into());
        let requests = service_fn(|request| self.answer(request, &pace, &remote));
        let mut connection = self.http1.serve_connection(socket, requests);
        // It never sleeps longer than the shortest limit, so a stage that begins meanwhile is looked at in time.
        let tick = self.header_read.min(self.idle);
        let mut deadline = Box::pin(sleep(tick));
        // Boxed, as timers are large.
        let mut stop = Box::pin(async {
            let _ = closing.changed().await;
            sleep(LINGER).await;
        });
        let mut stopping = false;
        let failure = loop {
            tokio::select! {
                biased;
                ended = &mut connection => {
                    break ended.is_err_and(|error| error.is_parse()).then_some(StatusCode::BAD_REQUEST);
                }
                () = deadline.as_mut() => {
                    let now = Instant::now();
                    match self.deadline(&pace) {
                        Some(over) if over <= now => break Some(StatusCode::REQUEST_TIMEOUT),
                        next => deadline.as_mut().reset(next.unwrap_or(now + tick).min(now + tick)),
                    }
                }
                () = stop.as_mut(), if !stopping => {
                    stopping = true;
                    // A request whose header is arriving is answered yet; the answer closes the connection.
                    if pace.stage() != Stage::Header {
                        pin::Pin::new(&mut connection).graceful_shutdown();
                    }
                }
            }
        };
        if failure == Some(StatusCode::REQUEST_TIMEOUT) {
            tracing::debug!(%client, stage = ?pace.stage(), "a connection made no progress and is closed");
        }
        if let Some((stream, status)) = connection.into_parts().io.unanswered(failure) {
            self.answer_unreadable(stream, status, &remote).await;
        }
    }

    /// When a connection at this pace has taken too long.
    fn deadline(&self, pace: &Pace) -> Option<Instant> {
        match pace.stage() {
            Stage::Quiet => Some(pace.since() + self.idle),
            Stage::Header => Some(pace.since() + self.header_read),
            Stage::Request => None,
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        pace: &Pace,
        remote: &RemoteAddr,
    ) -> Result<Response<BoxBody<Bytes, io::Error>>, Infallible> {
        pace.enter(Stage::Request);
        if let Some(time) = pace.held_until() {
            Box::pin(sleep_until(time)).await;
        }
        let (parts, body) = request.into_parts();
        let body = if body.is_end_stream() {
            Body::empty()
        } else {
            BoxBody::new(Timely::new(body, self.body_read)).into()
        };
        let mut response = self.site.get_response(self.request(parts, body, remote)).await;
        if self.draining.load(Relaxed) {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if response.status() == StatusCode::SERVICE_UNAVAILABLE && response.data::<Overloaded>().is_some() {
            // Refusing costs little, but not nothing, and those who wait as they were asked to cost nothing.
            pace.hold(RETRY_AFTER);
        }
        pace.enter(Stage::Quiet);
        Ok(response.into())
    }

    /// A request as the site takes it.
    pub(super) fn request(&self, head: Parts, body: Body, remote: &RemoteAddr) -> poem::Request {
        let parts = (head, self.local.clone(), remote.clone(), Scheme::HTTP).into();
        poem::Request::from_parts(parts, body)
    }
}
