//! Answering what is no request.

use std::{convert::Infallible, time::Duration};

use hyper::{Request, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use poem::{Body, Endpoint, web::RemoteAddr};
use tokio::{
    io::{AsyncReadExt, copy, join, sink},
    net::TcpStream,
    time::timeout,
};

use super::connection::Service;

/// What stands in for the request that could not be read.
const SUBSTITUTE: &[u8] = b"_OTHER / HTTP/1.1\r\nconnection: close\r\n\r\n";

/// How long a client may take to be told. Nobody waits for it.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// How much of what a client still sends is thrown away, in bytes. Closing before would destroy the answer on its way.
const REST: u64 = 1 << 20;

impl Service {
    /// Has the site answer, so that this answer has what all have, and closes the connection.
    pub(super) async fn answer_unreadable(
        &self,
        mut stream: TcpStream,
        _status: StatusCode,
        remote: &RemoteAddr,
    ) {
        let answer = service_fn(async |request: Request<Incoming>| {
            let request = self.request(request.into_parts().0, Body::empty(), remote);
            Ok::<Response<_>, Infallible>(self.site.get_response(request).await.into())
        });
        let mut http1 = self.http1.clone();
        // The substitute ends where the client's bytes would follow, and is answered all the same.
        http1.half_close(true);
        let _ = timeout(LAST_WORDS, async {
            let io = TokioIo::new(join(SUBSTITUTE, &mut stream));
            http1.serve_connection(io, answer).await.ok();
            copy(&mut stream.take(REST), &mut sink()).await.ok();
        })
        .await;
    }
}
