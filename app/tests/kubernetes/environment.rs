//! The environment of the pods is one that the program accepts.

use app::config;

use super::manifests::{Manifests, list, text};

/// Variables that others are made of.
const PARTS: [&str; 2] = ["POD_IP", "NAMESPACE"];

#[test]
fn every_variable_is_one_of_the_program() {
    for manifests in Manifests::all() {
        for pod in manifests.program_pods() {
            for name in manifests.environment(pod.container).keys() {
                let is_known = config::variables().any(|variable| {
                    variable.name == name
                        || variable.is_secret && name.strip_suffix("_FILE") == Some(variable.name)
                });
                assert!(
                    is_known || PARTS.contains(&&**name),
                    "{}: {}: {name} is no variable of the program",
                    manifests.overlay,
                    pod.owner
                );
            }
        }
    }
}

#[test]
fn the_program_accepts_every_value_without_a_warning() {
    for manifests in Manifests::all() {
        for pod in manifests.program_pods() {
            let (config, warnings) = manifests.config(pod.container);

            let what = format!("{}: {}", manifests.overlay, pod.owner);
            assert_eq!(warnings, [""; 0], "{what}");
            assert!(
                config.logs.json && config.logs.console,
                "{what}: the cluster collects the log"
            );
        }
    }
}

/// What is mounted is read, and nothing else.
#[test]
fn every_file_is_in_a_mounted_volume() {
    for manifests in Manifests::all() {
        for pod in manifests.program_pods() {
            let mounts: Vec<_> = list(&pod.container["volumeMounts"])
                .iter()
                .map(|mount| text(&mount["mountPath"]))
                .collect();

            let environment = manifests.environment(pod.container).into_iter();
            let files: Vec<_> = environment.filter(|(_, value)| value.starts_with('/')).collect();
            assert!(!files.is_empty(), "{}: the password is in a file", pod.owner);
            for (name, file) in &files {
                let is_mounted = mounts.iter().any(|mount| file.starts_with(&format!("{mount}/")));
                assert!(is_mounted, "{}: {}: {name}={file}", manifests.overlay, pod.owner);
            }
        }
    }
}

/// A secret in the environment is shown by `kubectl describe`.
#[test]
fn no_secret_is_in_the_environment() {
    for manifests in Manifests::all() {
        for pod in manifests.program_pods() {
            let environment = manifests.environment(pod.container);
            for secret in config::variables().filter(|variable| variable.is_secret) {
                let is_set = environment.contains_key(secret.name);
                assert!(!is_set, "{}: {}: {}", manifests.overlay, pod.owner, secret.name);
            }
        }
    }
}
