//! Layer: refuses transfer codings that the service does not decode.

use poem::{
    Request, Response,
    http::{
        HeaderMap, HeaderValue,
        header::{CONNECTION, TRANSFER_ENCODING},
    },
};

use super::{
    layer::{Layer, Rejection},
    problems::render,
};
use crate::http::{
    base_url::BaseUrl,
    problem::{Problem, ProblemType},
};

/// Responds 501 to a transfer coding other than `chunked`, and 400 to `chunked` more than once (RFC 9112, 6.1 and 7).
///
/// hyper decodes `chunked` when it comes last, and would hand over the bytes of another coding as if they were the
/// body. It responds 400 itself when `chunked` does not come last, and to HTTP/1.0 with a transfer coding. With a
/// `Content-Length` besides, it ignores that and closes the connection.
pub(crate) struct TransferEncoding;

impl Layer for TransferEncoding {
    type State = ();

    fn before(&self, request: &mut Request) -> Result<(), Rejection> {
        let Some(problem) = check(request.headers()) else {
            return Ok(());
        };

        // Where the body ends for others on the way is not certain: the next request must not come over this
        // connection.
        let mut response = render(problem, &BaseUrl::without_host(request));
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
        Err(response.into())
    }

    fn after(&self, (): (), _: &mut Response) {}
}

/// What is wrong with the transfer codings of a request.
fn check(headers: &HeaderMap) -> Option<Problem> {
    if !headers.contains_key(TRANSFER_ENCODING) {
        return None;
    }

    let values = headers.get_all(TRANSFER_ENCODING).iter();
    let codings = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let (chunked, others): (Vec<_>, Vec<_>) = codings
        .map(<[u8]>::trim_ascii)
        .filter(|coding| !coding.is_empty())
        .partition(|coding| coding.eq_ignore_ascii_case(b"chunked"));

    if !others.is_empty() {
        return Some(Problem::new(ProblemType::UNSUPPORTED_TRANSFER_CODING));
    }
    (chunked.len() > 1).then(|| Problem::new(ProblemType::INVALID_TRANSFER_ENCODING))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_chunked_is_accepted() {
        for (values, status) in [
            (&[][..], None),
            (&["chunked"], None),
            (&[" ,Chunked ,"], None),
            (&["gzip, chunked"], Some(501)),
            (&["gzip", "chunked"], Some(501)),
            (&["identity, chunked"], Some(501)),
            (&["x;q=\"chunked\", chunked"], Some(501)),
            (&["chunked, gzip, chunked"], Some(501)),
            (&["chunked, chunked"], Some(400)),
            (&["chunked", "chunked"], Some(400)),
        ] {
            let values = values
                .iter()
                .map(|value| (TRANSFER_ENCODING, HeaderValue::from_static(value)));
            let mut headers = HeaderMap::new();
            for (name, value) in values {
                headers.append(name, value);
            }

            let found = check(&headers).map(|problem| problem.status().as_u16());
            assert_eq!(found, status, "{headers:?}");
        }
    }
}
