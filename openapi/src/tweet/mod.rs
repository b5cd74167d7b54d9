//! The resource: tweets over HTTP.
//!
//! Each handler validates first, takes a concurrency permit next, and calls one use case last: a request that is a 400
//! takes no permit.

mod example;
mod request;
mod response;

use std::sync::Arc;

use domain::{
    OwnedKey, Version,
    tweet::{Tweet, TweetService},
};
use poem::http::HeaderMap;
use poem_openapi::{
    ApiResponse, OpenApi, Tags,
    param::{Header, Path, Query},
};

use crate::{
    Dependencies,
    http::{
        base_url::BaseUrl,
        error_response::{DocumentedErrors, ErrorResponse},
        idempotency_key::{IdempotencyKeyParam, idempotency_key, replayed},
        json::Json,
        page_query::PageQuery,
        params::{CursorParam, IdParam, LimitParam, ReverseParam},
        preconditions::{IfMatchParam, NO_CACHE, entity_tag, immutable, is_not_modified},
        problem::Problem,
        problem_type::operations::{
            OF_RESOURCE, ON_ITEM, ProblemTypes, WITH_BODY, WITH_IDEMPOTENCY_KEY, WITH_IF_MATCH, WITH_TOKEN,
        },
        weak_tag::page_tag,
    },
    middleware::{authentication::RequireAuth, concurrency_limit::ConcurrencyLimit},
};

use request::TweetInput;
use response::TweetBody;

/// The path of the collection.
const COLLECTION: &str = "/tweet/";

#[derive(Clone)]
pub(crate) struct TweetsApi {
    tweets: Arc<TweetService>,
    concurrency_limit: Arc<ConcurrencyLimit>,
}

impl TweetsApi {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            tweets: Arc::clone(&dependencies.services.tweets),
            concurrency_limit: Arc::clone(&dependencies.concurrency_limit),
        }
    }
}

#[derive(Tags)]
enum Tag {
    /// Create and retrieve tweets.
    Tweets,
}

// The prefix keeps the slash at the end of the collection, which poem-openapi cuts off paths.
#[OpenApi(prefix_path = COLLECTION, tag = "Tag::Tweets")]
impl TweetsApi {
    /// Create a tweet
    ///
    /// White space around texts is removed. After a 201, the tweet is stored: it survives crashes, and a failover of
    /// the database if that replicates synchronously. With an Idempotency-Key, the request may be sent again after an
    /// error, or when no response came, without storing the tweet twice.
    #[oai(path = "/", method = "post", operation_id = "createTweet")]
    async fn create(
        &self,
        auth: RequireAuth,
        base: BaseUrl,
        headers: &HeaderMap,
        // `_key` is for the document; the value is read from `headers`, because the framework ignores a header that it
        // cannot parse. The same holds for other header parameters.
        /// Chosen by the client, one for each tweet, such as a UUID: 1 to 255 visible ASCII characters. The same key
        /// with other content is a 422. Keys belong to the holder of the token; without tokens, all clients share their
        /// keys, which must then be impossible to guess.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<IdempotencyKeyParam>>,
        body: Json<TweetInput>,
    ) -> Result<CreateTweetResponse, ErrorResponse<CreateTweetErrors>> {
        let key = idempotency_key(headers)?;
        let new = body.0.into();

        let _permit = self.concurrency_limit.try_acquire()?;
        let (tweet, replayed) = match key {
            None => (self.tweets.create(new).await?, None),
            Some(key) => {
                let owner = auth.principal;
                replayed(
                    self.tweets
                        .create_idempotent(new, OwnedKey { owner, key })
                        .await?,
                )
            }
        };

        let location = base.item(COLLECTION, tweet.id);
        let body = TweetBody::new(tweet, &base);
        Ok(CreateTweetResponse::Created(Json(body), location, replayed))
    }

    /// List tweets
    ///
    /// Newest first, a page at a time; with `after`, oldest first. Follow `next` in the `Link` header: pages neither
    /// skip nor repeat a tweet while others are added. `prev` leads back through the same pages.
    #[oai(path = "/", method = "get", operation_id = "listTweets")]
    async fn list(
        &self,
        base: BaseUrl,
        headers: &HeaderMap,
        /// The maximum number of tweets in the response.
        limit: Query<Option<LimitParam>>,
        /// Only tweets older than the one with this id, which need not exist; newest first.
        before: Query<Option<CursorParam<Tweet>>>,
        /// Only tweets newer than the one with this id, which need not exist; oldest first. Cannot be combined with
        /// `before`. A client that polls must go back some seconds: a new tweet may appear below newer ones.
        after: Query<Option<CursorParam<Tweet>>>,
        /// The same tweets in the opposite order, for links with `rel="prev"`.
        reverse: Query<Option<ReverseParam>>,
        /// `*`; the entity tag of a page is weak, so it matches nothing here, and the response is a 412.
        #[oai(name = "If-Match")]
        _if_match: Header<Option<IfMatchParam>>,
        /// The entity tags of cached pages, or `*`.
        #[oai(name = "If-None-Match")]
        _if_none_match: Header<Option<String>>,
    ) -> Result<ListTweetsResponse, ErrorResponse<ListTweetsErrors>> {
        let query = PageQuery::new(limit.0, before.0, after.0, reverse.0)?;

        let _permit = self.concurrency_limit.try_acquire()?;
        let page = self.tweets.page(query.cursor, query.limit).await?;

        let link = query.links(&base, COLLECTION, &page);
        let tweets = query.in_order(page.items);
        let versions = tweets.iter().map(|tweet| (tweet.id, Version::FIRST));
        let (tag, cache_control) = (page_tag(&base, link.as_deref(), versions), NO_CACHE.to_owned());
        if is_not_modified(headers, &tag)? {
            return Ok(ListTweetsResponse::NotModified(tag, cache_control));
        }

        let tweets = tweets.into_iter();
        let body = Json(tweets.map(|tweet| TweetBody::new(tweet, &base)).collect());
        Ok(ListTweetsResponse::Page(body, link, tag, cache_control))
    }

    /// Get a tweet
    ///
    /// It never changes, so a copy may be used without asking again. With `If-None-Match`, the response is a 304
    /// without a body if the copy is current.
    #[oai(path = "/:id", method = "get", operation_id = "getTweet")]
    async fn get(
        &self,
        base: BaseUrl,
        headers: &HeaderMap,
        /// The tweet's id.
        id: Path<IdParam<Tweet>>,
        /// `*`, or the entity tags that the tweet may have; with other tags alone, the response is a 412.
        #[oai(name = "If-Match")]
        _if_match: Header<Option<IfMatchParam>>,
        /// The entity tags of cached tweets, or `*`.
        #[oai(name = "If-None-Match")]
        _if_none_match: Header<Option<String>>,
    ) -> Result<GetTweetResponse, ErrorResponse<GetTweetErrors>> {
        let not_found = || Problem::not_found("no tweet has this id");
        let id = id.0.0.ok_or_else(not_found)?;

        let _permit = self.concurrency_limit.try_acquire()?;
        let tweet = self.tweets.get(id).await?.ok_or_else(not_found)?;

        let (tag, cache_control) = (entity_tag(id), immutable(&base).to_owned());
        if is_not_modified(headers, &tag)? {
            return Ok(GetTweetResponse::NotModified(tag, cache_control));
        }
        let body = TweetBody::new(tweet, &base);
        Ok(GetTweetResponse::Found(Json(body), tag, cache_control))
    }
}

#[derive(ApiResponse)]
enum CreateTweetResponse {
    /// The tweet is stored.
    #[oai(status = 201)]
    Created(
        Json<TweetBody>,
        /// The URL of the tweet.
        #[oai(header = "Location")]
        String,
        /// `true` if an earlier request with the same Idempotency-Key stored it.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

#[derive(ApiResponse)]
enum ListTweetsResponse {
    /// A page of tweets.
    #[oai(status = 200)]
    Page(
        Json<Vec<TweetBody>>,
        /// `<…>; rel="…"` (RFC 8288), to pages in the same order: `next` while there are more tweets, `prev` unless
        /// there are none before these, and `first` unless it was requested. An empty page has no `prev`.
        #[oai(header = "Link")]
        Option<String>,
        /// Send it as `If-None-Match` to learn whether a cached page is current. It is weak: the page may be
        /// compressed.
        #[oai(header = "ETag")]
        String,
        /// `no-cache`: a copy must be revalidated before each use.
        #[oai(header = "Cache-Control")]
        String,
    ),
    /// Not modified; your cached copy is current.
    #[oai(status = 304)]
    NotModified(
        #[oai(header = "ETag")] String,
        #[oai(header = "Cache-Control")] String,
    ),
}

#[derive(ApiResponse)]
enum GetTweetResponse {
    /// The tweet.
    #[oai(status = 200)]
    Found(
        Json<TweetBody>,
        /// Send it as `If-None-Match` to learn whether a cached copy is current.
        #[oai(header = "ETag")]
        String,
        /// May be cached without revalidation: a tweet never changes. `public` if `href` is the same for all clients.
        #[oai(header = "Cache-Control")]
        String,
    ),
    /// Not modified; your cached copy is current.
    #[oai(status = 304)]
    NotModified(
        #[oai(header = "ETag")] String,
        #[oai(header = "Cache-Control")] String,
    ),
}

struct CreateTweetErrors;

impl DocumentedErrors for CreateTweetErrors {
    const PROBLEMS: &'static [ProblemTypes] = &[OF_RESOURCE, WITH_TOKEN, WITH_BODY, WITH_IDEMPOTENCY_KEY];
}

struct ListTweetsErrors;

impl DocumentedErrors for ListTweetsErrors {
    const PROBLEMS: &'static [ProblemTypes] = &[OF_RESOURCE, WITH_IF_MATCH];
}

struct GetTweetErrors;

impl DocumentedErrors for GetTweetErrors {
    const PROBLEMS: &'static [ProblemTypes] = &[OF_RESOURCE, ON_ITEM, WITH_IF_MATCH];
}

#[cfg(test)]
mod tests {
    use domain::{
        RepositoryError,
        testing::{FixedClock, tweet::FailingTweetRepository},
    };
    use poem::http::HeaderValue;
    use poem_openapi::types::Example;

    use super::*;
    use crate::http::{idempotency_key, values::example_id};

    /// An API without capacity.
    fn full() -> TweetsApi {
        let repository = Arc::new(FailingTweetRepository(RepositoryError::Conflict));
        let clock = Arc::new(FixedClock::at_millis(0));

        TweetsApi {
            tweets: Arc::new(TweetService::new(repository, clock)),
            concurrency_limit: Arc::new(ConcurrencyLimit::new(0)),
        }
    }

    fn status<T, E: Into<poem::Error>>(result: Result<T, E>) -> u16 {
        let error: poem::Error = result.err().expect("no capacity").into();
        error.status().as_u16()
    }

    #[tokio::test]
    async fn invalid_request_takes_no_permit() {
        let (api, base) = (full(), BaseUrl::example);

        for (limit, expected) in [(Some(LimitParam(None)), 400), (None, 503)] {
            let (headers, limit) = (HeaderMap::new(), Query(limit));
            let no_cursor = (Query(None), Query(None), Query(None));
            let result = api
                .list(
                    base(),
                    &headers,
                    limit,
                    no_cursor.0,
                    no_cursor.1,
                    no_cursor.2,
                    Header(None),
                    Header(None),
                )
                .await;
            assert_eq!(status(result), expected);
        }

        for (id, expected) in [(None, 404), (Some(example_id()), 503)] {
            let headers = HeaderMap::new();
            let id = Path(IdParam(id));
            let result = api.get(base(), &headers, id, Header(None), Header(None)).await;
            assert_eq!(status(result), expected);
        }

        for (key, expected) in [("not a key", 400), ("a-key", 503)] {
            let name = idempotency_key::HEADER.parse().expect("a name");
            let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(key))]);
            let body = Json(TweetInput::example());
            let result = api
                .create(
                    RequireAuth { principal: None },
                    base(),
                    &headers,
                    Header(None),
                    body,
                )
                .await;
            assert_eq!(status(result), expected);
        }
    }
}
