//! Clients that generators make from the document in the repository, in the languages that the documents show. Each is
//! made by the documented commands, and then runs the documented example and one scenario.

mod python;
mod rust;
mod typescript;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time::timeout};

use crate::{
    docs,
    support::{Service, example},
};

/// Longer than other tests take, because packages are downloaded.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(600);

/// The address of the service in the documents.
const DOCUMENTED_BASE: &str = "http://127.0.0.1:8000";

/// What the scenario prints in every language. Its last line needs a rate limit.
const SCENARIO: &str = include_str!("../../../sdk/scenario.txt");

/// A folder with the files of one language, and the service that its client talks to.
struct Sdk {
    service: Service,
    folder: PathBuf,
    /// What the commands need, for messages.
    requirements: &'static str,
}

impl Sdk {
    /// Copies the files of `system-test/sdk/LANGUAGE`, with the address of the service, and the document.
    fn new(language: &str, requirements: &'static str) -> Self {
        let service = Service::reach_limited();
        // It is kept, so that packages are installed once.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sdk").join(language);
        fs::create_dir_all(&folder).expect("a folder");

        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk").join(language);
        for entry in fs::read_dir(sources).expect("the files of a language") {
            let entry = entry.expect("an entry");
            let text = fs::read_to_string(entry.path()).expect("a text");
            let text = text.replace(DOCUMENTED_BASE, &service.base);
            fs::write(folder.join(entry.file_name()), text).expect("written");
        }
        fs::write(folder.join("openapi.json"), docs::document().to_string()).expect("written");

        Self {
            service,
            folder,
            requirements,
        }
    }

    /// Runs a shell script in the folder and returns what it prints. A failing command ends the script and the test.
    async fn run(&self, script: &str) -> String {
        let hostport = self.service.base.trim_start_matches("http://");
        let (host, _) = hostport.rsplit_once(':').expect("host:port");

        let mut shell = Command::new("sh");
        shell
            .args(["-euc", script])
            .current_dir(&self.folder)
            .kill_on_drop(true)
            .stdin(Stdio::null())
            // Packages may come through a proxy; requests to the service must not.
            .env("NO_PROXY", host)
            .env("no_proxy", host)
            // Also the packages that those of the commands need have the versions that were tested.
            .env("PIP_CONSTRAINT", "constraints.txt")
            .env("PIP_NO_COMPILE", "1")
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1");

        let output = timeout(SCRIPT_TIMEOUT, shell.output())
            .await
            .unwrap_or_else(|_| panic!("not finished after {SCRIPT_TIMEOUT:?}; {}", self.requirements))
            .expect("a shell");

        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{}; {}\n{stdout}\n{stderr}",
            output.status,
            self.requirements
        );
        stdout.into_owned()
    }

    /// Asserts that the last line is the id and the text of an item that the service has.
    async fn assert_example(&self, printed: &str, text: &str) {
        let last_line = printed.lines().last().unwrap_or_default();
        let (id, read) = last_line
            .split_once(' ')
            .unwrap_or_else(|| panic!("not an id and a text: {printed}"));

        assert_eq!(read, text);
        assert_eq!(example::text_of(&self.service, id).await, text);
    }

    /// Asserts that each step of the scenario had the result that it has in every language.
    fn assert_scenario(&self, printed: &str) {
        // Another service may have no rate limit.
        if self.service.is_own() {
            assert_eq!(printed, SCENARIO);
        } else {
            let (steps, _) = SCENARIO.trim_end().rsplit_once('\n').expect("several lines");
            assert!(printed.starts_with(steps), "{printed}");
        }
    }
}
