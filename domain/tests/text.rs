//! The rules for short texts.

use domain::{Text, TextError};
use proptest::prelude::*;

type ShortText = Text<140>;

#[test]
fn white_space_is_trimmed_from_both_ends_only() {
    let text = ShortText::new(" \t\u{3000}two  words\u{85}\n").expect("a valid text");
    assert_eq!(text.as_str(), "two  words");
}

#[test]
fn blank_texts_are_refused() {
    for blank in ["", " ", "\n\t\r", "\u{a0}\u{2003}\u{3000}"] {
        assert_eq!(ShortText::new(blank), Err(TextError::Blank), "{blank:?}");
    }
}

#[test]
fn a_nul_is_refused_wherever_it_is() {
    for text in ["\0", "a\0b", "\0a", "a\0"] {
        assert_eq!(ShortText::new(text), Err(TextError::ContainsNul), "{text:?}");
    }
}

#[test]
fn the_limit_counts_scalar_values_after_trimming() {
    for unit in ["x", "é", "日", "🦀"] {
        let longest = format!("  {}  ", unit.repeat(140));
        assert!(ShortText::new(&longest).is_ok(), "140 times {unit}");
        let longer = unit.repeat(141);
        assert_eq!(
            ShortText::new(&longer),
            Err(TextError::TooLong { chars: 141, max: 140 }),
            "141 times {unit}"
        );
    }
}

#[test]
fn a_minimum_counts_scalar_values_after_trimming() {
    type Code = Text<4, 2>;

    for (text, chars) in [(" x ", 1), ("🦀", 1)] {
        assert_eq!(
            Code::new(text),
            Err(TextError::TooShort { chars, min: 2 }),
            "{text}"
        );
    }
    for text in ["xy", " 🦀🦀 ", "🦀🦀🦀🦀"] {
        assert!(Code::new(text).is_ok(), "{text}");
    }
    assert_eq!(Code::new("  "), Err(TextError::Blank));
}

proptest! {
    #[test]
    fn a_text_is_accepted_exactly_when_the_rules_say_so(text in any::<String>()) {
        let trimmed = text.trim();
        let valid = !trimmed.is_empty() && !trimmed.contains('\0') && trimmed.chars().count() <= 140;
        match ShortText::new(&text) {
            Ok(accepted) => {
                prop_assert!(valid);
                prop_assert_eq!(accepted.as_str(), trimmed);
            }
            Err(_) => prop_assert!(!valid),
        }
    }

    #[test]
    fn accepting_is_idempotent(text in "\\PC{1,140}") {
        if let Ok(once) = ShortText::new(&text) {
            prop_assert_eq!(ShortText::new(once.as_str()), Ok(once));
        }
    }
}
