//! The server: connections, their timeouts and limits, overload and shutdown.

mod attack;
mod connection_limit;
mod descriptors;
mod early_responses;
mod flood;
mod framing;
mod goodput;
mod malformed_requests;
mod memory;
mod overload;
mod rolling_restart;
mod shared_memory;
mod shutdown;
mod timeouts;
mod token_file;
mod unread_log;
mod unread_responses;
