//! Paths, ports, selectors and names of the manifests fit to the code and to each other.

use serde_json::Value;
use yaml_rust2::Yaml;

use super::manifests::{Manifests, Pod, list, number, strings, text};

#[test]
fn probes_request_routes_of_the_service_on_the_port_it_listens_on() {
    let document: Value = serde_json::from_str(&openapi::spec("server")).expect("JSON");

    for manifests in Manifests::all() {
        let pod = Pod::of(manifests.deployment());
        for (probe, path) in [
            ("startupProbe", "/livez"),
            ("livenessProbe", "/livez"),
            ("readinessProbe", "/readyz"),
        ] {
            let request = &pod.container[probe]["httpGet"];
            assert_eq!(text(&request["path"]), path, "{}: {probe}", manifests.overlay);
            assert!(document["paths"].get(path).is_some(), "{path} is no route");

            let port = text(&request["port"]);
            let port = list(&pod.container["ports"])
                .iter()
                .find(|other| text(&other["name"]) == port)
                .unwrap_or_else(|| panic!("{}: {probe}: there is no port {port}", manifests.overlay));
            let (config, _) = manifests.config(pod.container);
            assert_eq!(
                number(&port["containerPort"]),
                i64::from(config.server.listen.port())
            );
            assert!(
                config.server.listen.ip().is_unspecified(),
                "other pods must reach it"
            );
        }
    }
}

/// Whether labels contain all of `matchLabels`, and what `matchExpressions` with `In` require.
fn selects(selector: &Yaml, labels: &Yaml) -> bool {
    let mut equal = strings(&selector["matchLabels"]);
    let mut expressions = list(&selector["matchExpressions"]).iter();

    equal.all(|(name, value)| text(&labels[&*name]) == value)
        && expressions.all(|expression| {
            let value = &labels[text(&expression["key"])];
            text(&expression["operator"]) == "In" && list(&expression["values"]).contains(value)
        })
}

#[test]
fn selectors_select_the_pods() {
    for manifests in Manifests::all() {
        let [server, job] = manifests.program_pods();
        let deployment = &manifests.deployment()["spec"];
        let mut selectors = vec![&deployment["selector"]];
        selectors.extend(
            manifests
                .of_kind("PodDisruptionBudget")
                .map(|budget| &budget["spec"]["selector"]),
        );
        selectors.extend(
            list(&server.spec["topologySpreadConstraints"])
                .iter()
                .map(|spread| &spread["labelSelector"]),
        );
        let policies = manifests
            .of_kind("NetworkPolicy")
            .map(|policy| &policy["spec"]["podSelector"]);
        selectors.extend(policies);
        assert!(selectors.len() >= 5, "{}: {}", manifests.overlay, selectors.len());
        for selector in selectors {
            assert!(
                selects(selector, server.labels),
                "{}: {selector:?}",
                manifests.overlay
            );
        }

        let policy = manifests
            .find("NetworkPolicy", "server")
            .expect("a NetworkPolicy");
        assert!(
            selects(&policy["spec"]["podSelector"], job.labels),
            "{}",
            manifests.overlay
        );
        assert!(
            !selects(&deployment["selector"], job.labels),
            "a Job is no part of the service"
        );

        let service = manifests.find("Service", "server").expect("a Service");
        for (name, value) in strings(&service["spec"]["selector"]) {
            assert_eq!(text(&server.labels[&*name]), value, "{}", manifests.overlay);
        }
    }
}

/// The ports of all rules of a NetworkPolicy.
fn ports(rules: &Yaml) -> Vec<&Yaml> {
    let ports = list(rules).iter().flat_map(|rule| list(&rule["ports"]));
    ports.map(|port| &port["port"]).collect()
}

#[test]
fn traffic_may_enter_by_the_named_port_and_leave_for_dns_and_the_database() {
    for manifests in Manifests::all() {
        let pod = Pod::of(manifests.deployment());
        let port = &pod.container["ports"][0]["name"];
        let service = manifests.find("Service", "server").expect("a Service");
        assert_eq!(
            &service["spec"]["ports"][0]["targetPort"], port,
            "{}",
            manifests.overlay
        );

        let policy = &manifests
            .find("NetworkPolicy", "server")
            .expect("a NetworkPolicy")["spec"];
        assert_eq!(ports(&policy["ingress"]), [port], "{}", manifests.overlay);
        let egress = [53, 53, 5432].map(Yaml::Integer);
        assert!(
            ports(&policy["egress"]).into_iter().eq(&egress),
            "{}",
            manifests.overlay
        );
        assert_eq!(
            list(&policy["policyTypes"]).len(),
            2,
            "what is not allowed is refused"
        );
    }
}

#[test]
fn autoscaler_scales_the_deployment_which_has_no_number_of_its_own() {
    let manifests = Manifests::of("production");
    let autoscaler = manifests
        .find("HorizontalPodAutoscaler", "server")
        .expect("an autoscaler");
    let target = &autoscaler["spec"]["scaleTargetRef"];

    let deployment = manifests
        .find(text(&target["kind"]), text(&target["name"]))
        .expect("its target");
    assert!(
        deployment["spec"]["replicas"].is_badvalue(),
        "each apply would overrule the autoscaler"
    );
}
