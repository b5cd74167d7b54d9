//! The types of problems (RFC 9457, 3.1.1), one for each cause of an error.
//!
//! Responses, their examples in the document, and the pages under `/problems/` are made from one table, in
//! `problem_type/table.rs`.

pub mod operations;
mod table;

use poem::http::StatusCode;

use crate::http::{
    problem_body::{ProblemBody, Violation},
    values::{UrlValue, example_id},
};

/// A cause of errors. Its status belongs to it, so that no problem has the status of another one.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemType {
    /// The last segment of its URI: lower-case letters and hyphens. Clients compare it, so it never changes.
    pub slug: &'static str,
    /// The status of every problem of this type.
    pub status: StatusCode,
    /// A summary, the same for every problem of this type.
    pub title: &'static str,
    /// The `detail` of a problem that has none of its own. It quotes nothing from the request.
    pub detail: &'static str,
    /// What happened, for its page: sentences.
    pub happened: &'static str,
    /// What to do, for its page: sentences.
    pub action: &'static str,
    /// What `errors` may hold, for the example in the document: pointers and reasons.
    pub errors: &'static [(&'static str, &'static str)],
}

impl ProblemType {
    /// The path of its page. With the base of the URLs that the client knows before it, it is the `type` of a problem.
    pub fn path(&self) -> String {
        ["/problems/", self.slug].concat()
    }

    /// The type with this slug.
    pub fn find(slug: &str) -> Option<&'static Self> {
        Self::ALL.iter().copied().find(|kind| kind.slug == slug)
    }

    /// A problem of this type, as the document shows it.
    pub(crate) fn example(&self) -> ProblemBody {
        let errors = self.errors.iter();
        let errors = errors.map(|(pointer, detail)| Violation::new(*pointer, *detail));

        ProblemBody {
            kind: UrlValue(self.path()),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.to_owned(),
            request_id: example_id::<()>().to_string(),
            errors: errors.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn types_are_in_the_order_of_their_statuses() {
        let statuses: Vec<_> = ProblemType::ALL.iter().map(|kind| kind.status).collect();
        assert!(statuses.is_sorted(), "{statuses:?}");
    }

    #[test]
    fn slugs_are_different_and_need_no_escapes() {
        let slugs: BTreeSet<_> = ProblemType::ALL.iter().map(|kind| kind.slug).collect();
        assert_eq!(slugs.len(), ProblemType::ALL.len());

        for slug in slugs {
            let allowed = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
            assert!(!slug.is_empty() && slug.bytes().all(allowed), "{slug}");
        }
    }

    #[test]
    fn texts_are_sentences_that_need_no_escapes_in_html() {
        for kind in ProblemType::ALL {
            for text in [kind.title, kind.detail, kind.happened, kind.action] {
                assert!(
                    !text.is_empty() && !text.contains(['<', '>', '&', '\n']),
                    "{text}"
                );
            }
            for sentences in [kind.happened, kind.action] {
                assert!(sentences.ends_with('.'), "{sentences}");
            }
        }
    }
}
