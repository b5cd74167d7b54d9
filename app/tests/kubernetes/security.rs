//! The pods keep the profile `restricted` of the Pod Security Standards, which their namespace enforces, and a few rules
//! of our own.

use yaml_rust2::Yaml;

use super::manifests::{Manifests, list, text};
use crate::rules::read;

/// The kinds of volumes that the profile allows.
const VOLUMES: [&str; 8] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

fn is(value: &Yaml, expected: bool) -> bool {
    value.as_bool() == Some(expected)
}

#[test]
fn namespace_enforces_the_profile_restricted() {
    for manifests in Manifests::all() {
        let namespace = manifests.of_kind("Namespace").next().expect("a Namespace");

        let profile = text(&namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]);
        assert_eq!(profile, "restricted", "{}", manifests.overlay);
        let name = &namespace["metadata"]["name"];
        let mut others = manifests.objects().iter().filter(|object| *object != namespace);
        assert!(
            others.all(|object| object["metadata"]["namespace"] == *name),
            "{}",
            manifests.overlay
        );
    }
}

#[test]
fn pods_keep_the_profile_restricted() {
    for manifests in Manifests::all() {
        for pod in manifests.pods() {
            let what = format!("{}: {}", manifests.overlay, pod.owner);
            let (all, own) = (&pod.spec["securityContext"], &pod.container["securityContext"]);

            for host in ["hostNetwork", "hostPID", "hostIPC"] {
                assert!(pod.spec[host].is_badvalue(), "{what}: {host}");
            }
            for port in list(&pod.container["ports"]) {
                assert!(port["hostPort"].is_badvalue(), "{what}");
            }
            for volume in list(&pod.spec["volumes"]) {
                let kinds = volume
                    .as_hash()
                    .into_iter()
                    .flat_map(|volume| volume.keys())
                    .map(text);
                let mut kinds = kinds.filter(|kind| *kind != "name");
                assert!(kinds.all(|kind| VOLUMES.contains(&kind)), "{what}: {volume:?}");
            }

            assert!(is(&all["runAsNonRoot"], true), "{what}");
            assert!(all["runAsUser"].as_i64().is_some_and(|user| user > 0), "{what}");
            assert_eq!(text(&all["seccompProfile"]["type"]), "RuntimeDefault", "{what}");
            assert!(
                all["sysctls"].is_badvalue() && all["windowsOptions"].is_badvalue(),
                "{what}"
            );

            assert!(is(&own["allowPrivilegeEscalation"], false), "{what}");
            assert_eq!(
                list(&own["capabilities"]["drop"]),
                [Yaml::String("ALL".to_owned())],
                "{what}"
            );
            assert!(own["capabilities"]["add"].is_badvalue(), "{what}");
            for weakening in [
                "privileged",
                "procMount",
                "runAsUser",
                "runAsNonRoot",
                "seccompProfile",
                "seLinuxOptions",
            ] {
                assert!(own[weakening].is_badvalue(), "{what}: {weakening}");
            }
        }
    }
}

#[test]
fn pods_have_no_token_no_variables_of_services_and_a_limit_of_memory_alone() {
    for manifests in Manifests::all() {
        for pod in manifests.pods() {
            let what = format!("{}: {}", manifests.overlay, pod.owner);

            assert!(is(&pod.spec["automountServiceAccountToken"], false), "{what}");
            assert!(is(&pod.spec["enableServiceLinks"], false), "{what}");
            let resources = &pod.container["resources"];
            for request in ["cpu", "memory"] {
                assert!(!resources["requests"][request].is_badvalue(), "{what}: {request}");
            }
            assert!(!resources["limits"]["memory"].is_badvalue(), "{what}");
            assert!(
                resources["limits"]["cpu"].is_badvalue(),
                "{what}: stops it while the node is idle"
            );
        }
    }
}

#[test]
fn program_runs_as_the_user_of_the_image_and_writes_nowhere() {
    let dockerfile = read("Dockerfile");

    for manifests in Manifests::all() {
        for pod in manifests.program_pods() {
            let what = format!("{}: {}", manifests.overlay, pod.owner);
            let context = &pod.spec["securityContext"];

            let [user, group] =
                ["runAsUser", "runAsGroup"].map(|id| context[id].as_i64().unwrap_or_default());
            assert!(dockerfile.contains(&format!("\nUSER {user}:{group}\n")), "{what}");
            assert_eq!(
                context["fsGroup"].as_i64(),
                Some(group),
                "{what}: it reads its Secrets"
            );
            assert!(
                is(&pod.container["securityContext"]["readOnlyRootFilesystem"], true),
                "{what}"
            );
            let mut mounts = list(&pod.container["volumeMounts"]).iter();
            assert!(mounts.all(|mount| is(&mount["readOnly"], true)), "{what}");

            let secrets = list(&pod.spec["volumes"])
                .iter()
                .map(|volume| &volume["secret"]["defaultMode"]);
            for mode in secrets {
                assert_eq!(mode.as_i64(), Some(0o440), "{what}");
            }
        }
    }
}
