//! One place names the version, and one command applies it.

use std::fs;

use yaml_rust2::YamlLoader;

use super::manifests::{Manifests, Pod, folders, list, name_of, text};
use crate::rules::read;

#[test]
fn version_is_in_the_image_in_the_name_of_the_job_and_in_a_label() {
    for overlay in ["production", "development"] {
        let file = format!("../deploy/kubernetes/overlays/{overlay}/version.yaml");
        let file = YamlLoader::load_from_str(&fs::read_to_string(file).expect("a file")).expect("YAML");
        let version = text(&file[0]["data"]["version"]);
        assert!(!version.is_empty(), "{overlay}");

        let manifests = Manifests::of(overlay);
        let [server, job] = manifests.program_pods();
        let image = text(&server.container["image"]);
        assert_eq!(
            image.rsplit_once(':').map(|(_, tag)| tag),
            Some(version),
            "{image}"
        );
        assert_eq!(text(&job.container["image"]), image, "{overlay}");
        assert_eq!(name_of(manifests.job()), format!("migrate-{version}"));
        assert_eq!(text(&server.labels["app.kubernetes.io/version"]), version);
        assert!(
            manifests.find("ConfigMap", "version").is_none(),
            "it is only read by kustomize"
        );
    }
}

/// Pods of a new version are not ready before its Job has run, whatever is applied first.
#[test]
fn job_changes_the_schema_and_the_service_does_not() {
    for manifests in Manifests::all() {
        let [server, job] = manifests.program_pods();

        let (config, _) = manifests.config(server.container);
        assert!(!config.database.migrate_on_start, "{}", manifests.overlay);
        assert_eq!(arguments(&server), ["serve"]);
        assert_eq!(arguments(&job), ["migrate", "up"]);

        let [service, owner] = [&server, &job].map(|pod| manifests.environment(pod.container));
        assert_ne!(
            service["POSTGRES_USER"], owner["POSTGRES_USER"],
            "{}",
            manifests.overlay
        );
        assert_eq!(
            service["POSTGRES_HOST"], owner["POSTGRES_HOST"],
            "{}",
            manifests.overlay
        );
        assert_eq!(
            service.get("POSTGRES_DB"),
            owner.get("POSTGRES_DB"),
            "{}",
            manifests.overlay
        );
    }
}

fn arguments<'a>(pod: &Pod<'a>) -> Vec<&'a str> {
    list(&pod.container["args"]).iter().map(text).collect()
}

/// A Job cannot be changed: `kubectl apply` would fail after a change of the configuration.
#[test]
fn job_refers_to_names_that_stay_the_same() {
    for manifests in Manifests::all() {
        let job = Pod::of(manifests.job());

        assert_eq!(
            text(&job.container["envFrom"][0]["configMapRef"]["name"]),
            "migration"
        );
        assert_eq!(
            text(&job.spec["volumes"][0]["secret"]["secretName"]),
            "database-migration"
        );
        assert_eq!(
            text(&job.spec["restartPolicy"]),
            "Never",
            "the log of a failed attempt stays"
        );
    }
}

#[test]
fn database_for_development_is_that_of_docker_compose() {
    let manifests = Manifests::of("development");
    let database = manifests.find("Deployment", "database").expect("a database");

    let image = text(&Pod::of(database).container["image"]);
    assert!(
        read("docker-compose.yaml").contains(&format!("\n    image: {image}\n")),
        "{image}"
    );
}

/// What no overlay has is never tested.
#[test]
fn every_component_is_in_an_overlay() {
    let overlays = folders("overlays").into_iter().map(|overlay| {
        let file = format!("../deploy/kubernetes/overlays/{overlay}/kustomization.yaml");
        fs::read_to_string(file).expect("a file")
    });
    let overlays: String = overlays.collect();

    for component in folders("components") {
        let line = format!("\n  - ../../components/{component}\n");
        assert!(overlays.contains(&line), "{component} is in no overlay");
    }
}

#[test]
fn names_are_dns_labels_or_names_of_several() {
    for manifests in Manifests::all() {
        for object in manifests.objects() {
            let (kind, name) = (text(&object["kind"]), name_of(object));
            let is_label = |label: &str| {
                let mut bytes = label.bytes();
                bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
                    && !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            };

            // A Job's name is also a label of its pods, of at most 63 bytes.
            let is_valid = match kind {
                "Service" | "Namespace" => is_label(name),
                _ => name.split('.').all(is_label),
            };
            assert!(
                is_valid && name.len() <= 63,
                "{}: {kind} {name}",
                manifests.overlay
            );
        }
    }
}
