//! The Content-Security-Policy of a page whose scripts and styles stand in the page itself.

use std::iter;

use base64::{Engine, prelude::BASE64_STANDARD};
use poem::http::HeaderValue;
use sha2::{Digest, Sha256};

/// Lets run exactly the scripts that the page came with, and style with exactly its style sheets, each known by its
/// hash. Nothing is loaded but pictures that are part of the page; requests go to the service itself and nowhere else.
pub(crate) fn of_page(html: &str) -> HeaderValue {
    let hashes = |name| {
        let texts = elements(html)
            .filter(move |(element, _)| *element == name)
            .map(|(_, text)| text);
        texts
            .map(|text| format!(" 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text))))
            .collect::<String>()
    };
    let (scripts, styles) = (hashes("script"), hashes("style"));
    let policy = format!(
        "default-src 'none'; script-src{scripts}; style-src{styles}; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    // There is nothing in it that no header may hold; if ever there is, the page stays dark rather than open.
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// The text of each script and style sheet, in order: what looks like one inside of another is none.
fn elements(mut html: &str) -> impl Iterator<Item = (&'static str, &str)> {
    iter::from_fn(move || {
        let found = ["script", "style"].map(|name| html.find(&format!("<{name}")).map(|start| (start, name)));
        let (start, name) = found.into_iter().flatten().min()?;
        let (_, inside) = html.get(start..)?.split_once('>')?;
        let (text, behind) = inside.split_once(&format!("</{name}>"))?;
        html = behind;
        Some((name, text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_styles_are_known_by_their_hashes() {
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
        // The example of the specification.
        let policy = of_page("<script>alert('Hello, world.');</script>");
        let hash = "script-src 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='; style-src;";
        assert!(policy.to_str().expect("ASCII").contains(hash), "{policy:?}");
    }
}
