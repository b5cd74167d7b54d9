//! Where the program's name stands in the template. Everything else takes it from the package.

use crate::program_name::{PACKAGE_NAME, ProgramName};

/// A place of the name: a file, and what stands directly before and after the name there.
struct Place {
    path: &'static str,
    before: &'static str,
    after: &'static str,
}

const fn place(path: &'static str, before: &'static str, after: &'static str) -> Place {
    Place { path, before, after }
}

const PRODUCTION: &str = "deploy/kubernetes/overlays/production/kustomization.yaml";
const DEVELOPMENT: &str = "deploy/kubernetes/overlays/development/kustomization.yaml";

const PLACES: [Place; 16] = [
    // The source of all others that the code needs: `CARGO_PKG_NAME`.
    place("app/Cargo.toml", PACKAGE_NAME, "\""),
    // docker-compose and Docker read no manifest of cargo.
    place(".env", "\nCOMPOSE_PROJECT_NAME=", "\n"),
    place("Dockerfile", "type=cache,id=", "-build,"),
    place("Dockerfile", "image.title=\"", "\""),
    // The namespaces and images of Kubernetes.
    place(PRODUCTION, "\nnamespace: ", "\n"),
    place(PRODUCTION, "newName: registry.example.com/", "\n"),
    place(DEVELOPMENT, "\nnamespace: ", "-development\n"),
    place(DEVELOPMENT, "newName: ", "\n"),
    // Scanners for secrets search for this text; the crate `domain` does not know the program.
    place("domain/src/principal.rs", "TOKEN_PREFIX: &str = \"", "_token_\""),
    // Values and documents for people.
    place("LICENSE", "The ", " authors\n"),
    place("README.md", "\n# ", "\n"),
    place("README.md", "\n", ": INFO ["),
    place("environment.env", "\nPOSTGRES_DB=", "\n"),
    // Generated, from the name of the package.
    place("docs/configuration.md", "\n| `POSTGRES_DB` | `", "` |"),
    place("openapi/openapi.json", "\"info\": {\n    \"title\": \"", "\","),
    place("openapi/released.json", "\"info\": {\n    \"title\": \"", "\","),
];

/// The text of a file with `new` in all places of the name `old`.
#[must_use]
pub fn replace(path: &str, text: &str, old: &ProgramName, new: &ProgramName) -> String {
    // Every line begins after a line break.
    let mut text = format!("\n{text}");
    for place in PLACES.iter().filter(|place| place.path == path) {
        text = text.replace(&place.with(old), &place.with(new));
    }
    text.split_off(1)
}

/// The places that are not in these texts exactly once: their paths.
pub fn missing<'a>(
    name: &ProgramName,
    text_of: impl Fn(&str) -> String + 'a,
) -> impl Iterator<Item = &'static str> + 'a {
    let name = name.clone();
    let is_missing = move |place: &&Place| {
        let text = format!("\n{}", text_of(place.path));
        text.matches(&place.with(&name)).count() != 1
    };
    PLACES.iter().filter(is_missing).map(|place| place.path)
}

/// The number of places.
#[must_use]
pub fn count() -> usize {
    PLACES.len()
}

impl Place {
    fn with(&self, name: &ProgramName) -> String {
        let Self { before, after, .. } = self;
        if after.starts_with('_') {
            format!("{before}{}{after}", name.snake())
        } else {
            format!("{before}{name}{after}")
        }
    }
}
