//! For tests (feature `testing`): the contract of [`TweetRepository`](crate::TweetRepository), a clock to set, a store
//! that fails on demand, an authenticator that knows one token. The in-memory adapter is the fake; nothing here pretends to store anything.

pub mod tweet;

mod authenticator;
mod clock;

pub use authenticator::FakeAuthenticator;
pub use clock::FixedClock;
pub use tweet::{FailingHealthCheck, FailingTweetRepository};
