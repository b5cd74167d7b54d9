//! Times and counts of the manifests fit to each other, so that neither a rollout nor a drained node fails a request.

use std::time::Duration;

use yaml_rust2::Yaml;

use super::manifests::{Manifests, Pod, list, number, text};

/// PostgreSQL's default. With another one, change it here, and the autoscaler.
const SERVER_MAX_CONNECTIONS: i64 = 100;

/// `superuser_reserved_connections`: PostgreSQL's default.
const RESERVED_CONNECTIONS: i64 = 3;

/// The time in which a process that stops sends the rest of its spans, however late it is.
const SPAN_FLUSH: Duration = Duration::from_secs(1);

/// The time in which it then writes the rest of its log.
const LOG_FLUSH: Duration = Duration::from_secs(4);

fn seconds(value: &Yaml) -> Duration {
    Duration::from_secs(number(value).unsigned_abs())
}

/// Otherwise the kubelet kills it while it still has requests in flight.
#[test]
fn pod_has_the_time_to_stop_by_itself() {
    for manifests in Manifests::all() {
        let pod = Pod::of(manifests.deployment());
        let (config, _) = manifests.config(pod.container);

        let requests = config.server.shutdown_delay + config.server.shutdown_timeout;
        let stop = requests + SPAN_FLUSH + LOG_FLUSH;
        let grace = seconds(&pod.spec["terminationGracePeriodSeconds"]);
        assert!(grace > stop, "{}: {grace:?} <= {stop:?}", manifests.overlay);

        assert!(
            config.server.shutdown_timeout >= config.http.request_timeout,
            "{}: a request may take longer than the shutdown",
            manifests.overlay
        );
    }
}

/// A probe fails up to one period after the signal. The cluster may take as long to spread it.
#[test]
fn pod_serves_until_no_connection_is_sent_to_it() {
    for manifests in Manifests::all() {
        let pod = Pod::of(manifests.deployment());
        let (config, _) = manifests.config(pod.container);

        let probe = &pod.container["readinessProbe"];
        let probes = number(&probe["failureThreshold"]) + 1;
        let until = seconds(&probe["periodSeconds"]) * u32::try_from(probes).expect("a small number");
        let delay = config.server.shutdown_delay;
        assert!(delay > until, "{}: {delay:?} <= {until:?}", manifests.overlay);
    }
}

/// So that the connections of at most one pod are added to those of the pods that run.
#[test]
fn rollout_waits_until_the_pod_before_is_gone_and_for_the_schema() {
    for manifests in Manifests::all() {
        let spec = &manifests.deployment()["spec"];

        let stop = number(&spec["template"]["spec"]["terminationGracePeriodSeconds"]);
        let wait = number(&spec["minReadySeconds"]);
        assert!(wait > stop, "{}: {wait} <= {stop}", manifests.overlay);

        let migration = number(&manifests.job()["spec"]["activeDeadlineSeconds"]);
        let deadline = number(&spec["progressDeadlineSeconds"]);
        assert!(
            deadline > migration + wait,
            "{}: {deadline} <= {migration}",
            manifests.overlay
        );
    }
}

#[test]
fn connections_of_all_pods_are_fewer_than_the_server_has() {
    for manifests in Manifests::all() {
        let spec = &manifests.deployment()["spec"];
        let pods = match manifests.find("HorizontalPodAutoscaler", "server") {
            Some(autoscaler) => number(&autoscaler["spec"]["maxReplicas"]),
            None => number(&spec["replicas"]),
        };
        let surge = number(&spec["strategy"]["rollingUpdate"]["maxSurge"]);
        let stopping = 1;

        let [server, job] = manifests.program_pods();
        let pool = |pod: &Pod<'_>| i64::from(manifests.config(pod.container).0.database.max_connections);
        let all = pool(&server) * (pods + surge + stopping) + pool(&job);
        let available = SERVER_MAX_CONNECTIONS - RESERVED_CONNECTIONS;
        assert!(all <= available, "{}: {all} of {available}", manifests.overlay);
    }
}

/// Two stopping pods, one of a rollout and one of the autoscaler, are not in the sum above: there is one pod less then.
#[test]
fn autoscaler_removes_one_pod_at_a_time() {
    for manifests in Manifests::all() {
        for autoscaler in manifests.of_kind("HorizontalPodAutoscaler") {
            let policy = &autoscaler["spec"]["behavior"]["scaleDown"]["policies"][0];
            let pod = Pod::of(manifests.deployment());

            assert_eq!(
                (policy["type"].as_str(), number(&policy["value"])),
                (Some("Pods"), 1)
            );
            let stop = number(&pod.spec["terminationGracePeriodSeconds"]);
            assert!(number(&policy["periodSeconds"]) > stop, "{}", manifests.overlay);
        }
    }
}

#[test]
fn rollout_never_has_fewer_pods_and_one_more_at_most() {
    for manifests in Manifests::all() {
        let spec = &manifests.deployment()["spec"];
        let update = &spec["strategy"]["rollingUpdate"];

        assert_eq!(
            (number(&update["maxUnavailable"]), number(&update["maxSurge"])),
            (0, 1)
        );
        let keys = list(&spec["template"]["spec"]["topologySpreadConstraints"]).iter();
        let keys: Vec<_> = keys.map(|spread| text(&spread["topologyKey"])).collect();
        assert_eq!(keys, ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]);
        assert!(
            manifests.of_kind("PodDisruptionBudget").next().is_some(),
            "{}",
            manifests.overlay
        );
        let hooks = &spec["template"]["spec"]["containers"][0]["lifecycle"];
        assert!(
            hooks.is_badvalue(),
            "the shutdown delay is enough, and the image has no shell"
        );
    }
}
