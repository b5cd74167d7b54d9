//! The resource: tweets.

mod read;
mod request;
pub(crate) mod response;

use std::sync::Arc;

use domain::{CreateIdempotentError, CreateOutcome, NewTweet, TweetId, TweetService};
use poem::{
    http::StatusCode,
    web::headers::{ETag, HeaderMapExt, IfNoneMatch},
};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Header, Path, Query},
};

use crate::{
    Dependencies,
    docs::Tag,
    http::base_url::BaseUrl,
    http::error_response::{DocumentedErrors, ErrorResponse},
    http::idempotency_key::{KeyParam, key_of},
    http::json::Json,
    http::params::{BeforeParam, IdParam, LimitParam, page_of},
    http::problem::Problem,
    middleware::authentication::RequireAuth,
    middleware::concurrency_limit::ConcurrencyLimit,
    tweet::request::NewTweetText,
    tweet::response::TweetBody,
};

/// A tweet never changes, so whoever has it need never ask again.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

#[derive(Clone)]
pub(crate) struct TweetsApi {
    tweets: Arc<TweetService>,
    limit: Arc<ConcurrencyLimit>,
}

#[derive(ApiResponse)]
enum CreateTweetAnswer {
    /// The tweet is stored.
    #[oai(status = 201)]
    Created(
        Json<TweetBody>,
        /// Where the tweet is.
        #[oai(header = "Location")]
        String,
        /// `true` when it was stored by an earlier request with the same Idempotency-Key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

#[derive(ApiResponse)]
enum ListTweetsAnswer {
    /// The newest tweets, newest first.
    #[oai(status = 200)]
    Page(
        Json<Vec<TweetBody>>,
        /// `<…>; rel="next"` (RFC 8288) while there are older tweets.
        #[oai(header = "Link")]
        Option<String>,
    ),
}

#[derive(ApiResponse)]
enum GetTweetAnswer {
    /// The tweet.
    #[oai(status = 200)]
    Found(
        Json<TweetBody>,
        /// Send it as `If-None-Match` to be told that nothing changed.
        #[oai(header = "ETag")]
        String,
        /// For ever: a tweet does not change.
        #[oai(header = "Cache-Control")]
        String,
    ),
    /// What you have is what there is.
    #[oai(status = 304)]
    NotModified(
        #[oai(header = "ETag")] String,
        #[oai(header = "Cache-Control")] String,
    ),
}

struct CreateTweetErrors;
impl DocumentedErrors for CreateTweetErrors {
    const STATUSES: &'static [u16] = &[400, 401, 408, 413, 415, 422, 429, 500, 503];
}

struct ListTweetsErrors;
impl DocumentedErrors for ListTweetsErrors {
    const STATUSES: &'static [u16] = &[400, 429, 500, 503];
}

struct GetTweetErrors;
impl DocumentedErrors for GetTweetErrors {
    const STATUSES: &'static [u16] = &[400, 404, 429, 500, 503];
}

#[OpenApi(prefix_path = "/tweet/", tag = "Tag::Tweets")]
impl TweetsApi {
    /// Create a tweet
    ///
    /// White space around the text is removed. When this answers 201, the tweet is stored. With an Idempotency-Key, the
    /// request may be sent again, after an error or no answer at all, without storing the tweet twice.
    #[oai(path = "/", method = "post", operation_id = "createTweet")]
    async fn create(
        &self,
        _writer: RequireAuth,
        base: BaseUrl,
        headers: &poem::http::HeaderMap,
        /// Yours to choose, one for each tweet, such as a UUID: 1 to 255 visible ASCII characters. The same key with
        /// another text is a 422.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<KeyParam>>,
        text: NewTweetText,
    ) -> Result<CreateTweetAnswer, ErrorResponse<CreateTweetErrors>> {
        let _permit = self.limit.try_acquire()?;
        let (tweet, replayed) = match key_of(headers)? {
            None => (self.tweets.create(NewTweet { text: text.0 }).await?, None),
            Some(key) => match self
                .tweets
                .create_idempotent(NewTweet { text: text.0 }, key)
                .await
            {
                Ok(CreateOutcome::Created(tweet)) => (tweet, None),
                Ok(CreateOutcome::Replayed(tweet)) => (tweet, Some(true)),
                Err(CreateIdempotentError::KeyReused) => return Err(key_reused().into()),
                Err(CreateIdempotentError::Store(error)) => return Err(error.into()),
            },
        };
        let location = base.tweet(tweet.id);
        Ok(CreateTweetAnswer::Created(
            Json(TweetBody::new(tweet, &base)),
            location,
            replayed,
        ))
    }

    /// List tweets
    ///
    /// Newest first, a page at a time. Follow the `Link` header to older tweets: pages neither skip nor repeat a tweet
    /// while others are added.
    #[oai(path = "/", method = "get", operation_id = "listTweets")]
    async fn list(
        &self,
        base: BaseUrl,
        /// The largest number of tweets to answer.
        limit: Query<Option<LimitParam>>,
        /// Only tweets older than the one with this id, which need not exist.
        before: Query<Option<BeforeParam>>,
    ) -> Result<ListTweetsAnswer, ErrorResponse<ListTweetsErrors>> {
        let _permit = self.limit.try_acquire()?;
        let (limit, before) = page_of(limit.0, before.0)?;
        let page = self.tweets.page(before, limit).await?;
        let next = page
            .next
            .map(|id| format!("<{base}/tweet/?limit={}&before={id}>; rel=\"next\"", limit.get()));
        let tweets = page
            .items
            .into_iter()
            .map(|tweet| TweetBody::new(tweet, &base))
            .collect();
        Ok(ListTweetsAnswer::Page(Json(tweets), next))
    }

    /// Get a tweet
    #[oai(path = "/:id", method = "get", operation_id = "getTweet")]
    async fn get(
        &self,
        base: BaseUrl,
        headers: &poem::http::HeaderMap,
        /// The tweet's id.
        id: Path<IdParam>,
        /// Entity tags of the tweets you have.
        #[oai(name = "If-None-Match")]
        _if_none_match: Header<Option<String>>,
    ) -> Result<GetTweetAnswer, ErrorResponse<GetTweetErrors>> {
        let _permit = self.limit.try_acquire()?;
        let unknown = || Problem::not_found("no tweet has this id");
        let id: TweetId = id.0.parse().ok_or_else(unknown)?;
        let tweet = self.tweets.get(id).await?.ok_or_else(unknown)?;
        let tag = ["\"", id.encode(&mut [0; TweetId::LEN]), "\""].concat();
        let has_it = |theirs: IfNoneMatch| {
            tag.parse()
                .is_ok_and(|ours: ETag| !theirs.precondition_passes(&ours))
        };
        if headers.typed_get().is_some_and(has_it) {
            return Ok(GetTweetAnswer::NotModified(tag, FOR_EVER.to_owned()));
        }
        Ok(GetTweetAnswer::Found(
            Json(TweetBody::new(tweet, &base)),
            tag,
            FOR_EVER.to_owned(),
        ))
    }
}

fn key_reused() -> Problem {
    let detail = "this Idempotency-Key was used for another text; a new tweet needs a new key";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

impl TweetsApi {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            tweets: Arc::clone(&dependencies.tweets),
            limit: Arc::clone(&dependencies.concurrency_limit),
        }
    }
}
