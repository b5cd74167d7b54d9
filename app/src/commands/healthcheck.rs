//! The command `healthcheck`, which container engines run inside the container of the service.

use std::{error::Error, net::SocketAddr, process::ExitCode, time::Duration};

use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, StatusCode, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use super::{CommandError, print};
use crate::{config::Config, server};

/// Longer than the service waits for its dependencies, shorter than the time-outs of orchestrators (5 s in the Dockerfile).
const TIMEOUT: Duration = Duration::from_secs(4);
const MAX_REPORT_BYTES: usize = 64 * 1024;

/// `healthcheck`: requests the health report of the service on `LISTEN_ADDR` and prints it. The exit status is 0 if the
/// service is healthy, else 1.
///
/// # Errors
/// If standard output cannot be written.
pub async fn healthcheck(config: &Config) -> Result<ExitCode, CommandError> {
    let address = server::local_address(config.server.listen);
    let host = config.http.allowed_hosts.prefer(address);

    let (code, report) = match timeout(TIMEOUT, request_report(address, &host)).await {
        Ok(Ok((StatusCode::OK, report))) => (ExitCode::SUCCESS, report),
        Ok(Ok((_, report))) => (ExitCode::FAILURE, report),
        Ok(Err(error)) => (ExitCode::FAILURE, format!("no response from {address}: {error}")),
        Err(_) => (
            ExitCode::FAILURE,
            format!("no response from {address} within {} s", TIMEOUT.as_secs()),
        ),
    };

    print(&format!("{}\n", report.trim_end()))?;
    Ok(code)
}

async fn request_report(
    address: SocketAddr,
    host: &str,
) -> Result<(StatusCode, String), Box<dyn Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);

    let request = Request::get("/healthcheck/")
        .header("host", host)
        .body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_REPORT_BYTES)
        .collect()
        .await?
        .to_bytes();
    connection.abort();

    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}
