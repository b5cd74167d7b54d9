//! What holds for every request, whatever the route: one file a layer.

mod access_log;
mod allowed_hosts;
mod authentication;
mod cors;
mod forwarded;
mod hostile;
mod injection;
mod metric_labels;
mod metrics;
mod normalize_path;
mod problems;
mod rate_limit;
mod security_headers;
