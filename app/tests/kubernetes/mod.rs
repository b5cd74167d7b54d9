//! The manifests in `deploy/kubernetes`, as kustomize renders them, fit to the code. `deploy/kubernetes/check` validates
//! them with the schemas of Kubernetes.

mod manifests;

mod environment;
mod monitoring;
mod release;
mod rollout;
mod security;
mod sums;
mod wiring;

mod endpoints;
mod kubelet;
