//! What each operation on widgets responds with: its successes, and the types of its problems.

use poem_openapi::ApiResponse;

use super::response::WidgetBody;
use crate::http::{
    error_response::DocumentedErrors,
    json::Json,
    problem_type::operations::{
        OF_RESOURCE, ON_ITEM, ProblemTypes, WITH_BODY, WITH_IDEMPOTENCY_KEY, WITH_IF_MATCH,
        WITH_REQUIRED_IF_MATCH, WITH_TOKEN,
    },
};

#[derive(ApiResponse)]
pub(super) enum CreateWidgetResponse {
    /// The widget is stored.
    #[oai(status = 201)]
    Created(
        Json<WidgetBody>,
        /// The URL of the widget.
        #[oai(header = "Location")]
        String,
        /// The version of the widget, for the `If-Match` of an update.
        #[oai(header = "ETag")]
        String,
        /// `true` if an earlier request with the same Idempotency-Key stored it. The widget may have changed since.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

#[derive(ApiResponse)]
pub(super) enum ListWidgetsResponse {
    /// A page of widgets.
    #[oai(status = 200)]
    Page(
        Json<Vec<WidgetBody>>,
        /// `<…>; rel="…"` (RFC 8288), to pages in the same order: `next` while there are more widgets, `prev` unless
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
pub(super) enum GetWidgetResponse {
    /// The widget.
    #[oai(status = 200)]
    Found(
        Json<WidgetBody>,
        /// The version of the widget. Send it as `If-None-Match` to learn whether a cached copy is current, and as
        /// `If-Match` to change the widget.
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
pub(super) enum UpdateWidgetResponse {
    /// The widget, as it is now.
    #[oai(status = 200)]
    Updated(
        Json<WidgetBody>,
        /// Its new version.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
pub(super) enum DeleteWidgetResponse {
    /// The widget is removed.
    #[oai(status = 204)]
    Deleted,
}

pub(super) struct CreateWidgetErrors;

impl DocumentedErrors for CreateWidgetErrors {
    const PROBLEMS: &'static [ProblemTypes] = &[OF_RESOURCE, WITH_TOKEN, WITH_BODY, WITH_IDEMPOTENCY_KEY];
}

pub(super) struct ListWidgetsErrors;

impl DocumentedErrors for ListWidgetsErrors {
    const PROBLEMS: &'static [ProblemTypes] = &[OF_RESOURCE, WITH_IF_MATCH];
}

pub(super) struct GetWidgetErrors;

impl DocumentedErrors for GetWidgetErrors {
    const PROBLEMS: &'static [ProblemTypes] = &[OF_RESOURCE, ON_ITEM, WITH_IF_MATCH];
}

pub(super) struct UpdateWidgetErrors;

impl DocumentedErrors for UpdateWidgetErrors {
    const PROBLEMS: &'static [ProblemTypes] = &[
        OF_RESOURCE,
        WITH_TOKEN,
        ON_ITEM,
        WITH_BODY,
        WITH_REQUIRED_IF_MATCH,
    ];
}

pub(super) struct DeleteWidgetErrors;

impl DocumentedErrors for DeleteWidgetErrors {
    const PROBLEMS: &'static [ProblemTypes] =
        &[OF_RESOURCE, WITH_TOKEN, ON_ITEM, WITH_REQUIRED_IF_MATCH];
}
