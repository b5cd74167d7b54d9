//! What follows from the list of APIs: the template and the methods of every route, and what CORS has to allow.

use std::collections::{BTreeSet, HashMap};

use poem::{
    PathPattern, Response,
    http::{HeaderValue, Method},
};
use poem_openapi::{OpenApi, registry::MetaOperation};

use crate::middleware::cors::AllowedHeaders;

/// The routes that monitors request every few seconds.
pub(crate) const MONITORED: [&str; 4] = ["/livez", "/readyz", "/healthcheck/", "/metrics"];

/// Whether a path is that of such a route, with or without a trailing slash.
pub(crate) fn is_monitored(path: &str) -> bool {
    let path = without_slash(path);
    MONITORED.iter().any(|route| without_slash(route) == path)
}

/// Bytes, because comparing texts would cost most requests ten times as much.
fn without_slash(path: &str) -> &[u8] {
    match path.as_bytes() {
        [path @ .., b'/'] => path,
        path => path,
    }
}

/// Every route of the service.
#[derive(Debug)]
pub(crate) struct Routes {
    // A list: comparing a dozen patterns costs less than hashing one.
    routes: Vec<Route>,
    /// The paths of the routes without parameters.
    pub(crate) fixed_paths: Vec<String>,
}

/// One route.
#[derive(Debug)]
pub(crate) struct Route {
    /// The router's pattern for it, `/collection/:param0`.
    pattern: String,
    /// The path as the document writes it, `/collection/{id}`. Unlike paths, templates are a closed set, so they are
    /// fit for labels and for the log.
    pub(crate) template: String,
    /// Its methods, for `Allow`.
    pub(crate) allow: HeaderValue,
}

impl Routes {
    /// The routes of these APIs.
    pub(crate) fn new<A: OpenApi>(apis: A) -> Self {
        let mut table = HashMap::new();
        apis.add_routes(&mut table);

        let templates: HashMap<String, String> = A::meta()
            .into_iter()
            .flat_map(|api| api.paths)
            .map(|path| (pattern(&path.path), path.path))
            .collect();
        let fixed_paths = table
            .keys()
            .filter(|pattern| !pattern.contains(':'))
            .cloned()
            .collect();

        let routes = table
            .into_iter()
            .map(|(pattern, endpoints)| {
                let template = templates.get(&pattern).cloned();
                let template = template.unwrap_or_else(|| undocumented_template(&pattern));
                let allow = list(methods(endpoints.keys()));
                Route {
                    pattern,
                    template,
                    allow,
                }
            })
            .collect();

        Self { routes, fixed_paths }
    }

    /// The route of the request that got this response; `None` if it matched none.
    pub(crate) fn of(&self, response: &Response) -> Option<&Route> {
        let PathPattern(pattern) = response.data()?;
        self.routes.iter().find(|route| *route.pattern == **pattern)
    }
}

/// From the document's `/collection/{id}` to the router's `/collection/:param0`: the framework numbers the parameters.
pub(crate) fn pattern(template: &str) -> String {
    let mut count = 0;
    let segments = template.split('/').map(|segment| {
        if !segment.starts_with('{') {
            return segment.to_owned();
        }

        count += 1;
        format!(":param{}", count - 1)
    });

    segments.collect::<Vec<_>>().join("/")
}

/// The template of a route that the document does not list: its parameters have numbers for names.
fn undocumented_template(pattern: &str) -> String {
    let segments = pattern.split('/').map(|segment| match segment.strip_prefix(':') {
        Some(parameter) => format!("{{{parameter}}}"),
        None => segment.to_owned(),
    });

    segments.collect::<Vec<_>>().join("/")
}

/// What a script of another site needs permission for: every method, request header and response header of the
/// document, and the configured request headers.
#[derive(Debug, Clone)]
pub(crate) struct CorsLists {
    /// For `Access-Control-Allow-Methods`.
    pub(crate) methods: HeaderValue,
    /// For `Access-Control-Allow-Headers`.
    pub(crate) request_headers: HeaderValue,
    /// For `Access-Control-Expose-Headers`.
    pub(crate) response_headers: HeaderValue,
}

impl CorsLists {
    /// The lists for the operations that the document of `A` describes. `every` are the headers of all requests and
    /// responses, `of_layers` those that layers add to responses, `allowed` are further ones of requests.
    pub(crate) fn new<A: OpenApi>(every: &[&str], of_layers: &[&str], allowed: &AllowedHeaders) -> Self {
        let operations: Vec<MetaOperation> = A::meta()
            .into_iter()
            .flat_map(|api| api.paths)
            .flat_map(|path| path.operations)
            .collect();

        let mut requests: BTreeSet<String> = every.iter().map(|name| (*name).to_owned()).collect();
        let mut responses = requests.clone();
        responses.extend(of_layers.iter().map(|name| (*name).to_owned()));
        requests.extend(allowed.0.iter().map(|name| name.as_str().to_owned()));
        for operation in &operations {
            requests.extend(request_headers(operation));
            responses.extend(response_headers(operation));
        }

        Self {
            methods: list(methods(operations.iter().map(|operation| &operation.method))),
            request_headers: list(requests),
            response_headers: list(responses),
        }
    }
}

fn request_headers(operation: &MetaOperation) -> impl Iterator<Item = String> {
    use poem_openapi::registry::MetaParamIn::Header;

    let parameters = operation.params.iter();
    let headers = parameters.filter(|parameter| matches!(parameter.in_type, Header));
    let content_type = operation.request.is_some().then_some("content-type");
    let authorization = (!operation.security.is_empty()).then_some("authorization");

    headers
        .map(|parameter| parameter.name.to_ascii_lowercase())
        .chain(content_type.into_iter().chain(authorization).map(str::to_owned))
}

/// Headers that Fetch always shows to scripts, such as `Cache-Control`, need not be listed.
fn response_headers(operation: &MetaOperation) -> impl Iterator<Item = String> {
    let responses = operation.responses.responses.iter();
    responses
        .flat_map(|response| &response.headers)
        .map(|header| header.name.to_ascii_lowercase())
        .filter(|name| name != "cache-control")
}

/// The names of the methods, sorted; HEAD wherever there is GET.
fn methods<'a>(methods: impl Iterator<Item = &'a Method>) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = methods.map(|method| method.as_str().to_owned()).collect();
    if names.contains("GET") {
        names.insert("HEAD".to_owned());
    }
    names
}

fn list(names: BTreeSet<String>) -> HeaderValue {
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    HeaderValue::try_from(names).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_a_template_are_numbered() {
        assert_eq!(
            pattern("/collection/{id}/part/{n}"),
            "/collection/:param0/part/:param1"
        );
        assert_eq!(
            undocumented_template("/collection/:param0/part"),
            "/collection/{param0}/part"
        );
    }
}
