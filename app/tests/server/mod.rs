//! Connections: deadlines, limits, and how the service stops.

mod deadlines;
mod draining;
mod goodput;
mod overload;
mod refusals;
mod rolling;
