//! A file can be understood at a glance.

use super::rust_files;

const MAX_CODE_LINES: usize = 200;
const MAX_MEDIAN: usize = 100;

#[test]
fn files_have_at_most_200_code_lines_and_a_median_of_at_most_100() {
    let mut sizes: Vec<_> = rust_files()
        .into_iter()
        .map(|(path, text)| (code_lines(&text), path))
        .collect();
    sizes.sort();

    let too_long: Vec<_> = sizes
        .iter()
        .filter(|(lines, _)| *lines > MAX_CODE_LINES)
        .map(|(lines, path)| format!("{path} has {lines} code lines"))
        .collect();
    assert!(
        too_long.is_empty(),
        "at most {MAX_CODE_LINES}:\n{}",
        too_long.join("\n")
    );

    let (median, _) = sizes[sizes.len() / 2];
    assert!(median <= MAX_MEDIAN, "the median file has {median} code lines");
}

/// Lines that are neither blank nor comments, outside of the trailing module of tests.
fn code_lines(text: &str) -> usize {
    let tests = text
        .match_indices("\n#[cfg(test)]\nmod ")
        .map(|(start, _)| start)
        .find(|start| {
            let declaration = text[*start..].lines().nth(2);
            declaration.is_some_and(|line| line.ends_with('{'))
        });
    let code = &text[..tests.unwrap_or(text.len())];

    code.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}
