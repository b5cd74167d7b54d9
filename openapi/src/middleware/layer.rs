//! What a layer is, and how layers are stacked.

use poem::{Endpoint, Request, Response};

use super::problems;
use crate::http::{base_url::BaseUrl, problem::Problem};

/// A layer that awaits nothing: a function before the handler and one after it.
///
/// Layers that are listed in [`layers!`] compile to two plain functions. A middleware that wraps an endpoint adds a
/// future around the one inside, and each of these futures reserves space for the whole request.
pub(crate) trait Layer: Send + Sync + 'static {
    /// What the layer stores between the request and the response. It is dropped early if the client goes away.
    type State: Send;

    /// Sees the request on its way in.
    ///
    /// # Errors
    /// The response, if the request is to go no further. The layers outside see it on its way out.
    fn before(&self, request: &mut Request) -> Result<Self::State, Rejection>;

    /// Sees the response on its way out.
    fn after(&self, state: Self::State, response: &mut Response);
}

/// Why a layer stopped a request. Boxed, because it is rare and large.
pub(crate) enum Rejection {
    /// The response is made from it.
    Problem(Box<Problem>),
    /// The response itself.
    Response(Box<Response>),
}

impl From<Response> for Rejection {
    fn from(response: Response) -> Self {
        Self::Response(Box::new(response))
    }
}

impl From<Problem> for Rejection {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl Rejection {
    /// The response to this request.
    fn into_response(self, request: &Request) -> Response {
        match self {
            Self::Problem(problem) => problems::render(*problem, &BaseUrl::without_host(request)),
            Self::Response(response) => *response,
        }
    }
}

/// Several layers as one, listed from the outside in.
///
/// They are nested from the right, so that a state is moved once for each layer outside of its own: those of the access
/// log and the metrics, which are near the outside, are the largest.
macro_rules! layers {
    ($layer:expr $(,)?) => {
        $layer
    };
    ($outer:expr, $($inner:expr),+ $(,)?) => {
        $crate::middleware::layer::Stacked::new(
            $outer,
            $crate::middleware::layer::layers![$($inner),+],
        )
    };
}
pub(super) use layers;

/// Two layers as one.
pub(crate) struct Stacked<Outer, Inner> {
    outer: Outer,
    inner: Inner,
}

impl<Outer, Inner> Stacked<Outer, Inner> {
    pub(super) fn new(outer: Outer, inner: Inner) -> Self {
        Self { outer, inner }
    }
}

impl<Outer: Layer, Inner: Layer> Layer for Stacked<Outer, Inner> {
    type State = (Outer::State, Inner::State);

    fn before(&self, request: &mut Request) -> Result<Self::State, Rejection> {
        let outer = self.outer.before(request)?;

        match self.inner.before(request) {
            Ok(inner) => Ok((outer, inner)),
            Err(rejection) => {
                let mut response = rejection.into_response(request);
                self.outer.after(outer, &mut response);
                Err(response.into())
            }
        }
    }

    fn after(&self, (outer, inner): Self::State, response: &mut Response) {
        self.inner.after(inner, response);
        self.outer.after(outer, response);
    }
}

/// An endpoint inside of layers.
pub(crate) struct Layered<L, E> {
    layers: L,
    inner: E,
}

impl<L, E> Layered<L, E> {
    pub(crate) fn new(inner: E, layers: L) -> Self {
        Self { layers, inner }
    }
}

impl<L: Layer, E: Endpoint<Output = Response>> Endpoint for Layered<L, E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let state = match self.layers.before(&mut request) {
            Ok(state) => state,
            Err(rejection) => return Ok(rejection.into_response(&request)),
        };

        let mut response = self.inner.call(request).await?;
        self.layers.after(state, &mut response);
        Ok(response)
    }
}
