//! Which build of the program it is.

use app::version::{NAME, REVISION, VERSION};

use super::{MEMORY, folder};
use crate::support::{Service, run};

#[test]
fn version_and_revision_are_the_same_wherever_they_are_shown() {
    let folder = folder();

    let (code, output, _) = run(&["--version"], &[], folder.path());
    assert_eq!(code, 0);
    assert_eq!(
        output,
        format!("{NAME} {VERSION} (revision {REVISION})\n"),
        "--version"
    );

    let service = Service::start(&[MEMORY], folder.path());
    let first = service.log.first().expect("a log line");
    assert!(
        first.contains(&format!("version={VERSION} revision={REVISION}")),
        "{first}"
    );

    let metrics = service.get("/metrics");
    let build = format!(r#"service_build_info{{revision="{REVISION}",version="{VERSION}"}} 1"#);
    assert!(metrics.contains(&build), "{metrics}");

    let document = service.get("/openapi.json");
    let (_, document) = document.split_once("\r\n\r\n").expect("a body");
    let document: serde_json::Value = serde_json::from_str(document).expect("JSON");
    assert_eq!(document["info"]["version"], VERSION);
}
