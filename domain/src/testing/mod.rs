//! For tests (feature `testing`): the contract of [`TweetRepository`](crate::TweetRepository), a clock to set, a store
//! that fails on demand, an authenticator that knows one token. The in-memory adapter is the fake; nothing here pretends to store anything.

pub mod contract;

mod clock;
mod failing;
mod writers;

pub use clock::FixedClock;
pub use failing::{FailingHealthCheck, FailingTweetRepository};
pub use writers::FakeAuthenticator;
