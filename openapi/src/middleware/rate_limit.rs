//! Layer: how many requests one client may send.

use std::{
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::Duration,
};

use governor::{
    Quota,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed, StateStore},
};
use poem::{
    Request, Response,
    http::{HeaderName, HeaderValue, StatusCode, header::RETRY_AFTER},
};

use super::{
    client_address::ClientAddress,
    layer::{Layer, Rejection},
    problems,
};
use crate::http::problem::Problem;

/// What each client may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests a second, in the long run.
    pub per_second: NonZeroU32,
    /// Requests at once, after a time without any.
    pub burst: NonZeroU32,
}

/// Monitoring must get through, above all while other clients send too much.
const EXEMPT: [&str; 3] = ["/livez", "/healthcheck", "/metrics"];

// The fields of draft-ietf-httpapi-ratelimit-headers-10.
static RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Counts the requests of each client. Responds with 429 to those beyond the limit, and reports on every counted response
/// what the client may still send.
pub(crate) struct RateLimiter<C: Clock = DefaultClock> {
    limiter: governor::RateLimiter<IpAddr, HashedStore, C, StateInformationMiddleware>,
    clock: C,
    policy: HeaderValue,
}

/// The layer; `None` stands for no limit.
pub(crate) fn layer(limit: Option<RateLimit>) -> Option<RateLimiter> {
    limit.map(|limit| RateLimiter::new(limit, DefaultClock::default()))
}

impl<C: Clock + Clone> RateLimiter<C> {
    fn new(limit: RateLimit, clock: C) -> Self {
        let quota = Quota::per_second(limit.per_second).allow_burst(limit.burst);

        // Windows are rounded up to whole seconds; within one second, `per_second` may exceed `burst`.
        let max = limit.burst.max(limit.per_second);
        let window = limit.burst.get().div_ceil(limit.per_second.get());

        Self {
            limiter: governor::RateLimiter::new(quota, HashedStore::default(), clock.clone()),
            clock,
            policy: header_value(format!("\"client\";q={max};w={window}")),
        }
    }

    fn check(&self, client: IpAddr) -> Decision {
        match self.limiter.check_key(&network(client)) {
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
        let path = request.uri().path();
        if EXEMPT.contains(&path.strip_suffix('/').unwrap_or(path)) {
            return Ok(None);
        }

        // Requests that did not come over IP count as one client.
        let client = ClientAddress::of(request).map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |client| client.0);
        let decision = limiter.check(client);
        if decision.retry_after.is_none() {
            return Ok(Some(decision));
        }

        let detail = "this client sent too many requests; Retry-After is the number of seconds to wait";
        let mut response = problems::render(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail));
        limiter.report(decision, &mut response);
        Err(response.into())
    }

    fn after(&self, decision: Option<Decision>, response: &mut Response) {
        if let (Some(limiter), Some(decision)) = (self, decision) {
            limiter.report(decision, response);
        }
    }
}

impl<C: Clock> RateLimiter<C> {
    fn report(&self, decision: Decision, response: &mut Response) {
        let mut rate_limit = format!("\"client\";r={}", decision.remaining);
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

/// An IPv6 client is its /64 network, because it can use all the addresses in it.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
    }
}

/// A fixed number of cells, shared by clients through a hash that cannot be predicted from outside. However many clients
/// there are, it takes 2 MiB, no lock and no eviction. The price is that two clients may share a cell, and so a limit:
/// with 2600 active clients, one percent of them do.
struct HashedStore {
    cells: Box<[InMemoryState]>,
    hasher: RandomState,
}

const CELLS: usize = 1 << 18;

impl Default for HashedStore {
    fn default() -> Self {
        Self {
            cells: (0..CELLS).map(|_| InMemoryState::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl StateStore for HashedStore {
    type Key = IpAddr;

    fn measure_and_replace<T, F, E>(&self, key: &IpAddr, count: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let cell = self.hasher.hash_one(key) as usize % CELLS;
        self.cells[cell].measure_and_replace(&NotKeyed::NonKey, count)
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn a_client_that_waited_may_send_again() {
        let [per_second, burst] = [2, 3].map(|count| NonZeroU32::new(count).expect("not zero"));
        let clock = FakeRelativeClock::default();
        let limiter = RateLimiter::new(RateLimit { per_second, burst }, clock.clone());
        assert_eq!(limiter.policy, "\"client\";q=3;w=2");

        let client = IpAddr::from([192, 0, 2, 7]);
        let checks = || (limiter.check(client).remaining, limiter.check(client).retry_after);

        assert_eq!(checks(), (2, None));
        assert_eq!(checks(), (0, Some(Duration::from_millis(500))));
        assert_eq!(
            limiter.check(IpAddr::from([192, 0, 2, 8])).retry_after,
            None,
            "other clients need not wait"
        );

        clock.advance(Duration::from_millis(499));
        assert_eq!(
            limiter.check(client).retry_after,
            Some(Duration::from_millis(1)),
            "a request that is too early costs nothing"
        );

        clock.advance(Duration::from_millis(1));
        assert_eq!(checks(), (0, Some(Duration::from_millis(500))));

        clock.advance(Duration::from_secs(60));
        assert_eq!(checks(), (2, None), "there is never more than a burst");
    }

    #[test]
    fn the_policy_covers_what_may_pass_in_its_window() {
        for (per_second, burst, policy) in
            [(1, 50, "q=50;w=50"), (100, 50, "q=100;w=1"), (20, 50, "q=50;w=3")]
        {
            let [per_second, burst] =
                [per_second, burst].map(|count| NonZeroU32::new(count).expect("not zero"));
            let limiter = RateLimiter::new(RateLimit { per_second, burst }, DefaultClock::default());
            assert_eq!(limiter.policy, format!("\"client\";{policy}"));
        }
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let network = |text: &str| network(text.parse().expect("an address")).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
    }
}
