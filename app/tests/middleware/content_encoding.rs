//! Bodies with a content coding, such as gzip.

use crate::support::{
    InProcess,
    example::{COLLECTION, body},
    header, problem, status_of, text,
};

#[tokio::test]
async fn encoded_body_is_415_with_accept_encoding_and_stores_nothing() {
    let service = InProcess::memory().await;
    let post = |codings: &'static [&'static str]| {
        let request = service.post(COLLECTION).content_type("application/json");
        let request = codings.iter().fold(request, |request, coding| {
            request.header("content-encoding", *coding)
        });
        request.body(body("hello")).send()
    };

    for codings in [
        &["gzip"][..],
        &["GZIP"],
        &["br"],
        &["x-unknown"],
        &["identity, gzip"],
        &["identity", "deflate"],
    ] {
        let response = post(codings).await;
        assert_eq!(
            header(&response, "accept-encoding").as_deref(),
            Some("identity"),
            "{codings:?}"
        );
        problem(response, 415).await;
    }
    let items = text(service.get(COLLECTION).send().await).await;
    assert_eq!(items, "[]", "nothing is stored");

    for codings in [&["identity"][..], &["Identity"], &[""], &["identity, identity"]] {
        assert_eq!(status_of(&post(codings).await), 201, "{codings:?}");
    }
    let response = service
        .post(COLLECTION)
        .content_type("text/plain")
        .body("x")
        .send()
        .await;
    assert_eq!(
        header(&response, "accept-encoding"),
        None,
        "the media type is the reason"
    );
    problem(response, 415).await;
}
