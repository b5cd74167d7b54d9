use std::{net::SocketAddr, process::ExitCode, time::Duration};

use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, StatusCode, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use super::{CommandError, print};
use crate::{config::Config, server};

/// Longer than the service takes to give up on a dependency, shorter than an orchestrator waits.
const DEADLINE: Duration = Duration::from_secs(4);

/// `healthcheck`: asks the service on `LISTEN_ADDR` and prints its answer.
///
/// # Errors
/// When the answer cannot be printed. That the service is not well is the exit code's to tell.
pub async fn healthcheck(config: &Config) -> Result<ExitCode, CommandError> {
    let address = server::from_here(config.server.listen);
    let host = format!(
        "{}:{}",
        config.http.allowed_hosts.prefer(address.ip()),
        address.port()
    );
    let (code, report) = match timeout(DEADLINE, ask(address, &host)).await {
        Ok(Ok((StatusCode::OK, report))) => (ExitCode::SUCCESS, report),
        Ok(Ok((_, report))) => (ExitCode::FAILURE, report),
        Ok(Err(error)) => (ExitCode::FAILURE, format!("no answer from {address}: {error}")),
        Err(_) => (
            ExitCode::FAILURE,
            format!("no answer from {address} within {} s", DEADLINE.as_secs()),
        ),
    };
    print(&format!("{}\n", report.trim_end()))?;
    Ok(code)
}

async fn ask(
    address: SocketAddr,
    host: &str,
) -> Result<(StatusCode, String), Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get("/healthcheck/")
        .header("host", host)
        .body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = Limited::new(response.into_body(), 64 * 1024)
        .collect()
        .await?
        .to_bytes();
    connection.abort();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}
