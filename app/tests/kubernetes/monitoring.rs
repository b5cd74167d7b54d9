//! Prometheus' operator gets the rules of `docker/metrics`, and scrapes the service.

use std::{fs, path::Path};

use super::manifests::{Manifests, list, name_of, strings, text};
use crate::rules::read;

const FILE: &str = "deploy/kubernetes/components/monitoring/rules.yaml";

const HEAD: &str = "\
# Generated from docker/metrics/rules, where the comments are. A test compares the two, and says how to refresh this file.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: server
spec:
  groups:
";

#[test]
fn rules_are_those_of_docker_metrics() {
    let generated = ["recording", "alerts"].map(|name| {
        let rules = read(format!("docker/metrics/rules/{name}.yml"));
        let (_, groups) = rules.split_once("\ngroups:\n").expect("groups");
        let lines = groups
            .lines()
            .map(|line| format!("  {line}").trim_end().to_owned() + "\n");
        lines.collect::<String>()
    });
    let generated = HEAD.to_owned() + &generated.concat();

    if read(FILE) != generated {
        let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rules.yaml");
        fs::write(&copy, generated).expect("a file");
        panic!("refresh it: cp {} {FILE}", copy.display());
    }
}

#[test]
fn prometheus_scrapes_the_service_under_the_name_that_the_alerts_have() {
    let manifests = Manifests::of("production");
    let monitor = manifests
        .find("ServiceMonitor", "server")
        .expect("a ServiceMonitor");
    let service = manifests.find("Service", "server").expect("a Service");

    for (name, value) in strings(&monitor["spec"]["selector"]["matchLabels"]) {
        assert_eq!(text(&service["metadata"]["labels"][&*name]), value);
    }
    let [endpoint] = list(&monitor["spec"]["endpoints"]) else {
        panic!("one endpoint");
    };
    assert_eq!(text(&endpoint["path"]), "/metrics");
    assert_eq!(endpoint["port"], service["spec"]["ports"][0]["name"]);

    // Unless `jobLabel` says otherwise, the job is the name of the Service.
    assert!(monitor["spec"]["jobLabel"].is_badvalue());
    let job = format!("up{{job=\"{}\"}}", name_of(service));
    assert!(read("docker/metrics/rules/alerts.yml").contains(&job), "{job}");
}
