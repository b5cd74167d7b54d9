//! Whole words in a text.

/// Replaces `old` where it stands as a whole word, so that no part of another word changes: a letter or a digit before
/// or after it belongs to another word. An underscore or a hyphen does not: `widget` is a word of `widget_page`.
#[must_use]
pub fn replace(text: &str, old: &str, new: &str) -> String {
    replace_at(text, positions(text, old), old.len(), |_| new)
}

/// Replaces `length` bytes at each of `starts`, which rise and do not overlap, by what `new` gives for it.
#[must_use]
pub fn replace_at<T: AsRef<str>>(
    text: &str,
    starts: impl IntoIterator<Item = usize>,
    length: usize,
    new: impl Fn(usize) -> T,
) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = 0;
    for start in starts {
        result.push_str(&text[rest..start]);
        result.push_str(new(start).as_ref());
        rest = start + length;
    }
    result.push_str(&text[rest..]);
    result
}

/// Where `word` stands as a whole word.
pub fn positions<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let starts = text.match_indices(word).map(|(start, _)| start);
    starts.filter(move |start| {
        let before = text[..*start].chars().next_back();
        let after = text[start + word.len()..].chars().next();
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_replaced() {
        let text = "book books rebook book_page book-shelf Book (book)";
        assert_eq!(
            replace(text, "book", "pen"),
            "pen books rebook pen_page pen-shelf Book (pen)"
        );
    }
}
