//! What each operation on widgets responds with: its successes, and the statuses of its errors.

use poem_openapi::ApiResponse;

use super::response::WidgetBody;
use crate::http::{error_response::DocumentedErrors, json::Json};

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
    /// The newest widgets, newest first.
    #[oai(status = 200)]
    Page(
        Json<Vec<WidgetBody>>,
        /// `<…>; rel="next"` (RFC 8288) while there are older widgets.
        #[oai(header = "Link")]
        Option<String>,
        /// Send it as `If-None-Match` to learn whether a cached page is current. It is weak: the page may be compressed.
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
    const STATUSES: &'static [u16] = &[400, 401, 408, 413, 415, 422, 429, 500, 503];
}

pub(super) struct ListWidgetsErrors;

impl DocumentedErrors for ListWidgetsErrors {
    const STATUSES: &'static [u16] = &[400, 412, 429, 500, 503];
}

pub(super) struct GetWidgetErrors;

impl DocumentedErrors for GetWidgetErrors {
    const STATUSES: &'static [u16] = &[400, 404, 412, 429, 500, 503];
}

pub(super) struct UpdateWidgetErrors;

impl DocumentedErrors for UpdateWidgetErrors {
    const STATUSES: &'static [u16] = &[400, 401, 404, 408, 412, 413, 415, 428, 429, 500, 503];
}

pub(super) struct DeleteWidgetErrors;

impl DocumentedErrors for DeleteWidgetErrors {
    const STATUSES: &'static [u16] = &[400, 401, 404, 412, 428, 429, 500, 503];
}
