//! What `kubectl kustomize` renders of an overlay.

use std::{collections::BTreeMap, fs, path::Path, process::Command, sync::LazyLock};

use app::config::Config;
use tempfile::TempDir;
use yaml_rust2::{Yaml, YamlLoader};

const FOLDER: &str = "../deploy/kubernetes";

/// Where the manifests mount the Secrets of the database.
const SECRETS: &str = "/run/secrets/database";

/// All overlays, each rendered once.
static ALL: LazyLock<Vec<Manifests>> = LazyLock::new(|| {
    let overlays = folders("overlays").into_iter();
    overlays.map(Manifests::render).collect()
});

/// The objects of an overlay.
pub(super) struct Manifests {
    pub(super) overlay: String,
    objects: Vec<Yaml>,
}

/// The pods that an object makes.
pub(super) struct Pod<'a> {
    /// `Deployment server`, for messages.
    pub(super) owner: String,
    pub(super) labels: &'a Yaml,
    pub(super) spec: &'a Yaml,
    /// Its only container.
    pub(super) container: &'a Yaml,
}

impl Manifests {
    /// Those of every overlay.
    pub(super) fn all() -> &'static [Self] {
        &ALL
    }

    pub(super) fn of(overlay: &str) -> &'static Self {
        let mut all = ALL.iter();
        all.find(|manifests| manifests.overlay == overlay)
            .expect("an overlay")
    }

    fn render(overlay: String) -> Self {
        let output = Command::new("kubectl")
            .args(["kustomize", &format!("{FOLDER}/overlays/{overlay}")])
            .output()
            .expect("kubectl, which ./test installs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{overlay}: {errors}");

        let rendered = String::from_utf8(output.stdout).expect("UTF-8");
        Self {
            overlay,
            objects: YamlLoader::load_from_str(&rendered).expect("YAML"),
        }
    }

    pub(super) fn objects(&self) -> &[Yaml] {
        &self.objects
    }

    pub(super) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Yaml> {
        let objects = self.objects.iter();
        objects.filter(move |object| text(&object["kind"]) == kind)
    }

    pub(super) fn find(&self, kind: &str, name: &str) -> Option<&Yaml> {
        self.of_kind(kind).find(|object| name_of(object) == name)
    }

    /// The Deployment of the service.
    pub(super) fn deployment(&self) -> &Yaml {
        self.find("Deployment", "server").expect("a Deployment")
    }

    /// The Job that changes the schema.
    pub(super) fn job(&self) -> &Yaml {
        self.of_kind("Job").next().expect("a Job")
    }

    /// All pods.
    pub(super) fn pods(&self) -> Vec<Pod<'_>> {
        let owners = self
            .objects
            .iter()
            .filter(|object| !object["spec"]["template"].is_badvalue());
        owners.map(Pod::of).collect()
    }

    /// The pods that run the program: those of the service, and of the Job.
    pub(super) fn program_pods(&self) -> [Pod<'_>; 2] {
        [Pod::of(self.deployment()), Pod::of(self.job())]
    }

    /// The environment of a container, in a pod with the address 127.0.0.1.
    pub(super) fn environment(&self, container: &Yaml) -> BTreeMap<String, String> {
        let mut environment = BTreeMap::new();
        for source in list(&container["envFrom"]) {
            let name = text(&source["configMapRef"]["name"]);
            let map = self.find("ConfigMap", name);
            let map = map.unwrap_or_else(|| panic!("{}: there is no ConfigMap {name}", self.overlay));
            environment.extend(strings(&map["data"]));
        }

        // `$(NAME)` is one of the variables above it.
        let mut expandable = Vec::new();
        for variable in list(&container["env"]) {
            let value = match variable["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
                Some("status.podIP") => "127.0.0.1".to_owned(),
                Some("metadata.namespace") => text(&self.deployment()["metadata"]["namespace"]).to_owned(),
                Some(other) => panic!("{}: {other} is unknown here", self.overlay),
                None => expandable.iter().fold(
                    text(&variable["value"]).to_owned(),
                    |value, (name, replacement): &(String, String)| {
                        value.replace(&format!("$({name})"), replacement)
                    },
                ),
            };
            let name = text(&variable["name"]).to_owned();
            expandable.push((name.clone(), value.clone()));
            environment.insert(name, value);
        }

        environment
    }

    /// The configuration that the program makes of a container's environment, with the Secrets in their places, and its
    /// warnings.
    pub(super) fn config(&self, container: &Yaml) -> (Config, Vec<String>) {
        let secrets = TempDir::new().expect("a folder");
        fs::write(secrets.path().join("password"), "secret").expect("a file");
        let mounted = secrets.path().to_str().expect("UTF-8");

        let environment = self.environment(container).into_iter();
        let environment =
            environment.map(|(name, value)| (name.into(), value.replace(SECRETS, mounted).into()));
        Config::load(None, environment).unwrap_or_else(|problems| panic!("{}: {problems}", self.overlay))
    }
}

impl<'a> Pod<'a> {
    pub(super) fn of(owner: &'a Yaml) -> Self {
        let template = &owner["spec"]["template"];
        let containers = template["spec"]["containers"].as_vec().expect("containers");
        let owner = format!("{} {}", text(&owner["kind"]), name_of(owner));
        assert_eq!(containers.len(), 1, "{owner}");

        Self {
            owner,
            labels: &template["metadata"]["labels"],
            spec: &template["spec"],
            container: &containers[0],
        }
    }
}

/// The names of the folders in a folder of `deploy/kubernetes`.
pub(super) fn folders(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(Path::new(FOLDER).join(folder)).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

pub(super) fn name_of(object: &Yaml) -> &str {
    text(&object["metadata"]["name"])
}

/// The text of a value; empty if there is none.
pub(super) fn text(value: &Yaml) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn number(value: &Yaml) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value:?} is no number"))
}

/// The items of a value; none if it is no list.
pub(super) fn list(value: &Yaml) -> &[Yaml] {
    value.as_vec().map(Vec::as_slice).unwrap_or_default()
}

/// The members of a value whose members are texts.
pub(super) fn strings(value: &Yaml) -> impl Iterator<Item = (String, String)> {
    let members = value.as_hash().into_iter().flatten();
    members.map(|(name, value)| (text(name).to_owned(), text(value).to_owned()))
}
