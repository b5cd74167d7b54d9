//! Connections: timeouts, limits, and how the service stops.

mod timeouts;
mod shutdown;
mod goodput;
mod overload;
mod refusals;
mod rolling_restart;
