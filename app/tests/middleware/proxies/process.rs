//! A real proxy, started for one test.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::{
    rules::read,
    support::{client::Client, client::Response, wait_until},
};

/// A running proxy. Killed when dropped.
pub(crate) struct Proxy {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Proxy {
    /// nginx with the configuration in the documents.
    pub(super) fn documented_nginx(service: SocketAddr) -> Self {
        let documented = read("docs/proxies/nginx.conf");

        Self::nginx(|address, folder| {
            let cache = format!("{}/cache", folder.display());
            let text = replace(&documented, "listen 80;", &format!("listen {address};"));
            let text = replace(&text, "/var/cache/nginx/service", &cache);
            replace(&text, "127.0.0.1:8000", &service.to_string())
        })
    }

    /// nginx as people write it: it caches, passes on every header of the client, and has this line for the key.
    pub(super) fn careless_nginx(service: SocketAddr, key: &str) -> Self {
        Self::nginx(|address, folder| {
            let cache = folder.display();
            format!(
                "proxy_cache_path {cache}/cache keys_zone=careless:1m; \
                 server {{ listen {address}; location / {{ proxy_pass http://{service}; \
                 proxy_set_header Host $http_host; proxy_cache careless; {key} proxy_cache_valid any 1m; }} }}"
            )
        })
    }

    fn nginx(http: impl Fn(SocketAddr, &Path) -> String) -> Self {
        start("nginx", |address, folder| {
            let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
            let temporary = kinds.map(|kind| format!("{kind}_temp_path {}/{kind};", folder.display()));
            let text = format!(
                "daemon off; pid {}/pid; error_log stderr; events {{}} http {{ access_log off; {} {} }}",
                folder.display(),
                temporary.join(" "),
                http(address, folder)
            );
            let file = folder.join("nginx.conf");
            fs::write(&file, text).expect("a configuration file");

            let mut command = Command::new(program("nginx", "nginx-light"));
            command
                .args(["-e", "stderr", "-p"])
                .arg(folder)
                .arg("-c")
                .arg(file);
            command
        })
    }

    /// HAProxy with the configuration in the documents.
    pub(super) fn documented_haproxy(service: SocketAddr) -> Self {
        let documented = read("docs/proxies/haproxy.cfg");

        start("haproxy", |address, folder| {
            let text = replace(&documented, "bind :80", &format!("bind {address}"));
            let text = replace(&text, "127.0.0.1:8000", &service.to_string());
            let file = folder.join("haproxy.cfg");
            fs::write(&file, text).expect("a configuration file");

            let mut command = Command::new(program("haproxy", "haproxy"));
            command.arg("-f").arg(file);
            command
        })
    }

    /// HAProxy that speaks TLS, with this PEM file of certificate and key, in front of a server that does not.
    pub(crate) fn tls(server: &str, certificate: &Path) -> Self {
        start("haproxy", |address, folder| {
            let file = folder.join("haproxy.cfg");
            let timeouts = "timeout connect 9s\n timeout client 9s\n timeout server 9s";
            let text = format!(
                "listen tls\n mode tcp\n {timeouts}\n bind {address} ssl crt {}\n server one {server}\n",
                certificate.display()
            );
            fs::write(&file, text).expect("a configuration file");

            let mut command = Command::new(program("haproxy", "haproxy"));
            command.arg("-f").arg(file);
            command
        })
    }

    /// Varnish with its own defaults, which pass on every header of the client.
    pub(super) fn varnish(service: SocketAddr) -> Self {
        start("varnishd", |address, folder| {
            let (address, service) = (address.to_string(), service.to_string());
            let mut command = Command::new(program("varnishd", "varnish"));
            command
                .args(["-F", "-j", "none", "-s", "malloc,10m", "-T", "none"])
                .args(["-a", &*address, "-b", &*service, "-n"])
                .arg(folder.join("varnish"));
            command
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The response to a request without a body, with these header lines, each ended by `\r\n`.
    pub(super) fn send(&self, method: &str, path: &str, lines: &str) -> Response {
        self.send_body(method, path, lines, "")
    }

    pub(super) fn send_body(&self, method: &str, path: &str, lines: &str, body: &str) -> Response {
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nContent-Length: {length}\r\nConnection: close");

        let mut client = Client::connect(self.address).expect("a connection to the proxy");
        let sent = client.send(format!("{head}\r\n{lines}\r\n{body}").as_bytes());
        sent.expect("the request is sent");
        client.response().expect("a response of the proxy")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Gracefully: nginx and Varnish have processes of their own, which a killed parent would leave behind.
        let _ = Command::new("sh")
            .args(["-c", &format!("kill -s TERM {}", self.child.id())])
            .status();
        wait_until("the proxy ends", || {
            self.child.try_wait().is_ok_and(|status| status.is_some())
        });
    }
}

/// Starts a proxy on a free port. The port may be taken before the proxy listens on it; then it ends, and another one
/// is tried.
fn start(name: &str, command: impl Fn(SocketAddr, &Path) -> Command) -> Proxy {
    for _ in 0..5 {
        let folder = TempDir::with_prefix("test-proxy-").expect("a folder");
        // nginx's workers run as another user if the test runs as root.
        let everybody = fs::Permissions::from_mode(0o777);
        fs::set_permissions(folder.path(), everybody).expect("permissions");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);

        let log = fs::File::create(folder.path().join("log")).expect("a file");
        let child = command(address, folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}; ./test installs it"));
        let mut proxy = Proxy {
            child,
            address,
            folder,
        };

        let mut ended = false;
        wait_until(&format!("{name} listens"), || {
            ended = proxy.child.try_wait().expect("its state").is_some();
            ended || TcpStream::connect(address).is_ok()
        });
        if !ended {
            return proxy;
        }
        let log = fs::read_to_string(proxy.folder.path().join("log")).unwrap_or_default();
        assert!(
            log.contains("Address already in use") || log.contains("cannot bind"),
            "{name} ended: {log}"
        );
    }

    panic!("{name} found no free port")
}

/// The path of a program in a folder that is not always in PATH.
fn program(name: &str, package: &str) -> String {
    let folders = [
        "/usr/sbin",
        "/usr/local/sbin",
        "/usr/local/bin",
        "/opt/homebrew/bin",
    ];
    let mut paths = folders.iter().map(|folder| format!("{folder}/{name}"));

    paths
        .find(|path| Path::new(path).exists())
        .unwrap_or_else(|| panic!("{name} is missing; install it (Debian: apt-get install {package})"))
}

/// Replaces what must be there.
fn replace(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from:?} is in the configuration");
    text.replace(from, to)
}
