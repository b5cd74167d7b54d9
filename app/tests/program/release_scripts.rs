//! `.github/release`: the scripts that make a release, with programs in the place of Docker and of GitHub's that record
//! how they are called.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::folder;

/// Stands in for `docker` and `gh`. Prints what a registry would say.
const PROGRAM: &str = r#"#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
while [ $# -gt 0 ]; do
    case $1 in
    --metadata-file) echo '{"containerimage.digest": "sha256:built"}' >"$2" ;;
    inspect) echo '{"digest": "sha256:joined"}' ;;
    esac
    shift
done
"#;

const CHANGELOG: &str =
    "# Changelog\n\n## [1.2.3] - 2027-01-01\n\n- New.\n\n## [1.2.2] - 2026-01-01\n\n- Old.\n";

/// A committed copy of what the scripts read.
struct Repository {
    folder: TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { folder: folder() };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let scripts = fs::read_dir(root.join(".github/release")).expect("a folder");
        let scripts = scripts.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));

        for script in scripts {
            repository.copy(&format!(".github/release/{script}"), &root);
        }
        for file in [
            "docker/release",
            "docker/base-images",
            "openapi/check-released",
            "app/Cargo.toml",
            ".gitignore",
        ] {
            repository.copy(file, &root);
        }
        for program in ["docker", "gh"] {
            let path = repository.write(&format!("../programs/{program}"), PROGRAM);
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a program");
        }

        repository.write("CHANGELOG.md", CHANGELOG);
        for document in ["openapi.json", "released.json", "acknowledged.json"] {
            repository.write(&format!("openapi/{document}"), "{}\n");
        }
        let base_images = fs::read_to_string(repository.path("docker/base-images")).expect("a file");
        let digest = format!("@sha256:{}\n", "0".repeat(64));
        let pinned = base_images.lines().map(|line| match line.split_once('=') {
            Some((name, _)) if name.ends_with("_IMAGE") => format!("{name}=image{digest}"),
            _ => "\n".to_owned(),
        });
        repository.write("docker/base-images", &pinned.collect::<String>());
        repository.commit();
        repository
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("tree").join(path)
    }

    fn copy(&self, file: &str, root: &Path) {
        fs::create_dir_all(self.path(file).parent().expect("a folder")).expect("a folder");
        fs::copy(root.join(file), self.path(file)).expect(file);
    }

    fn write(&self, file: &str, text: &str) -> PathBuf {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect(file);
        path
    }

    fn commit(&self) {
        let commands = "git init --quiet && git add --all && git -c user.name=test -c user.email=test@example.com \
                        -c commit.gpgsign=false commit --quiet --message all";
        let status = Command::new("sh")
            .args(["-c", commands])
            .current_dir(self.path(""))
            .status();
        assert!(status.expect("git").success());
    }

    /// What a script prints, or why it failed.
    fn run(&self, script: &str, tag: &str) -> Result<String, String> {
        let programs = self.folder.path().join("programs");
        let output = Command::new("sh")
            .args(["-c", "PATH=$PROGRAMS:$PATH exec \"$0\" \"$1\""])
            .arg(self.path(".github/release").join(script))
            .arg(tag)
            .env("PROGRAMS", programs)
            .env("CALLS", self.folder.path().join("calls"))
            .env("GITHUB_OUTPUT", self.folder.path().join("outputs"))
            .env("GITHUB_REPOSITORY", "Somebody/Something")
            .env("GITHUB_ACTOR", "somebody")
            .env("GITHUB_TOKEN", "secret")
            .output()
            .expect(script);

        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        if output.status.success() {
            Ok(text(output.stdout))
        } else {
            Err(text(output.stderr))
        }
    }

    /// How the programs were called, and what the scripts gave to the workflow.
    fn calls_and_outputs(&self) -> [String; 2] {
        ["calls", "outputs"].map(|name| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default())
    }
}

#[test]
fn only_versions_with_changes_and_pinned_base_images_are_released() {
    let repository = Repository::new();

    assert_eq!(repository.run("check", "v1.2.3"), Ok(String::new()));
    for (tag, reason) in [
        ("v1.2", "is not like v1.2.3"),
        ("1.2.3", "is not like v1.2.3"),
        ("v9.9.9", "no section ## [9.9.9]"),
    ] {
        let error = repository.run("check", tag).expect_err(tag);
        assert!(error.contains(reason), "{tag}: {error}");
    }

    repository.write("docker/base-images", "RUST_IMAGE=rust:1\n");
    let error = repository.run("check", "v1.2.3").expect_err("a tag");
    assert!(
        error.contains("RUST_IMAGE=rust:1 in docker/base-images has no digest"),
        "{error}"
    );
}

#[test]
fn versions_and_images_are_refused_while_the_document_is_not_recorded_as_released() {
    for document in ["openapi.json", "acknowledged.json"] {
        let repository = Repository::new();
        repository.write(&format!("openapi/{document}"), "{\"/a\": \"b\"}\n");
        repository.commit();

        for script in ["check", "push-images"] {
            let error = repository.run(script, "v1.2.3").expect_err(document);
            assert!(
                error.contains("released.json is not the document of this commit"),
                "{script}: {error}"
            );
        }
    }
}

#[test]
fn images_of_both_architectures_get_one_tag() {
    let repository = Repository::new();
    repository.run("push-images", "v1.2.3").expect("pushed");
    let one = fs::read_to_string(repository.path("dist/digests/server.json")).expect("digests");

    let error = repository
        .run("tag-images", "v1.2.3")
        .expect_err("one architecture");
    assert!(
        error.contains("1 architectures of ghcr.io/somebody/something-migrate"),
        "{error}"
    );

    for target in ["server", "migrate"] {
        repository.write(
            &format!("dist/other/{target}.json"),
            &one.replace("built", "other"),
        );
    }
    repository.run("tag-images", "v1.2.3").expect("tagged");

    let [calls, outputs] = repository.calls_and_outputs();
    for image in ["ghcr.io/somebody/something", "ghcr.io/somebody/something-migrate"] {
        assert!(
            calls.contains(&format!("type=image,name={image},push=true,push-by-digest=true")),
            "{calls}"
        );
        let joined = format!("create --tag {image}:1.2.3 {image}@sha256:built {image}@sha256:other\n");
        assert!(calls.contains(&joined), "{calls}");
        assert!(outputs.contains(&format!("image={image}\n")), "{outputs}");
    }
    assert!(
        !calls.contains("secret"),
        "a token is visible to other processes: {calls}"
    );
    assert_eq!(outputs.matches("digest=sha256:joined\n").count(), 2, "{outputs}");
}

#[test]
fn release_has_the_changes_of_its_version_and_all_files() {
    let repository = Repository::new();
    for file in ["one.tar.gz", "other.tar.gz", "sbom.spdx.json", "SHA256SUMS"] {
        repository.write(&format!("dist/{file}"), "");
    }

    assert_eq!(repository.run("changes", "v1.2.3").as_deref(), Ok("- New.\n\n"));
    repository.run("publish", "v1.2.3").expect("published");
    repository.run("publish", "v2.0.0-rc.1").expect("published");

    let [calls, _] = repository.calls_and_outputs();
    let files = "dist/one.tar.gz dist/other.tar.gz dist/sbom.spdx.json dist/SHA256SUMS\n";
    assert_eq!(calls.matches(files).count(), 2, "{calls}");
    let before_release = calls.lines().filter(|call| call.contains("--prerelease"));
    let before_release: Vec<_> = before_release.collect();
    assert!(
        matches!(before_release[..], [call] if call.starts_with("gh release create v2.0.0-rc.1 ")),
        "{calls}"
    );
}
