//! The types of problems that an operation can fail with, by what it takes.
//!
//! Those of malformed HTTP, such as an unsupported transfer coding, are left out: no HTTP library causes them.

use super::ProblemType;

/// What an operation can fail with for one reason, such as that it takes a body.
pub type ProblemTypes = &'static [&'static ProblemType];

/// Every operation.
pub const ANY: ProblemTypes = &[ProblemType::HOST_NOT_ALLOWED];

/// Every operation of a resource: it has a query, it counts for the limits, and it uses the store.
pub const OF_RESOURCE: ProblemTypes = &[
    ProblemType::HOST_NOT_ALLOWED,
    ProblemType::INVALID_QUERY,
    ProblemType::RATE_LIMITED,
    ProblemType::INTERNAL_ERROR,
    ProblemType::OVERLOADED,
    ProblemType::STORE_UNAVAILABLE,
    ProblemType::STORE_TIMED_OUT,
    ProblemType::REQUEST_TIMED_OUT,
];

/// An operation that needs a token.
pub const WITH_TOKEN: ProblemTypes = &[
    ProblemType::TOKEN_MISSING,
    ProblemType::TOKEN_INVALID,
    ProblemType::TOKENS_UNAVAILABLE,
];

/// An operation on the item whose id is in the path.
pub const ON_ITEM: ProblemTypes = &[ProblemType::ITEM_NOT_FOUND];

/// An operation with a JSON body.
pub const WITH_BODY: ProblemTypes = &[
    ProblemType::INVALID_BODY,
    ProblemType::INCOMPLETE_BODY,
    ProblemType::BODY_TIMED_OUT,
    ProblemType::BODY_TOO_LARGE,
    ProblemType::UNSUPPORTED_MEDIA_TYPE,
    ProblemType::UNSUPPORTED_CONTENT_ENCODING,
];

/// An operation with an `Idempotency-Key`.
pub const WITH_IDEMPOTENCY_KEY: ProblemTypes = &[
    ProblemType::INVALID_IDEMPOTENCY_KEY,
    ProblemType::IDEMPOTENCY_KEY_REUSED,
];

/// An operation that evaluates `If-Match`.
pub const WITH_IF_MATCH: ProblemTypes = &[ProblemType::INVALID_IF_MATCH, ProblemType::PRECONDITION_FAILED];

/// An operation that demands `If-Match`.
pub const WITH_REQUIRED_IF_MATCH: ProblemTypes = &[
    ProblemType::INVALID_IF_MATCH,
    ProblemType::PRECONDITION_FAILED,
    ProblemType::PRECONDITION_REQUIRED,
];
