//! How much one client may ask for: so many requests a second, and a burst of them now and then.

use std::{
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed, StateStore},
};
use poem::{
    Request, Response,
    http::{HeaderName, HeaderValue, StatusCode, header::RETRY_AFTER},
};

use crate::{http::problem::Problem, middleware::client_address::ClientAddress};

/// What each client may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests a second, in the long run.
    pub per_second: NonZeroU32,
    /// Requests at once, after a while without any.
    pub burst: NonZeroU32,
}

/// What watches over the service must get through, above all while others ask for too much.
const EXEMPT: [&str; 3] = ["/livez", "/healthcheck", "/metrics"];

/// The fields of draft-ietf-httpapi-ratelimit-headers-10.
static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// Counts the requests of clients against their limit.
pub(crate) struct Clients<C: Clock = DefaultClock> {
    limiter: RateLimiter<IpAddr, Slots, C, StateInformationMiddleware>,
    clock: C,
    policy: HeaderValue,
}

impl<C: Clock + Clone> Clients<C> {
    pub(crate) fn new(limit: RateLimit, clock: C) -> Self {
        let quota = Quota::per_second(limit.per_second).allow_burst(limit.burst);
        // A window is whole seconds; in the shortest, more than a burst may pass.
        let (most, window) = (
            limit.burst.max(limit.per_second),
            limit.burst.get().div_ceil(limit.per_second.get()),
        );
        Self {
            limiter: RateLimiter::new(quota, Slots::default(), clock.clone()),
            clock,
            policy: value(format!("\"client\";q={most};w={window}")),
        }
    }

    /// Counts a request. `None` when it is not limited.
    pub(crate) fn count(&self, request: &Request) -> Option<Allowance> {
        let path = request.uri().path();
        if EXEMPT.contains(&path.strip_suffix('/').unwrap_or(path)) {
            return None;
        }
        // Those that did not come over IP are one client.
        let client = ClientAddress::of(request).map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |client| client.0);
        Some(self.take(client))
    }

    fn take(&self, client: IpAddr) -> Allowance {
        let (left, wait) = match self.limiter.check_key(&network(client)) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => (0, Some(until.wait_time_from(self.clock.now()))),
        };
        Allowance {
            policy: self.policy.clone(),
            left,
            wait,
        }
    }
}

/// What a client may still ask for.
pub(crate) struct Allowance {
    policy: HeaderValue,
    left: u32,
    wait: Option<Duration>,
}

impl Allowance {
    /// The answer to a request that was one too many.
    pub(crate) fn refusal(&self) -> Option<Problem> {
        let detail = "this client sent too many requests; Retry-After says how many seconds to wait";
        self.wait
            .map(|_| Problem::new(StatusCode::TOO_MANY_REQUESTS, detail))
    }

    /// Tells the client where it stands, whatever the answer is.
    pub(crate) fn mark(self, response: &mut Response) {
        let mut left = format!("\"client\";r={}", self.left);
        if let Some(wait) = self.wait {
            // Rounded up, so that the next request is not too early again.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            left += &format!(";t={seconds}");
            if response.status() == StatusCode::TOO_MANY_REQUESTS {
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
            }
        }
        response.headers_mut().insert(POLICY.clone(), self.policy);
        response.headers_mut().insert(LEFT.clone(), value(left));
    }
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Whoever has an IPv6 address has the 2⁶⁴ of its network.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
    }
}

/// A fixed number of places, shared out among clients by a hash that nobody outside can foresee: however many clients
/// there are, it takes 2 MiB, no lock and no clearing out. The price is that two clients may share a place, and with it
/// a limit; among 2600 active ones, the chance of one to share is one percent.
struct Slots {
    places: Box<[InMemoryState]>,
    hasher: RandomState,
}

const PLACES: usize = 1 << 18;

impl Default for Slots {
    fn default() -> Self {
        Self {
            places: (0..PLACES).map(|_| InMemoryState::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl StateStore for Slots {
    type Key = IpAddr;

    fn measure_and_replace<T, F, E>(&self, key: &IpAddr, count: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let place = self.hasher.hash_one(key) as usize % PLACES;
        self.places[place].measure_and_replace(&NotKeyed::NonKey, count)
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn who_waited_is_let_in_again() {
        let [per_second, burst] = [2, 3].map(|count| NonZeroU32::new(count).expect("not zero"));
        let clock = FakeRelativeClock::default();
        let clients = Clients::new(RateLimit { per_second, burst }, clock.clone());
        assert_eq!(clients.policy, "\"client\";q=3;w=2");
        let client = IpAddr::from([192, 0, 2, 7]);
        let take = || (clients.take(client).left, clients.take(client).wait);
        assert_eq!(take(), (2, None));
        assert_eq!(take(), (0, Some(Duration::from_millis(500))));
        assert_eq!(
            clients.take(IpAddr::from([192, 0, 2, 8])).wait,
            None,
            "others do not wait"
        );
        clock.advance(Duration::from_millis(499));
        assert_eq!(
            clients.take(client).wait,
            Some(Duration::from_millis(1)),
            "asking too early costs nothing"
        );
        clock.advance(Duration::from_millis(1));
        assert_eq!(take(), (0, Some(Duration::from_millis(500))));
        clock.advance(Duration::from_secs(60));
        assert_eq!(take(), (2, None), "there is never more than a burst");
    }

    #[test]
    fn the_policy_covers_what_may_pass_in_its_window() {
        for (per_second, burst, policy) in
            [(1, 50, "q=50;w=50"), (100, 50, "q=100;w=1"), (20, 50, "q=50;w=3")]
        {
            let [per_second, burst] =
                [per_second, burst].map(|count| NonZeroU32::new(count).expect("not zero"));
            let clients = Clients::new(RateLimit { per_second, burst }, DefaultClock::default());
            assert_eq!(clients.policy, format!("\"client\";{policy}"));
        }
    }

    #[test]
    fn a_client_of_ipv6_is_a_network() {
        let network = |text: &str| network(text.parse().expect("an address")).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
    }
}
