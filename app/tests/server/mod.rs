//! The server: connections, their timeouts and limits, overload and shutdown.

mod connection_limit;
mod descriptors;
mod flood;
mod goodput;
mod malformed_requests;
mod overload;
mod rolling_restart;
mod shutdown;
mod timeouts;
