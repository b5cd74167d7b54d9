//! What pages in HTML have in common.

/// The start of a page in English, with its title, which needs no escapes in HTML; the head is still open.
///
/// Browsers request /favicon.ico unless a page names an icon; this one is empty.
pub(crate) fn start(title: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n"
    )
}
