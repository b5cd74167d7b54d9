//! What holds for every request, whatever the route: one file a layer.

mod allowed_hosts;
mod authentication;
mod cors;
mod edges;
mod forwarded;
mod hostile;
mod injection;
mod metric_labels;
mod metrics;
mod problems;
mod rate_limit;
mod security_headers;
