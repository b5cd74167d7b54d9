//! Templates: ordinary files in which a resource is called `widget`, and only what depends on its fields is Jinja.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use minijinja::{Environment, UndefinedBehavior, context};

use crate::resource::Resource;

/// The ending of templates that contain Jinja. Others are copied.
const JINJA: &str = ".j2";

/// A file made from a template.
#[derive(Debug)]
pub struct Rendered {
    /// Where it belongs, relative to the root of the workspace.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// The templates of a workspace.
#[derive(Debug)]
pub struct Templates {
    root: PathBuf,
}

impl Templates {
    /// Those of the workspace in `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// All files of a set of templates, such as `mutable`, for a resource.
    ///
    /// # Errors
    ///
    /// If a template cannot be read or rendered.
    pub fn render(&self, set: &str, resource: &Resource) -> Result<Vec<Rendered>> {
        let folder = self.folder().join(set);
        let mut paths = Vec::new();
        list(&folder, &mut paths)?;
        paths.sort();

        let environment = self.environment(resource)?;
        let mut files = Vec::new();
        for path in paths {
            let relative = path.strip_prefix(&folder).unwrap_or(&path);
            files.push(render_file(&environment, resource, &path, relative)?);
        }
        format(&self.root, &mut files).with_context(|| format!("the templates {set}"))?;
        Ok(files)
    }

    /// The templates that a set has, by the paths of what they make for a resource.
    ///
    /// # Errors
    ///
    /// If the folder of the set cannot be read.
    pub fn paths(&self, set: &str, resource: &Resource) -> Result<Vec<PathBuf>> {
        let folder = self.folder().join(set);
        let mut paths = Vec::new();
        list(&folder, &mut paths)?;

        let relative = paths
            .iter()
            .map(|path| path.strip_prefix(&folder).unwrap_or(path));
        Ok(relative.map(|path| target(path, resource)).collect())
    }

    fn folder(&self) -> PathBuf {
        self.root.join("xtask/templates")
    }

    /// An environment whose templates can import `_fields.j2`.
    fn environment(&self, resource: &Resource) -> Result<Environment<'static>> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_keep_trailing_newline(true);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);

        let entries = fs::read_dir(self.folder()).context("cannot read xtask/templates")?;
        for entry in entries {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if name.ends_with(JINJA) {
                let source = fs::read_to_string(&path)?;
                environment.add_template_owned(name, resource.named(&source))?;
            }
        }
        Ok(environment)
    }
}

fn render_file(
    environment: &Environment<'_>,
    resource: &Resource,
    path: &Path,
    relative: &Path,
) -> Result<Rendered> {
    let source = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut text = resource.named(&source);

    if path.to_string_lossy().ends_with(JINJA) {
        let values = context! {
            fields => resource.fields,
            immutable => resource.immutable,
            text => resource.example_text(),
        };
        text = environment
            .render_named_str(&relative.to_string_lossy(), &text, values)
            .with_context(|| format!("the template {}", path.display()))?;
    }
    Ok(Rendered {
        path: target(relative, resource),
        text,
    })
}

/// Formats the Rust files among `files`, all by one call. Each module is declared and defined in the same set, so rustfmt
/// finds them all in a folder of their own.
fn format(root: &Path, files: &mut [Rendered]) -> Result<()> {
    let folder = tempfile::tempdir().context("cannot create a folder")?;
    let is_rust = |file: &&mut Rendered| file.path.extension().is_some_and(|extension| extension == "rs");
    let mut rust: Vec<_> = files.iter_mut().filter(is_rust).collect();

    let mut paths = Vec::new();
    for file in &rust {
        let path = folder.path().join(&file.path);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::write(&path, &file.text)?;
        paths.push(path);
    }
    let output = Command::new("rustfmt")
        .args(["--edition", "2024", "--quiet", "--config-path"])
        .arg(root)
        .args(&paths)
        .output()
        .context("cannot run rustfmt")?;
    if !output.status.success() {
        bail!("rustfmt: {}", String::from_utf8_lossy(&output.stderr).trim());
    }

    for (file, path) in rust.iter_mut().zip(paths) {
        file.text = fs::read_to_string(path)?;
    }
    Ok(())
}

/// Where the file belongs that a template makes.
fn target(template: &Path, resource: &Resource) -> PathBuf {
    let name = resource.named(&template.to_string_lossy());
    PathBuf::from(name.strip_suffix(JINJA).unwrap_or(&name))
}

fn list(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

/// The text of a Rust file, formatted as the workspace in `root` formats its files.
///
/// # Errors
///
/// If the text is not Rust.
pub fn rustfmt(root: &Path, text: &str) -> Result<String> {
    let mut child = Command::new("rustfmt")
        .args([
            "--edition",
            "2024",
            "--emit",
            "stdout",
            "--quiet",
            "--config-path",
        ])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run rustfmt")?;

    // rustfmt reads all of its input before it writes.
    let mut input = child.stdin.take().context("rustfmt has no input")?;
    input
        .write_all(text.as_bytes())
        .context("rustfmt does not read")?;
    drop(input);

    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("rustfmt: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("rustfmt wrote something that is not UTF-8")
}
