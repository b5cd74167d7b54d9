use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::{IdempotentTweet, RepositoryError, Tweet, TweetId, TweetRepository};
use tokio::sync::Semaphore;

use crate::InMemoryTweetRepository;

/// A store whose statements take effect at once but return only when they are let go, and which remembers them: for
/// tests of what happens while a statement is under way.
#[derive(Clone, Default)]
pub struct Gated {
    store: Arc<InMemoryTweetRepository>,
    gate: Arc<Gate>,
}

struct Gate {
    open: Semaphore,
    statements: Mutex<Vec<String>>,
    failure: Mutex<Option<RepositoryError>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            open: Semaphore::new(0),
            statements: Mutex::default(),
            failure: Mutex::default(),
        }
    }
}

impl Gated {
    /// Lets this many statements return, those under way first.
    pub fn let_go(&self, statements: usize) {
        self.gate.open.add_permits(statements);
    }

    /// Every further statement fails like this; `None` ends the outage.
    pub fn fail(&self, error: Option<RepositoryError>) {
        *self.gate.failure.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    /// What was asked of the store, such as `add 3` or `latest 20`.
    pub fn statements(&self) -> Vec<String> {
        self.gate
            .statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The answer is what held when the statement began.
    async fn pass<T>(
        &self,
        statement: String,
        answer: Result<T, RepositoryError>,
    ) -> Result<T, RepositoryError> {
        self.gate
            .statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(statement);
        let failure = self
            .gate
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        self.gate
            .open
            .acquire()
            .await
            .expect("an open semaphore")
            .forget();
        failure.map_or(answer, Err)
    }
}

#[async_trait]
impl TweetRepository for Gated {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        let answer = self.store.add(tweets).await;
        self.pass(format!("add {}", tweets.len()), answer).await
    }

    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        let answer = self.store.add_idempotent(tweets).await;
        self.pass(format!("add_idempotent {}", tweets.len()), answer)
            .await
    }

    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        let answer = self.store.find(ids).await;
        self.pass(format!("find {}", ids.len()), answer).await
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        let answer = self.store.latest(before, limit).await;
        self.pass(format!("latest {limit}"), answer).await
    }
}
