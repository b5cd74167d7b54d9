//! THE table of problem types, in the order of their statuses.

use poem::http::StatusCode;

use super::ProblemType;

/// Defines a constant for each type, and the list of all. A row is: name, status, slug and title, texts, and what the
/// example in the document has in `errors`.
macro_rules! problem_types {
    ($(
        $name:ident = $status:ident $slug:literal $title:literal {
            detail: $detail:literal,
            happened: $happened:literal,
            action: $action:literal,
            $(errors: $errors:expr,)?
        }
    )*) => {
        impl ProblemType {
            $(
                #[doc = $title]
                pub const $name: &'static Self = &Self {
                    slug: $slug,
                    status: StatusCode::$status,
                    title: $title,
                    detail: $detail,
                    happened: $happened,
                    action: $action,
                    errors: problem_types!(@errors $($errors)?),
                };
            )*

            /// All types, in the order of their statuses.
            pub const ALL: &'static [&'static Self] = &[$(Self::$name),*];
        }
    };
    (@errors) => { &[] };
    (@errors $errors:expr) => { &$errors };
}

problem_types! {
    HOST_NOT_ALLOWED = BAD_REQUEST "host-not-allowed" "Host not allowed" {
        detail: "this service does not serve the requested host; ALLOWED_HOSTS lists the hosts that it serves",
        happened: "The request names a host that the service does not serve, several hosts, or none.",
        action: "Send it to the URL at which the service is published. If you operate the service, list that host in ALLOWED_HOSTS.",
        errors: [("/Host", "must be a host of this service")],
    }
    INVALID_QUERY = BAD_REQUEST "invalid-query" "Invalid query" {
        detail: "the query is not valid",
        happened: "A query parameter has a value that is not valid, is there more than once, or is not a parameter of the operation.",
        action: "Correct the parameters that are named in errors.",
        errors: [("/page", "is not a parameter of this operation")],
    }
    INVALID_BODY = BAD_REQUEST "invalid-body" "Invalid body" {
        detail: "the body is not valid",
        happened: "The body is not JSON, lacks a member, or has a member with a value that is not valid.",
        action: "Correct what is named in errors: each pointer is a JSON Pointer (RFC 6901) into the body.",
        errors: [("/text", "must contain something other than white space")],
    }
    INCOMPLETE_BODY = BAD_REQUEST "incomplete-body" "Incomplete body" {
        detail: "the body ended before it was complete",
        happened: "The connection delivered less of the body than the request announced, or a chunk that is malformed.",
        action: "Send the request again, with a whole body. If this persists, something between client and service changes the request.",
    }
    INVALID_IDEMPOTENCY_KEY = BAD_REQUEST "invalid-idempotency-key" "Invalid Idempotency-Key" {
        detail: "the Idempotency-Key header is not valid",
        happened: "The header field Idempotency-Key has a value that is not valid, or is there more than once.",
        action: "Send one key of 1 to 255 visible ASCII characters, such as a UUID. Nothing was stored.",
        errors: [("/Idempotency-Key", "must be 1 to 255 visible ASCII characters")],
    }
    INVALID_IF_MATCH = BAD_REQUEST "invalid-if-match" "Invalid If-Match" {
        detail: "the If-Match header is not valid",
        happened: "The header field If-Match is malformed. A condition that is not understood is never ignored.",
        action: "Send the ETag of the item as it was received, with its double quotes, or an asterisk for any.",
        errors: [("/If-Match", "must be * or a list of entity tags in double quotes")],
    }
    INVALID_TRANSFER_ENCODING = BAD_REQUEST "invalid-transfer-encoding" "Invalid Transfer-Encoding" {
        detail: "the transfer coding chunked must not be applied more than once",
        happened: "The header field Transfer-Encoding names the coding chunked more than once (RFC 9112, 7).",
        action: "Name it once. HTTP libraries do so by themselves.",
    }
    INVALID_REQUEST = BAD_REQUEST "invalid-request" "Invalid request" {
        detail: "the request is not valid",
        happened: "The request is not valid for a reason that has no type of its own.",
        action: "Compare the request with the OpenAPI document of the service.",
    }
    TOKEN_MISSING = UNAUTHORIZED "token-missing" "Token missing" {
        detail: "a token is needed",
        happened: "The operation needs a token, and the request has none, or one of another scheme than Bearer.",
        action: "Send the header field Authorization with the word Bearer and your token. The operator of the service issues tokens.",
    }
    TOKEN_INVALID = UNAUTHORIZED "token-invalid" "Token not valid" {
        detail: "the token is not valid",
        happened: "The service does not know the token, which may have been revoked, or the header field Authorization is malformed.",
        action: "Check that the whole token is sent, once. Otherwise ask the operator of the service for a new one.",
    }
    ITEM_NOT_FOUND = NOT_FOUND "item-not-found" "Item not found" {
        detail: "nothing has this id",
        happened: "No item has the id in the path, or no longer. A malformed id is the id of no item.",
        action: "Check the id. If the item was removed, it does not come back.",
    }
    PATH_NOT_FOUND = NOT_FOUND "path-not-found" "Path not found" {
        detail: "nothing is at this path; see /docs for the paths of this service",
        happened: "The service has no operation at this path.",
        action: "Check the base URL and the path that the client is configured with. The OpenAPI document lists all paths.",
    }
    METHOD_NOT_ALLOWED = METHOD_NOT_ALLOWED "method-not-allowed" "Method not allowed" {
        detail: "this path does not support the method; see the Allow header",
        happened: "The path exists, but not with this method. A preflight of a browser gets this response if its origin is not allowed.",
        action: "Use a method of the header field Allow. If you operate the service, list the origin in CORS_ALLOWED_ORIGINS.",
    }
    BODY_TIMED_OUT = REQUEST_TIMEOUT "body-timed-out" "Body not received in time" {
        detail: "the body did not arrive in time",
        happened: "The body arrived more slowly than the service waits for it. Nothing was stored.",
        action: "Send the request again, on a new connection.",
    }
    PRECONDITION_FAILED = PRECONDITION_FAILED "precondition-failed" "Precondition failed" {
        detail: "If-Match does not list the current entity tag",
        happened: "What was requested is in another version than those that If-Match lists. Another client may have changed it, or an earlier attempt of this request. Nothing was changed. The weak entity tag of a page never matches.",
        action: "Read the item again, decide again, and send its new ETag. For a page, leave If-Match out.",
    }
    BODY_TOO_LARGE = PAYLOAD_TOO_LARGE "body-too-large" "Body too large" {
        detail: "the body must be at most 16 KiB",
        happened: "The body is larger than the service reads.",
        action: "Send a smaller body.",
    }
    UNSUPPORTED_MEDIA_TYPE = UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" "Unsupported media type" {
        detail: "the Content-Type must be application/json",
        happened: "The body has another media type than JSON, or none.",
        action: "Send JSON, with the header field Content-Type: application/json.",
    }
    UNSUPPORTED_CONTENT_ENCODING = UNSUPPORTED_MEDIA_TYPE "unsupported-content-encoding" "Unsupported Content-Encoding" {
        detail: "the body must have no Content-Encoding",
        happened: "The body is compressed, or encoded in another way. The service decodes no bodies.",
        action: "Send the body as it is, without Content-Encoding.",
    }
    IDEMPOTENCY_KEY_REUSED = UNPROCESSABLE_ENTITY "idempotency-key-reused" "Idempotency-Key reused" {
        detail: "this Idempotency-Key was used with other content; use a new key for each creation",
        happened: "An earlier request with the same Idempotency-Key created an item with other content. Nothing was stored.",
        action: "Use a new key for each creation, such as a random UUID, and the same key only to send the same content again.",
    }
    PRECONDITION_REQUIRED = PRECONDITION_REQUIRED "precondition-required" "Precondition required" {
        detail: "send the item's ETag as If-Match, so that no change of another client is lost",
        happened: "The request would change or remove an item without saying which version of it the client has read.",
        action: "Read the item, and send its ETag in If-Match. An asterisk changes whatever is stored.",
    }
    RATE_LIMITED = TOO_MANY_REQUESTS "rate-limited" "Rate limit exceeded" {
        detail: "this client sent too many requests; Retry-After is the number of seconds to wait",
        happened: "The client sent more requests than the service allows each client. The request was not processed.",
        action: "Wait for the number of seconds in Retry-After. RateLimit-Policy and RateLimit show the quota and what is left of it.",
    }
    INTERNAL_ERROR = INTERNAL_SERVER_ERROR "internal-error" "Internal error" {
        detail: "the service failed; its log has the reason under this request id",
        happened: "The service failed, by a fault of its own. Whether the request had an effect is not known.",
        action: "Report the request id to the operator of the service, whose log has the reason. A creation with an Idempotency-Key can be sent again safely.",
    }
    UNSUPPORTED_TRANSFER_CODING = NOT_IMPLEMENTED "unsupported-transfer-coding" "Unsupported transfer coding" {
        detail: "the only transfer coding that is supported is chunked",
        happened: "The header field Transfer-Encoding names another coding than chunked.",
        action: "Send the body with a Content-Length, or chunked.",
    }
    OVERLOADED = SERVICE_UNAVAILABLE "overloaded" "Overloaded" {
        detail: "too many requests are in progress; try again",
        happened: "The service is working on as many requests as it can. This one was not processed.",
        action: "Send it again after the number of seconds in Retry-After, and wait longer after each further attempt.",
    }
    STORE_UNAVAILABLE = SERVICE_UNAVAILABLE "store-unavailable" "Store unavailable" {
        detail: "the store cannot be reached now; try again",
        happened: "The service cannot reach its store. Whether a change was stored is not known.",
        action: "Send the request again after the number of seconds in Retry-After, a creation with the same Idempotency-Key.",
    }
    STORE_TIMED_OUT = SERVICE_UNAVAILABLE "store-timed-out" "Store too slow" {
        detail: "the store did not respond in time; try again",
        happened: "The store of the service did not respond in time. Whether a change was stored is not known.",
        action: "Send the request again after the number of seconds in Retry-After, a creation with the same Idempotency-Key.",
    }
    REQUEST_TIMED_OUT = SERVICE_UNAVAILABLE "request-timed-out" "Request timed out" {
        detail: "the request took too long and was cancelled",
        happened: "The service gave up on the request after the time that it allows each request. Whether a change was stored is not known.",
        action: "Send the request again after the number of seconds in Retry-After, a creation with the same Idempotency-Key.",
    }
    TOKENS_UNAVAILABLE = SERVICE_UNAVAILABLE "tokens-unavailable" "Tokens cannot be checked" {
        detail: "tokens cannot be checked now",
        happened: "The service cannot read its list of tokens, so it cannot tell whether this one is valid. The request was not processed.",
        action: "Send the request again after the number of seconds in Retry-After. If you operate the service, see its health report.",
    }
}
