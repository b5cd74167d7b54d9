//! What is served is what is documented.
//!
//! Routes and document are derived from one list of APIs (`apis!` in `openapi/src/lib.rs`), so a route can be missing
//! in the document only if its handler is `hidden`, and a handler can be missing in both only if its API is not in the
//! list.

use std::collections::BTreeSet;

use poem::http::Method;

use super::operation::Operation;
use crate::{
    rules::{read, rust_files},
    support::{InProcess, header, problem},
};

/// The paths of the `hidden` handlers: they are about the API, not of it.
const UNDOCUMENTED: [&str; 7] = [
    "/",
    "/docs",
    "/openapi.json",
    "/openapi.yaml",
    "/metrics",
    "/problems",
    "/problems/:slug",
];

/// The source files of the crate that has the handlers.
fn sources() -> impl Iterator<Item = String> {
    let files = rust_files().into_iter();
    files
        .filter(|(path, _)| path.starts_with("openapi/src/"))
        .map(|(_, text)| text)
}

#[test]
fn hidden_handlers_are_those_listed_as_undocumented() {
    let mut hidden = BTreeSet::new();

    for text in sources() {
        for attribute in text.split("#[oai(").skip(1) {
            let arguments = attribute.split(")]").next().unwrap_or_default();
            let path = arguments
                .split_once("path = \"")
                .and_then(|(_, path)| path.split('"').next());
            if let (true, Some(path)) = (arguments.contains("hidden"), path) {
                hidden.insert(path.to_owned());
            }
        }
    }

    assert_eq!(hidden, UNDOCUMENTED.map(str::to_owned).into());
}

#[test]
fn every_api_is_in_the_list_of_apis() {
    let lib = read("openapi/src/lib.rs");
    let (_, list) = lib.split_once("\napis![").expect("the list of APIs");
    let (list, _) = list.split_once(']').expect("the end of the list");
    let listed: BTreeSet<_> = list
        .split(',')
        .map(|path| path.rsplit("::").next().unwrap_or_default().trim())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();

    let mut implemented = BTreeSet::new();
    for text in sources() {
        for api in text.split("#[OpenApi").skip(1) {
            let (_, implementation) = api.split_once("\nimpl ").expect("an impl");
            let name = implementation.split([' ', '<']).next().expect("a type");
            implemented.insert(name.to_owned());
        }
    }

    assert_eq!(
        implemented, listed,
        "left: with #[OpenApi]; right: in `apis!` of openapi/src/lib.rs"
    );
}

#[tokio::test]
async fn allow_lists_the_documented_methods() {
    let service = InProcess::memory().await;
    let all = Operation::all();

    for operation in &all {
        let same_path = all.iter().filter(|other| other.template == operation.template);
        let mut methods: BTreeSet<_> = same_path.map(|other| other.method.as_str()).collect();
        if methods.contains("GET") {
            methods.insert("HEAD");
        }
        let methods = methods.into_iter().collect::<Vec<_>>().join(", ");

        let method = Method::from_bytes(b"BREW").expect("a method");
        let response = service.request(method, operation.path()).send().await;
        let allow = header(&response, "allow");

        assert_eq!(allow.as_deref(), Some(&*methods), "{operation}");
        problem(response, 405).await;
    }
}

#[tokio::test]
async fn undocumented_pages_are_read_only() {
    let service = InProcess::memory().await;

    for path in UNDOCUMENTED {
        let response = service.post(path).send().await;
        assert_eq!(header(&response, "allow").as_deref(), Some("GET, HEAD"), "{path}");
        problem(response, 405).await;
    }
}
