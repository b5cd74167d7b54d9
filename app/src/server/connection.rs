//! Serving one connection.

use std::{convert::Infallible, future::pending, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use http_body_util::combinators::BoxBody;
use hyper::{
    Request, Response, StatusCode,
    body::{Body as _, Bytes, Incoming},
    header::{CONNECTION, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use openapi::{Overloaded, RETRY_AFTER};
use poem::{
    Body, Endpoint,
    endpoint::BoxEndpoint,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{net::TcpStream, sync::watch, time::sleep_until};

use super::{
    closing::Socket,
    connection_state::ConnectionState,
    request_body::{RequestBody, UnreadBody},
    shared_memory::count_body,
    tracked_io::TrackedIo,
};
use crate::config::Config;

/// The largest header of a request, in bytes; hyper responds to a larger one with 431, unless its beginning arrived
/// together with the previous request. Together with the limit of a body it bounds the memory that one connection can
/// take.
const MAX_HEADER: usize = 16 * 1024;

/// How long idle connections stay open at shutdown: a request may be on its way.
pub(super) const LINGER: Duration = Duration::from_millis(250);

/// How long a client that sent nothing more may take to close its connection once the server has, before it is reset.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves HTTP/1 on accepted connections.
pub(super) struct HttpServer {
    router: BoxEndpoint<'static>,
    http1: http1::Builder,
    local: LocalAddr,
    header_read: Duration,
    body_read: Duration,
    idle: Duration,
}

impl HttpServer {
    /// A server of this router, listening on `local`.
    pub(super) fn new(router: BoxEndpoint<'static>, config: &Config, local: SocketAddr) -> Self {
        let mut http1 = http1::Builder::new();
        // hyper's own header timeout runs while a connection is idle too, so `ConnectionState` tells the two apart.
        http1.max_buf_size(MAX_HEADER).header_read_timeout(None);
        // A client that has sent everything may close its direction and wait for the response.
        http1.half_close(true);

        Self {
            router,
            http1,
            local: LocalAddr(local.into()),
            header_read: config.server.header_read_timeout,
            // The request's timeout must not come first: it would report the client's slowness as our failure.
            body_read: config.server.body_read_timeout.min(config.http.request_timeout),
            idle: config.server.idle_timeout,
        }
    }

    /// Serves one connection until the client or a response closes it, or it makes no progress. Once `shutdown` changes,
    /// until it is idle.
    pub(super) async fn serve_connection(
        &self,
        stream: TcpStream,
        client: SocketAddr,
        state: Arc<ConnectionState>,
        shutdown: watch::Receiver<()>,
    ) {
        // Responses are written whole; waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);

        let mut socket = Socket::new(stream, Arc::clone(&state));
        let end = self
            .serve_requests(&mut socket.stream, client, &state, shutdown)
            .await;
        // hyper has dropped all that the connection held.
        state.share.write_off();

        match end {
            // The client may still be reading the last response, so it has as long as for any other.
            End::Finished => socket.close(self.idle).await,
            End::Stalled if state.is_sending() => socket.reset(),
            End::Stalled => socket.close(CLOSE_TIMEOUT).await,
        }
    }

    async fn serve_requests(
        &self,
        stream: &mut TcpStream,
        client: SocketAddr,
        state: &Arc<ConnectionState>,
        mut shutdown: watch::Receiver<()>,
    ) -> End {
        let (remote, unread_body) = (RemoteAddr(client.into()), UnreadBody::default());
        let service = service_fn(|request| self.handle(request, state, &unread_body, &remote));
        let io = TrackedIo::new(stream, state);
        let mut connection = pin!(self.http1.serve_connection(io, service));
        // Boxed because timers are large.
        let mut stalled = Box::pin(state.stalled(self.idle, self.header_read));

        tokio::select! {
            biased;
            result = connection.as_mut() => return finished(result, client),
            () = stalled.as_mut() => return gave_up(state, client),
            _ = shutdown.changed() => {}
        }

        // Boxed because its timer is large, and most connections never need it.
        Box::pin(async {
            tokio::select! {
                biased;
                result = connection.as_mut() => return finished(result, client),
                () = stalled.as_mut() => return gave_up(state, client),
                () = state.closable(LINGER) => {}
            }
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                biased;
                result = connection => finished(result, client),
                () = stalled => gave_up(state, client),
            }
        })
        .await
    }

    async fn handle(
        &self,
        request: Request<Incoming>,
        state: &Arc<ConnectionState>,
        unread_body: &UnreadBody,
        remote: &RemoteAddr,
    ) -> Result<Response<BoxBody<Bytes, io::Error>>, Infallible> {
        if let Some(time) = state.begin_request() {
            state.begin_waiting_for_client();
            Box::pin(sleep_until(time)).await;
            if !state.record_progress(true) {
                // The connection is being closed to make room.
                pending::<()>().await;
            }
        }
        if header_length(&request) > MAX_HEADER {
            tracing::debug!("closed a connection after a malformed request: its header is too large");
            state.end_request();
            return Ok(header_too_large());
        }

        let (head, body) = request.into_parts();
        let body = if body.is_end_stream() {
            Body::empty()
        } else {
            let body = RequestBody::new(
                body,
                &head.headers,
                self.body_read,
                unread_body,
                Arc::clone(state),
            );
            BoxBody::new(body).into()
        };
        let parts = (head, self.local.clone(), remote.clone(), Scheme::HTTP).into();
        let request = poem::Request::from_parts(parts, body);
        let mut response = self.router.get_response(request).await;

        // Before the response is sent, because hyper closes a connection whose body it could not read to the end, and the
        // client must know that before it sends another request.
        if response.headers().contains_key(CONNECTION) {
            unread_body.forget();
        } else if !unread_body.discard(state).await {
            let headers = response.headers_mut();
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if response.data::<Overloaded>().is_some() {
            // Clients that retry at once take the CPU from the requests being served: without this delay, goodput at ten
            // times the load is 10 to 36 % of that at the limit; with it, 98 % or more (app/tests/server/goodput.rs).
            state.delay_for(RETRY_AFTER);
        }
        state.end_request();

        let response: Response<BoxBody<_, _>> = response.into();
        Ok(response.map(|body| count_body(body, state)))
    }
}

/// The length of a header in bytes, without white space that has no meaning.
fn header_length(request: &Request<Incoming>) -> usize {
    let uri = request.uri();
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    let length = |(name, value): (&HeaderName, &HeaderValue)| {
        name.as_str().len() + ": ".len() + value.len() + "\r\n".len()
    };

    request.method().as_str().len() + authority + path + request.headers().iter().map(length).sum::<usize>()
}

/// What hyper itself sends in this case.
fn header_too_large() -> Response<BoxBody<Bytes, io::Error>> {
    let mut response = Response::new(BoxBody::default());
    *response.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);

    response
}

/// Why a connection is served no longer.
enum End {
    /// The client or a response has closed it, or it is lost.
    Finished,
    /// It made no progress.
    Stalled,
}

fn finished(result: hyper::Result<()>, client: SocketAddr) -> End {
    if let Err(error) = result
        && error.is_parse()
    {
        // hyper has responded 400 or 431 (HTTP/2 gets no response). Its errors never quote the request.
        tracing::debug!(%client, %error, "closed a connection after a malformed request");
    }

    End::Finished
}

fn gave_up(state: &ConnectionState, client: SocketAddr) -> End {
    tracing::debug!(%client, phase = ?state.phase(), "closed a connection that made no progress");
    End::Stalled
}
