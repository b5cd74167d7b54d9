//! Tells a file's final content from what is read while it is being written.

/// Reports new content once it was read twice in a row.
pub(super) struct Debounce {
    /// The last content reported, or the initial one.
    pub(super) stable: String,
    /// What was read last.
    last: String,
}

impl Debounce {
    pub(super) fn new(content: String) -> Self {
        Self {
            stable: content.clone(),
            last: content,
        }
    }

    /// Takes what was read now. Returns whether it is new stable content: different from the last stable content, and the
    /// same as was read before.
    pub(super) fn is_stable(&mut self, content: String) -> bool {
        let is_new = content == self.last && content != self.stable;
        if is_new {
            self.stable.clone_from(&content);
        }
        self.last = content;

        is_new
    }

    /// Whether the last stable content is what was read last.
    pub(super) fn is_settled(&self) -> bool {
        self.last == self.stable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_stable_when_read_twice_in_a_row() {
        let mut debounce = Debounce::new("old".to_owned());
        let mut is_stable = |content: &str| debounce.is_stable(content.to_owned());

        assert!(!is_stable("old"), "not new");
        assert!(
            !is_stable("") && !is_stable("ne") && !is_stable("new"),
            "each was read only once"
        );
        assert!(is_stable("new"));
        assert!(!is_stable("new"), "not new any more");
        assert!(!is_stable("old") && is_stable("old"), "former content can return");
    }
}
