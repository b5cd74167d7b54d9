use std::net::Ipv6Addr;

use governor::clock::FakeRelativeClock;

use super::{bounded_store::CAPACITY, *};

/// A limiter whose time stands still until the test advances it.
fn limiter(per_second: u32, burst: u32) -> (RateLimiter<FakeRelativeClock>, FakeRelativeClock) {
    let [per_second, burst] = [per_second, burst].map(|count| NonZeroU32::new(count).expect("not zero"));
    let clock = FakeRelativeClock::default();
    let limit = RateLimit { per_second, burst };

    (RateLimiter::new(limit, Counted::Requests, clock.clone()), clock)
}

/// The `n`th of a series of IPv4 clients.
fn client(n: u8) -> Client {
    Client::of(ClientAddress(IpAddr::from([192, 0, 2, n])))
}

/// The `n`th /64 network of an attacker, who has a /32.
fn attacker(n: u32) -> Client {
    let address = Ipv6Addr::from(0x2001_0db8 << 96 | u128::from(n) << 64);
    Client::of(ClientAddress(IpAddr::V6(address)))
}

/// How many of an attacker's requests, one from each of these networks, are not refused.
fn accepted(limiter: &RateLimiter<FakeRelativeClock>, networks: impl Iterator<Item = u32>) -> u32 {
    let accepted = networks.filter(|n| limiter.check(attacker(*n)).retry_after.is_none());
    u32::try_from(accepted.count()).expect("few")
}

fn capacity() -> u32 {
    u32::try_from(CAPACITY).expect("few")
}

#[test]
fn a_client_that_waited_may_send_again() {
    let (limiter, clock) = limiter(2, 3);
    assert_eq!(limiter.policy, "\"client\";q=3;w=2");
    let checks = || {
        let [first, second] = [limiter.check(client(7)), limiter.check(client(7))];
        (first.remaining, second.retry_after)
    };

    assert_eq!(checks(), (2, None));
    assert_eq!(checks(), (0, Some(Duration::from_millis(500))));
    assert_eq!(
        limiter.check(client(8)).retry_after,
        None,
        "other clients need not wait"
    );

    clock.advance(Duration::from_millis(499));
    assert_eq!(
        limiter.check(client(7)).retry_after,
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
    for (per_second, burst, policy) in [(1, 50, "q=50;w=50"), (100, 50, "q=100;w=1"), (20, 50, "q=50;w=3")] {
        let (limiter, _) = limiter(per_second, burst);
        assert_eq!(limiter.policy, format!("\"client\";{policy}"));
    }
}

#[test]
fn a_client_is_an_ipv4_address_or_an_ipv6_network() {
    let client = |text: &str| Client::of(ClientAddress(text.parse().expect("an address")));
    let same = |a, b| client(a) == client(b);

    assert!(same("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"));
    assert!(!same("2001:db8:1:2::", "2001:db8:1:3::"));
    assert!(!same("192.0.2.7", "192.0.2.8"));
    assert!(
        !same("192.0.2.7", "0:0:c000:207::"),
        "bits are not all that counts"
    );

    // Behind a translator, IPv4 clients have addresses of one network.
    assert!(!same("64:ff9b::192.0.2.7", "64:ff9b::192.0.2.8"));
    assert!(same("64:ff9b::192.0.2.7", "192.0.2.7"));
}

/// How many of 60 clients, who send half of what they may, have more than half of their requests refused while an
/// attacker sends twice what it may from each of its networks.
fn starved_clients(networks: u32) -> usize {
    const SECONDS: u32 = 8;
    let (limiter, clock) = limiter(1, 2);
    let mut refused = [0; 60];

    for second in 0..SECONDS {
        accepted(&limiter, (0..networks).chain(0..networks));

        for (n, refused) in (0..).zip(&mut refused).filter(|_| second % 2 == 0) {
            *refused += u32::from(limiter.check(client(n)).retry_after.is_some());
        }
        clock.advance(Duration::from_secs(1));
    }

    refused.iter().filter(|refused| **refused > SECONDS / 4).count()
}

#[test]
fn no_client_is_starved_by_an_attacker_with_many_networks() {
    // An IPv6 /48.
    assert_eq!(starved_clients(1 << 16), 0);
}

#[test]
fn more_clients_than_counters_change_the_limit_of_nobody() {
    let (limiter, _) = limiter(1, 3);
    let is_refused = |n| limiter.check(client(n)).retry_after.is_some();
    while !is_refused(7) {}
    assert!(!is_refused(8));

    let networks = 2 * capacity();
    assert_eq!(accepted(&limiter, 0..networks), networks);

    assert!(is_refused(7), "the flood gives no new allowance");
    assert!(!is_refused(8), "the flood takes nothing away");
}

/// Forgetting gives an attacker more than its share only if it has more networks than there are counters, and uses up
/// the whole allowance of so many of them at once. It may send that much anyway.
#[test]
fn an_attacker_gains_nothing_as_long_as_its_networks_have_counters() {
    const BURST: u32 = 1;
    // No shard has more entries than fit: they differ by a few percent.
    let networks = capacity() / 10 * 9;
    let (limiter, clock) = limiter(1, BURST);
    let two_each = || (0..2).flat_map(|_| 0..networks);
    assert_eq!(accepted(&limiter, two_each()), networks * BURST);

    clock.advance(Duration::from_secs(1));
    assert_eq!(accepted(&limiter, two_each()), networks, "one each in one second");
}
