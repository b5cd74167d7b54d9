//! What holds for every request, whatever its route: one file per layer, and what attackers send.

mod access_log;
mod allowed_hosts;
mod authentication;
mod body_limit;
mod compression;
mod content_encoding;
mod cors;
mod forwarded;
mod head;
mod metric_labels;
mod metrics;
mod normalize_path;
mod problems;
pub(crate) mod proxies;
mod public_url;
mod rate_limit;
mod request_id;
mod security_headers;
mod token_file;

mod hostile;
mod injection;
