//! How a request for any operation is made from the document.

use poem::{
    endpoint::BoxEndpoint,
    http::Method,
    test::{TestRequestBuilder, TestResponse},
};

use super::operation::Operation;
use crate::support::{InProcess, header};

pub(super) type Request<'a> = TestRequestBuilder<'a, BoxEndpoint<'static>>;

impl Operation {
    /// A request with the document's examples, for this path.
    pub(super) fn request<'a>(&self, service: &'a InProcess, path: &str) -> Request<'a> {
        self.request_without(service, path, "")
    }

    /// The same without this header field.
    pub(super) fn request_without<'a>(
        &self,
        service: &'a InProcess,
        path: &str,
        header: &str,
    ) -> Request<'a> {
        let request = self.request_without_body(service, path, header);

        match self.body() {
            Some(body) => request.content_type("application/json").body(body.to_string()),
            None => request,
        }
    }

    /// The same with another body.
    pub(super) fn request_with_body<'a>(
        &self,
        service: &'a InProcess,
        path: &str,
        media_type: &str,
        body: String,
    ) -> Request<'a> {
        let request = self.request_without_body(service, path, "");
        request.content_type(media_type).body(body)
    }

    fn request_without_body<'a>(&self, service: &'a InProcess, path: &str, header: &str) -> Request<'a> {
        let request = service.request(self.method.clone(), path);
        let headers = self.headers().into_iter();
        let headers = headers.filter(|(name, _)| !name.eq_ignore_ascii_case(header));

        headers.fold(request, |request, (name, value)| request.header(name, value))
    }

    /// A path at which the operation succeeds. Where the path has a parameter, an item is created for it.
    pub(super) async fn existing_path(&self, service: &InProcess) -> String {
        let Some((collection, _)) = self.template.split_once('{') else {
            return self.path();
        };
        let all = Operation::all();
        let mut creating = all.iter().filter(|other| other.method == Method::POST);
        let Some(create) = creating.find(|other| other.template == collection) else {
            return self.path();
        };

        let created = create.request(service, collection).send().await;
        let location = header(&created, "location");
        let location = location.unwrap_or_else(|| panic!("{create}: a success has a Location"));
        let item = location
            .strip_prefix("http://localhost")
            .expect("an absolute URL");

        // What follows the item in the path has examples.
        let path = self.path();
        let following = path.split('/').skip(collection.matches('/').count() + 1);
        following.fold(item.to_owned(), |path, segment| path + "/" + segment)
    }

    /// Sends a request that succeeds.
    pub(super) async fn succeed(&self, service: &InProcess) -> TestResponse {
        let path = self.existing_path(service).await;
        let response = self.request(service, &path).send().await;

        let status = response.0.status();
        assert!(status.is_success(), "{self}: {status} for the document's example");
        response
    }
}
