//! The resource: widgets over HTTP.
//!
//! Each handler validates first, takes a concurrency permit next, and calls one use case last: a request that is a 400
//! takes no permit. A write of a widget needs the ETag that its client has read, so that no change is lost.

mod example;
mod request;
mod response;
mod responses;

use std::sync::Arc;

use domain::{
    OwnedKey,
    widget::{Widget, WidgetService},
};
use poem::http::HeaderMap;
use poem_openapi::{
    OpenApi, Tags,
    param::{Header, Path, Query},
};

use crate::{
    Dependencies,
    http::{
        base_url::BaseUrl,
        error_response::ErrorResponse,
        idempotency_key::{IdempotencyKeyParam, idempotency_key, replayed},
        json::Json,
        page_query::PageQuery,
        params::{CursorParam, IdParam, LimitParam, ReverseParam},
        preconditions::{
            IfMatchParam, NO_CACHE, RequiredIfMatchParam, is_not_modified, required_if_match, version_tag,
            written,
        },
        problem::Problem,
        weak_tag::page_tag,
    },
    middleware::{authentication::RequireAuth, concurrency_limit::ConcurrencyLimit},
};

use request::WidgetInput;
use response::WidgetBody;
use responses::{
    CreateWidgetErrors, CreateWidgetResponse, DeleteWidgetErrors, DeleteWidgetResponse, GetWidgetErrors,
    GetWidgetResponse, ListWidgetsErrors, ListWidgetsResponse, UpdateWidgetErrors, UpdateWidgetResponse,
};

/// The path of the collection.
const COLLECTION: &str = "/widget/";

#[derive(Clone)]
pub(crate) struct WidgetsApi {
    widgets: Arc<WidgetService>,
    concurrency_limit: Arc<ConcurrencyLimit>,
}

impl WidgetsApi {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            widgets: Arc::clone(&dependencies.services.widgets),
            concurrency_limit: Arc::clone(&dependencies.concurrency_limit),
        }
    }
}

fn not_found() -> Problem {
    Problem::not_found("no widget has this id")
}

#[derive(Tags)]
enum Tag {
    /// Create, retrieve, change and remove widgets.
    Widgets,
}

// The prefix keeps the slash at the end of the collection, which poem-openapi cuts off paths.
#[OpenApi(prefix_path = COLLECTION, tag = "Tag::Widgets")]
impl WidgetsApi {
    /// Create a widget
    ///
    /// After a 201, the widget is stored: it survives crashes, and a failover of the database if that replicates
    /// synchronously. With an Idempotency-Key, the request may be sent again after an error, or when no response came,
    /// without storing the widget twice.
    #[oai(path = "/", method = "post", operation_id = "createWidget")]
    async fn create(
        &self,
        auth: RequireAuth,
        base: BaseUrl,
        headers: &HeaderMap,
        // `_key` is for the document; the value is read from `headers`, because the framework ignores a header that it
        // cannot parse. The same holds for other header parameters.
        /// Chosen by the client, one for each widget, such as a UUID: 1 to 255 visible ASCII characters. The same key
        /// with other content is a 422, until the widget is removed. Keys belong to the holder of the token; without
        /// tokens, all clients share their keys, which must then be impossible to guess.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<IdempotencyKeyParam>>,
        body: Json<WidgetInput>,
    ) -> Result<CreateWidgetResponse, ErrorResponse<CreateWidgetErrors>> {
        let key = idempotency_key(headers)?;
        let content = body.0.into();

        let _permit = self.concurrency_limit.try_acquire()?;
        let (widget, replayed) = match key {
            None => (self.widgets.create(content).await?, None),
            Some(key) => {
                let owner = auth.principal;
                replayed(
                    self.widgets
                        .create_idempotent(content, OwnedKey { owner, key })
                        .await?,
                )
            }
        };

        let (location, tag) = (base.item(COLLECTION, widget.id), version_tag(widget.version));
        let body = Json(WidgetBody::new(widget, &base));
        Ok(CreateWidgetResponse::Created(body, location, tag, replayed))
    }

    /// List widgets
    ///
    /// Newest first, a page at a time; with `after`, oldest first. Follow `next` in the `Link` header: pages neither
    /// skip nor repeat a widget while others are added and removed. `prev` leads back.
    #[oai(path = "/", method = "get", operation_id = "listWidgets")]
    async fn list(
        &self,
        base: BaseUrl,
        headers: &HeaderMap,
        /// The maximum number of widgets in the response.
        limit: Query<Option<LimitParam>>,
        /// Only widgets older than the one with this id, which need not exist; newest first.
        before: Query<Option<CursorParam<Widget>>>,
        /// Only widgets newer than the one with this id, which need not exist; oldest first. Cannot be combined with
        /// `before`. A client that polls must go back some seconds: a new widget may appear below newer ones.
        after: Query<Option<CursorParam<Widget>>>,
        /// The same widgets in the opposite order, for links with `rel="prev"`.
        reverse: Query<Option<ReverseParam>>,
        /// `*`; the entity tag of a page is weak, so it matches nothing here, and the response is a 412.
        #[oai(name = "If-Match")]
        _if_match: Header<Option<IfMatchParam>>,
        /// The entity tags of cached pages, or `*`.
        #[oai(name = "If-None-Match")]
        _if_none_match: Header<Option<String>>,
    ) -> Result<ListWidgetsResponse, ErrorResponse<ListWidgetsErrors>> {
        let query = PageQuery::new(limit.0, before.0, after.0, reverse.0)?;

        let _permit = self.concurrency_limit.try_acquire()?;
        let page = self.widgets.page(query.cursor, query.limit).await?;

        let link = query.links(&base, COLLECTION, &page);
        let widgets = query.in_order(page.items);
        let versions = widgets.iter().map(|widget| (widget.id, widget.version));
        let (tag, cache_control) = (page_tag(&base, link.as_deref(), versions), NO_CACHE.to_owned());
        if is_not_modified(headers, &tag)? {
            return Ok(ListWidgetsResponse::NotModified(tag, cache_control));
        }

        let widgets = widgets.into_iter();
        let body = Json(widgets.map(|widget| WidgetBody::new(widget, &base)).collect());
        Ok(ListWidgetsResponse::Page(body, link, tag, cache_control))
    }

    /// Get a widget
    ///
    /// The header `ETag` has its version. With `If-None-Match`, the response is a 304 without a body if the client's
    /// copy is current.
    #[oai(path = "/:id", method = "get", operation_id = "getWidget")]
    async fn get(
        &self,
        base: BaseUrl,
        headers: &HeaderMap,
        /// The widget's id.
        id: Path<IdParam<Widget>>,
        /// `*`, or the entity tags that the widget may have; with other tags alone, the response is a 412.
        #[oai(name = "If-Match")]
        _if_match: Header<Option<IfMatchParam>>,
        /// The entity tags of cached widgets, or `*`.
        #[oai(name = "If-None-Match")]
        _if_none_match: Header<Option<String>>,
    ) -> Result<GetWidgetResponse, ErrorResponse<GetWidgetErrors>> {
        let id = id.0.0.ok_or_else(not_found)?;

        let _permit = self.concurrency_limit.try_acquire()?;
        let widget = self.widgets.get(id).await?.ok_or_else(not_found)?;

        let (tag, cache_control) = (version_tag(widget.version), NO_CACHE.to_owned());
        if is_not_modified(headers, &tag)? {
            return Ok(GetWidgetResponse::NotModified(tag, cache_control));
        }
        let body = Json(WidgetBody::new(widget, &base));
        Ok(GetWidgetResponse::Found(body, tag, cache_control))
    }

    /// Replace a widget
    ///
    /// All members are replaced: an optional one that is absent is removed. If the response is lost, the request may be
    /// sent again; a 412 then means that the widget has changed, by the first request or by another client.
    #[oai(path = "/:id", method = "put", operation_id = "updateWidget")]
    async fn update(
        &self,
        _auth: RequireAuth,
        base: BaseUrl,
        headers: &HeaderMap,
        /// The widget's id.
        id: Path<IdParam<Widget>>,
        /// The entity tag of the widget that the client has read, or `*` to overwrite whatever is stored. Without it,
        /// the response is a 428; with other tags alone, a 412.
        #[oai(name = "If-Match")]
        _if_match: Header<RequiredIfMatchParam>,
        body: Json<WidgetInput>,
    ) -> Result<UpdateWidgetResponse, ErrorResponse<UpdateWidgetErrors>> {
        let id = id.0.0.ok_or_else(not_found)?;
        let expected = required_if_match(headers)?;
        let content = body.0.into();

        let _permit = self.concurrency_limit.try_acquire()?;
        let outcome = self.widgets.update(id, &content, &expected).await?;
        let widget = written(outcome, not_found)?;

        let tag = version_tag(widget.version);
        let body = Json(WidgetBody::new(widget, &base));
        Ok(UpdateWidgetResponse::Updated(body, tag))
    }

    /// Remove a widget
    ///
    /// If the response is lost, the request may be sent again; a 404 then means that the widget is removed.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteWidget")]
    async fn delete(
        &self,
        _auth: RequireAuth,
        headers: &HeaderMap,
        /// The widget's id.
        id: Path<IdParam<Widget>>,
        /// The entity tag of the widget that the client has read, or `*` to remove whatever is stored. Without it, the
        /// response is a 428; with other tags alone, a 412.
        #[oai(name = "If-Match")]
        _if_match: Header<RequiredIfMatchParam>,
    ) -> Result<DeleteWidgetResponse, ErrorResponse<DeleteWidgetErrors>> {
        let id = id.0.0.ok_or_else(not_found)?;
        let expected = required_if_match(headers)?;

        let _permit = self.concurrency_limit.try_acquire()?;
        let outcome = self.widgets.remove(id, &expected).await?;
        written(outcome, not_found)?;

        Ok(DeleteWidgetResponse::Deleted)
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        RepositoryError,
        testing::{FixedClock, widget::FailingWidgetRepository},
    };
    use poem::http::{
        HeaderValue,
        header::{HeaderName, IF_MATCH},
    };
    use poem_openapi::types::Example;

    use super::*;
    use crate::http::{idempotency_key, values::example_id};

    /// An API without capacity.
    fn full() -> WidgetsApi {
        let repository = Arc::new(FailingWidgetRepository(RepositoryError::Conflict));
        let clock = Arc::new(FixedClock::at_millis(0));

        WidgetsApi {
            widgets: Arc::new(WidgetService::new(repository, clock)),
            concurrency_limit: Arc::new(ConcurrencyLimit::new(0)),
        }
    }

    fn status<T, E: Into<poem::Error>>(result: Result<T, E>) -> u16 {
        let error: poem::Error = result.err().expect("no capacity").into();
        error.status().as_u16()
    }

    fn headers(name: HeaderName, value: Option<&'static str>) -> HeaderMap {
        value
            .map(|value| (name, HeaderValue::from_static(value)))
            .into_iter()
            .collect()
    }

    fn auth() -> RequireAuth {
        RequireAuth { principal: None }
    }

    #[tokio::test]
    async fn invalid_read_or_creation_takes_no_permit() {
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
            let (headers, id) = (HeaderMap::new(), Path(IdParam(id)));
            let result = api.get(base(), &headers, id, Header(None), Header(None)).await;
            assert_eq!(status(result), expected);
        }

        for (key, expected) in [("not a key", 400), ("a-key", 503)] {
            let name = idempotency_key::HEADER.parse().expect("a name");
            let headers = headers(name, Some(key));
            let body = Json(WidgetInput::example());
            let result = api.create(auth(), base(), &headers, Header(None), body).await;
            assert_eq!(status(result), expected);
        }
    }

    #[tokio::test]
    async fn invalid_update_or_removal_takes_no_permit() {
        let (api, id) = (full(), Some(example_id()));

        for (id, if_match, expected) in [
            (None, Some("*"), 404),
            (id, None, 428),
            (id, Some("1"), 400),
            (id, Some("\"1\""), 503),
            (id, Some("*"), 503),
        ] {
            let headers = headers(IF_MATCH, if_match);
            let (path, header) = (|| Path(IdParam(id)), || Header(RequiredIfMatchParam));

            let body = Json(WidgetInput::example());
            let base = BaseUrl::example();
            let updated = api.update(auth(), base, &headers, path(), header(), body).await;
            assert_eq!(status(updated), expected, "{if_match:?}");
            let removed = api.delete(auth(), &headers, path(), header()).await;
            assert_eq!(status(removed), expected, "{if_match:?}");
        }
    }
}
