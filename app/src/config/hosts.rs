use std::net::SocketAddr;

use openapi::{AllowedHosts, AllowedOrigins, Trust, TrustedProxies};

use super::reader::Reader;

/// Hosts that nobody lists follow from where the service listens.
pub(super) fn read(read: &mut Reader, listen: Option<SocketAddr>) -> Option<Trust> {
    let hosts = read.optional("ALLOWED_HOSTS");
    let proxies: Option<Option<TrustedProxies>> = read.optional("TRUSTED_PROXIES");
    let origins: Option<Option<AllowedOrigins>> = read.optional("CORS_ALLOWED_ORIGINS");
    Some(Trust {
        hosts: match hosts? {
            Some(hosts) => hosts,
            None => AllowedHosts::local(listen?.ip()),
        },
        proxies: proxies?.unwrap_or_default(),
        origins: origins?.unwrap_or_default(),
    })
}
