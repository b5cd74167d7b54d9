//! A kubelet in a hundred lines: it starts the program with the environment of a manifest, probes it as the manifest says,
//! and adds what is ready to the endpoints of the Service.
//!
//! Its clock is faster: all seconds of the manifest are divided by [`SPEEDUP`], but for the timeouts of the probes, which
//! a busy machine needs.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use yaml_rust2::Yaml;

use super::{
    endpoints::Endpoints,
    manifests::{Manifests, Pod, list, number, text},
};
use crate::support::{PROGRAM, Service, client::Client};

/// Divides the seconds of the manifests.
pub(super) const SPEEDUP: u64 = 5;

/// A probe of a container.
struct Probe {
    request: String,
    period: Duration,
    timeout: Duration,
    failure_threshold: i64,
}

impl Probe {
    fn of(probe: &Yaml) -> Self {
        let mut request = format!(
            "GET {} HTTP/1.1\r\nConnection: close\r\n",
            text(&probe["httpGet"]["path"])
        );
        for header in list(&probe["httpGet"]["httpHeaders"]) {
            request += &format!("{}: {}\r\n", text(&header["name"]), text(&header["value"]));
        }

        Self {
            request: request + "\r\n",
            period: scaled(&probe["periodSeconds"]),
            timeout: Duration::from_secs(number(&probe["timeoutSeconds"]).unsigned_abs()),
            failure_threshold: number(&probe["failureThreshold"]),
        }
    }

    fn succeeds(&self, address: SocketAddr) -> bool {
        let send = || {
            let mut client = Client::connect(address)?;
            client.stream().set_read_timeout(Some(self.timeout))?;
            client.send(self.request.as_bytes())?;
            client.response()
        };
        send().is_ok_and(|response| (200..400).contains(&response.status))
    }
}

fn scaled(seconds: &Yaml) -> Duration {
    Duration::from_secs(number(seconds).unsigned_abs()) / SPEEDUP as u32
}

/// A pod of the Deployment, which is killed when this is dropped.
pub(super) struct RunningPod {
    service: Service,
    grace: Duration,
    terminating: Arc<AtomicBool>,
    gone: Arc<AtomicBool>,
    prober: Option<JoinHandle<()>>,
}

impl RunningPod {
    /// Starts one, and returns when its startup probe has succeeded.
    pub(super) fn start(
        pod: &Pod<'_>,
        environment: &BTreeMap<String, String>,
        folder: &Path,
        endpoints: &Endpoints,
    ) -> Self {
        assert_eq!(list(&pod.container["args"]), [Yaml::String("serve".to_owned())]);
        let variables: Vec<_> = environment
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let mut service = Service::spawn(&variables, folder);
        // A kubelet knows the address of a pod; here, the log has it.
        service.wait_until_ready();

        let (startup, address) = (Probe::of(&pod.container["startupProbe"]), service.address);
        let mut failures = 0;
        while !startup.succeeds(address) {
            failures += 1;
            assert!(failures < startup.failure_threshold, "{PROGRAM} does not start");
            thread::sleep(startup.period);
        }

        let [terminating, gone] = [(); 2].map(|()| Arc::<AtomicBool>::default());
        let probes = ["livenessProbe", "readinessProbe"].map(|probe| Probe::of(&pod.container[probe]));
        let (flags, endpoints) = ([Arc::clone(&terminating), Arc::clone(&gone)], endpoints.clone());
        let prober = thread::spawn(move || probe(address, &probes, &endpoints, &flags));

        Self {
            service,
            grace: scaled(&pod.spec["terminationGracePeriodSeconds"]),
            terminating,
            gone,
            prober: Some(prober),
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.service.address
    }

    /// Ends it, as a rollout does. It must exit by itself within its grace period.
    pub(super) fn terminate(mut self) {
        self.terminating.store(true, Relaxed);
        self.service.signal("TERM");

        let deadline = Instant::now() + self.grace;
        let status = loop {
            if let Some(status) = self.service.child.try_wait().expect("a status") {
                break status;
            }
            assert!(
                Instant::now() < deadline,
                "it did not exit within {:?}",
                self.grace
            );
            thread::sleep(Duration::from_millis(10));
        };
        assert!(status.success(), "{status}");

        self.gone.store(true, Relaxed);
        let prober = self.prober.take().expect("a thread");
        prober.join().expect("a pod that was alive");
    }
}

impl Drop for RunningPod {
    fn drop(&mut self) {
        self.terminating.store(true, Relaxed);
        self.gone.store(true, Relaxed);
    }
}

/// Probes a pod until it is gone. Its endpoint is removed one period after readiness has failed, because the cluster
/// needs time to spread that.
fn probe(
    address: SocketAddr,
    probes: &[Probe; 2],
    endpoints: &Endpoints,
    [terminating, gone]: &[Arc<AtomicBool>; 2],
) {
    let [liveness, readiness] = probes;
    let mut failures = 0;

    while !gone.load(Relaxed) {
        // A kubelet restarts a container only after several failures; here, none is allowed.
        let is_alive = liveness.succeeds(address) || terminating.load(Relaxed);
        assert!(is_alive, "the liveness probe failed");

        if readiness.succeeds(address) {
            failures = 0;
            endpoints.set(address, true);
        } else {
            failures += 1;
        }
        thread::sleep(readiness.period);
        if failures >= readiness.failure_threshold {
            endpoints.set(address, false);
        }
    }
    endpoints.set(address, false);
}

/// The environment of a container, on a database of this URL.
pub(super) fn environment_on(manifests: &Manifests, container: &Yaml, url: &str) -> BTreeMap<String, String> {
    let mut environment = manifests.environment(container);
    environment.retain(|name, _| !name.starts_with("POSTGRES_") && !name.starts_with("DATABASE_SSL"));
    environment.insert("DATABASE_URL".to_owned(), url.to_owned());
    // All pods are on one machine, so each has a port of its own.
    environment.remove("LISTEN_ADDR");

    for (name, value) in &mut environment {
        if name.starts_with("SHUTDOWN_") {
            let seconds: u64 = value.parse().expect("seconds");
            assert_eq!(seconds % SPEEDUP, 0, "{name} is no multiple of {SPEEDUP}");
            *value = (seconds / SPEEDUP).to_string();
        }
    }
    environment
}
