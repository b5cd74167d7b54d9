//! The Content-Security-Policy of a page whose scripts and styles are inline.

use std::iter;

use base64::{Engine, prelude::BASE64_STANDARD};
use poem::http::HeaderValue;
use sha2::{Digest, Sha256};

/// A policy that allows exactly the scripts and style sheets in the page, by their hashes. It allows `data:` images and
/// requests to the service itself; nothing is loaded from elsewhere.
pub(crate) fn of_page(html: &str) -> HeaderValue {
    let hashes = |name| -> String {
        elements(html)
            .filter(|(element, _)| *element == name)
            .map(|(_, text)| format!(" 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text))))
            .collect()
    };
    let (scripts, styles) = (hashes("script"), hashes("style"));

    let policy = format!(
        "default-src 'none'; script-src{scripts}; style-src{styles}; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );

    // Every part is valid in a header. Should that ever change, the page breaks instead of losing its protection.
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// The name and the text of each script and style sheet, in order. Elements do not nest: `<style>` inside a script is
/// part of the script's text.
fn elements(mut html: &str) -> impl Iterator<Item = (&'static str, &str)> {
    iter::from_fn(move || {
        let starts =
            ["script", "style"].map(|name| html.find(&format!("<{name}")).map(|start| (start, name)));
        let (start, name) = starts.into_iter().flatten().min()?;

        let (_, inside) = html.get(start..)?.split_once('>')?;
        let (text, rest) = inside.split_once(&format!("</{name}>"))?;

        html = rest;
        Some((name, text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_allows_inline_scripts_and_styles_by_their_hashes() {
        let page = "<style a=\"b\">p{}</style><p style='x'><script>doSomething();</script><script>'<style>'</script>";

        let texts: Vec<_> = elements(page).collect();
        assert_eq!(
            texts,
            [
                ("style", "p{}"),
                ("script", "doSomething();"),
                ("script", "'<style>'")
            ]
        );

        // The example in the specification.
        let policy = of_page("<script>alert('Hello, world.');</script>");
        let hash = "script-src 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='; style-src;";
        assert!(policy.to_str().expect("ASCII").contains(hash), "{policy:?}");
    }
}
