//! `Cargo.lock`, whose packages cargo sorts.

use crate::program_name::ProgramName;

const PACKAGE: &str = "\n[[package]]\n";

/// The text of `Cargo.lock` with another name of the program's package, as cargo would write it. Nothing depends on that
/// package.
#[must_use]
pub fn rename(text: &str, old: &ProgramName, new: &ProgramName) -> String {
    let mut parts = text.split(PACKAGE);
    let head = parts.next().unwrap_or_default();
    let old_line = format!("name = \"{old}\"\n");

    let mut packages: Vec<_> = parts
        .map(|package| match package.strip_prefix(&old_line) {
            // A package of the registry has a source.
            Some(rest) if !rest.contains("\nsource = ") => format!("name = \"{new}\"\n{rest}"),
            _ => package.to_owned(),
        })
        // The last package has no empty line after it.
        .map(|package| package.trim_end().to_owned())
        .collect();
    // Stable, so that versions of a package stay in their order.
    packages.sort_by(|a, b| package_name(a).cmp(package_name(b)));

    let packages: Vec<_> = packages
        .iter()
        .map(|package| format!("{PACKAGE}{package}\n"))
        .collect();
    format!("{head}{}", packages.concat())
}

fn package_name(package: &str) -> &str {
    package.lines().next().unwrap_or_default().trim_end_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    #[test]
    fn the_package_moves_to_its_place_in_the_order() {
        let name = |text: &str| ProgramName::new(text, "", &Record::default()).expect("a name");
        let lock = "version = 4\n\n[[package]]\nname = \"adapters\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"shop\"\n\
                    version = \"0.1.0\"\ndependencies = [\n \"adapters\",\n]\n\n[[package]]\nname = \"url\"\nversion = \"2\"\n";

        let renamed = rename(lock, &name("shop"), &name("zoo"));
        assert!(renamed.ends_with("version = \"2\"\n\n[[package]]\nname = \"zoo\"\nversion = \"0.1.0\"\ndependencies = [\n \"adapters\",\n]\n"));
        assert_eq!(rename(&renamed, &name("zoo"), &name("shop")), lock);
    }
}
