//! What tests use (feature `testing`): the contract of each port, and fakes of the ports that every service needs. The
//! in-memory adapter is the fake of a store; nothing here pretends to store anything.

// Resources, one line each.
pub mod tweet;

pub mod contract;
pub mod sample;

mod authenticator;
mod clock;
mod health_check;

pub use authenticator::FakeAuthenticator;
pub use clock::FixedClock;
pub use health_check::FailingHealthCheck;
pub use sample::Sample;
