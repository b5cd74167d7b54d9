//! Layer: how many requests one client may send.

mod bounded_store;

use std::{
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    time::Duration,
};

use governor::{
    Quota,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
};
use poem::{
    Request, Response,
    http::{
        HeaderName, HeaderValue,
        header::{CACHE_CONTROL, RETRY_AFTER},
    },
};

use super::{
    client_address::ClientAddress,
    cors::is_preflight,
    layer::{Layer, Rejection},
    problems,
};
use crate::{
    http::{
        base_url::BaseUrl,
        problem::{Problem, ProblemType},
    },
    routes::is_monitored,
};
use bounded_store::BoundedStore;

/// What each client may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests a second, in the long run.
    pub per_second: NonZeroU32,
    /// Requests at once, after a time without any.
    pub burst: NonZeroU32,
}

// The fields of draft-ietf-httpapi-ratelimit-headers-10.
static RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Counts the requests of each client. Responds with 429 to those beyond the limit, and reports on every counted
/// response what the client may still send, unless shared caches may store the response.
pub(crate) struct RateLimiter<C: Clock = DefaultClock> {
    limiter: governor::RateLimiter<Client, BoundedStore<Client>, C, StateInformationMiddleware>,
    clock: C,
    counted: Counted,
    policy: HeaderValue,
}

/// Which requests a limiter counts. Browsers send preflights by themselves, so these have an allowance of their own: as
/// many as a client may send of all other requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Preflights of the CORS protocol.
    Preflights,
    /// All other requests.
    Requests,
}

impl Counted {
    fn of(request: &Request) -> Self {
        if is_preflight(request) {
            Self::Preflights
        } else {
            Self::Requests
        }
    }

    /// The name of the policy in `RateLimit` and `RateLimit-Policy`.
    fn policy_name(self) -> &'static str {
        match self {
            Self::Preflights => "preflight",
            Self::Requests => "client",
        }
    }
}

/// The layer that counts these requests; `None` stands for no limit.
pub(crate) fn layer(limit: Option<RateLimit>, counted: Counted) -> Option<RateLimiter> {
    limit.map(|limit| RateLimiter::new(limit, counted, DefaultClock::default()))
}

impl<C: Clock + Clone> RateLimiter<C> {
    fn new(limit: RateLimit, counted: Counted, clock: C) -> Self {
        let quota = Quota::per_second(limit.per_second).allow_burst(limit.burst);

        // Windows are rounded up to whole seconds; within one second, `per_second` may exceed `burst`.
        let max = limit.burst.max(limit.per_second);
        let window = limit.burst.get().div_ceil(limit.per_second.get());

        Self {
            limiter: governor::RateLimiter::new(quota, BoundedStore::default(), clock.clone()),
            clock,
            counted,
            policy: header_value(format!("\"{}\";q={max};w={window}", counted.policy_name())),
        }
    }

    fn check(&self, client: Client) -> Decision {
        match self.limiter.check_key(&client) {
            Ok(state) => Decision {
                remaining: state.remaining_burst_capacity(),
                retry_after: None,
            },
            Err(until) => Decision {
                remaining: 0,
                retry_after: Some(until.wait_time_from(self.clock.now())),
            },
        }
    }
}

impl Layer for Option<RateLimiter> {
    /// `None` if the request does not count.
    type State = Option<Decision>;

    fn before(&self, request: &mut Request) -> Result<Option<Decision>, Rejection> {
        let Some(limiter) = self else { return Ok(None) };
        if Counted::of(request) != limiter.counted {
            return Ok(None);
        }
        // Monitoring must get through, above all while other clients send too much.
        if is_monitored(request.uri().path()) {
            return Ok(None);
        }

        let client = ClientAddress::of(request).map_or(Client::NotOverIp, Client::of);
        let decision = limiter.check(client);
        if decision.retry_after.is_none() {
            return Ok(Some(decision));
        }

        let problem = Problem::new(ProblemType::RATE_LIMITED);
        let mut response = problems::render(problem, &BaseUrl::without_host(request));
        limiter.report(decision, &mut response);
        Err(response.into())
    }

    fn after(&self, decision: Option<Decision>, response: &mut Response) {
        // A shared cache would show what one client may still send to all others.
        if let (Some(limiter), Some(decision)) = (self, decision)
            && !is_shared(response)
        {
            limiter.report(decision, response);
        }
    }
}

/// Whether shared caches may store the response.
fn is_shared(response: &Response) -> bool {
    let cache_control = response.headers().get(CACHE_CONTROL);
    cache_control.is_some_and(|value| value.as_bytes().starts_with(b"public"))
}

impl<C: Clock> RateLimiter<C> {
    fn report(&self, decision: Decision, response: &mut Response) {
        let mut rate_limit = format!("\"{}\";r={}", self.counted.policy_name(), decision.remaining);
        if let Some(wait) = decision.retry_after {
            // Rounded up, so that the next request is not too early again.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            rate_limit += &format!(";t={seconds}");
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }

        let headers = response.headers_mut();
        headers.insert(RATE_LIMIT_POLICY.clone(), self.policy.clone());
        headers.insert(RATE_LIMIT.clone(), header_value(rate_limit));
    }
}

/// The limiter's decision on one request.
pub(crate) struct Decision {
    /// How many requests the client may still send at once.
    remaining: u32,
    /// `Some` if the request is one too many.
    retry_after: Option<Duration>,
}

fn header_value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// The first 64 bits of IPv6 addresses: a client can use all addresses that share them.
    V6Network(u64),
    /// All requests that did not come over IP.
    NotOverIp,
}

impl Client {
    fn of(address: ClientAddress) -> Self {
        match address.network() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(network) => Self::V6Network((u128::from(network) >> 64) as u64),
        }
    }
}

#[cfg(test)]
mod tests;
