//! An upgrade of the service, by a small kubelet: the Job changes the schema, and new pods take the place of the old ones
//! under load.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

use adapters::testing::FreshDatabase;
use tempfile::TempDir;

use super::{
    endpoints::Endpoints,
    kubelet::{RunningPod, environment_on},
    manifests::{Manifests, Pod, list, text},
};
use crate::support::{client::request, report, requests::send_until, run, wait_until};

const PODS: usize = 2;
const CLIENTS: usize = 4;

#[tokio::test]
async fn rollout_fails_no_request_and_pods_wait_for_the_schema() {
    let (database, folder) = (FreshDatabase::postgres().await, TempDir::new().expect("a folder"));
    let manifests = Manifests::of("production");
    let pod = Pod::of(manifests.deployment());
    let environment = environment_on(manifests, pod.container, database.url());
    let endpoints = Endpoints::default();
    let start = || RunningPod::start(&pod, &environment, folder.path(), &endpoints);

    let old = [(); PODS].map(|()| start());
    for pod in &old {
        let response = request(pod.address(), "GET", "/readyz", "").expect("a response");
        assert!(
            response.status == 503 && response.body.contains("schema"),
            "{response:?}"
        );
    }
    assert_eq!(endpoints.count(), 0, "there is no schema yet");
    migrate(manifests, &database, &folder);
    wait_until("all pods are ready", || endpoints.count() == PODS);

    let done = AtomicBool::new(false);
    let results: Vec<_> = thread::scope(|scope| {
        let send = || send_until(&done, || endpoints.connect());
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(send)).collect();

        // maxSurge is 1 and maxUnavailable 0: an old pod stops when a new one is ready, and the next new one does not wait
        // for it. The wait of minReadySeconds would only make this easier.
        let rollout = scope.spawn(|| {
            let mut new = Vec::new();
            let mut stopping = Vec::new();
            for old in old {
                let pod = start();
                let address = pod.address();
                new.push(pod);
                wait_until("the new pod is ready", || endpoints.has(address));
                stopping.push(scope.spawn(move || old.terminate()));
            }
            for pod in stopping {
                pod.join().expect("a pod that stopped by itself");
            }
            new
        });
        let new = rollout.join();
        done.store(true, Relaxed);
        let results = clients
            .into_iter()
            .map(|client| client.join().expect("a result"))
            .collect();
        assert_eq!(new.expect("a rollout").len(), PODS);
        results
    });

    let failures: Vec<_> = results.iter().flat_map(|(_, failures)| failures).collect();
    let successes: usize = results.iter().map(|(successes, _)| successes).sum();
    report(&format!(
        "{successes} requests succeeded, {} failed",
        failures.len()
    ));
    assert!(
        failures.is_empty(),
        "{} of {successes} failed: {failures:?}",
        failures.len()
    );
    assert!(successes > 100, "{successes} requests are too few to be a load");
}

/// Runs the container of the Job.
fn migrate(manifests: &Manifests, database: &FreshDatabase, folder: &TempDir) {
    let job = Pod::of(manifests.job());
    let environment = environment_on(manifests, job.container, database.url());

    let arguments: Vec<_> = list(&job.container["args"]).iter().map(text).collect();
    let variables: Vec<_> = environment
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let (code, _, errors) = run(&arguments, &variables, folder.path());
    assert_eq!(code, 0, "{errors}");
}
