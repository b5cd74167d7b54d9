//! What is served is what is documented.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use poem::http::Method;

use super::operation::Operation;
use crate::support::{InProcess, header, problem};

/// Routes that the document leaves out: they are about the API, not of it.
const UNDOCUMENTED: [&str; 5] = ["/", "/docs", "/openapi.json", "/openapi.yaml", "/metrics"];

/// A method and a path without trailing slash, such as `GET /thing/{id}`.
fn route(method: &str, path: &str) -> String {
    let path = path
        .strip_suffix('/')
        .filter(|path| !path.is_empty())
        .unwrap_or(path);
    format!("{} {path}", method.to_uppercase())
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());

    paths
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .collect()
}

/// A string among the arguments of an attribute, such as `path` of `#[oai(path = "/thing/:id", method = "get")]`.
fn argument<'a>(attribute: &'a str, name: &str) -> Option<&'a str> {
    let arguments = attribute.split(")]").next()?;
    let (_, value) = arguments.split_once(&format!("{name} ="))?;
    value.split('"').nth(1)
}

/// Every route that a handler in the source declares.
fn declared() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/src");
    let mut routes = BTreeSet::new();

    for file in sources(&folder) {
        let text = fs::read_to_string(file).expect("a source file");
        for api in text.split("#[OpenApi").skip(1) {
            let prefix = match api.starts_with('(') {
                true => argument(api, "prefix_path").unwrap_or_default(),
                false => "",
            };

            for handler in api.split("#[oai(").skip(1) {
                let (path, method) = (argument(handler, "path"), argument(handler, "method"));
                if let (Some(path), Some(method)) = (path, method) {
                    routes.insert(route(method, &template(prefix, path)));
                }
            }
        }
    }
    routes
}

/// From the framework's `/things/` and `/:id` to the document's `/things/{id}`.
fn template(prefix: &str, path: &str) -> String {
    let path = format!(
        "{}/{}",
        prefix.trim_end_matches('/'),
        path.trim_start_matches('/')
    );
    let segments = path.split('/').map(|segment| match segment.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => segment.to_owned(),
    });

    segments.collect::<Vec<_>>().join("/")
}

#[test]
fn every_handler_is_documented_or_left_out_on_purpose() {
    let documented = Operation::all();
    let documented = documented
        .iter()
        .map(|operation| route(operation.method.as_str(), &operation.template));

    let left_out = UNDOCUMENTED.map(|path| route("get", path));
    let expected: BTreeSet<_> = documented.chain(left_out).collect();
    let declared = declared();

    let difference: Vec<_> = declared.symmetric_difference(&expected).collect();
    assert!(
        difference.is_empty(),
        "declared in the source but not documented, or the reverse: {difference:?}"
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
