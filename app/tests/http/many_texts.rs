//! Texts in many scripts are stored and returned unchanged, on every store.

use crate::support::{
    InProcess,
    example::{COLLECTION, MAX_TEXT_CHARS, text_of},
    json, link,
};

/// 1,000 texts of all lengths from many blocks of Unicode, combining characters and emoji included.
fn texts() -> Vec<String> {
    let blocks = [
        '!'..='~',
        'À'..='ɏ',
        'Α'..='ϡ',
        'А'..='ӿ',
        'א'..='ת',
        'ء'..='ي',
        'अ'..='ह',
        'ก'..='ฮ',
        'ぁ'..='ゖ',
        '一'..='鿿',
        '가'..='힣',
        '😀'..='🙏',
        '\u{300}'..='\u{36f}',
    ];
    let mut characters: Vec<_> = blocks.iter().map(|block| block.clone().cycle()).collect();
    let count = characters.len();

    (0..1000)
        .map(|n| {
            let length = 1 + n * 7 % MAX_TEXT_CHARS;
            characters[n % count].by_ref().take(length).collect()
        })
        .collect()
}

async fn every_text_is_returned_unchanged(service: InProcess) {
    let texts = texts();
    for text in &texts {
        service.create(text).await;
    }

    let mut returned = Vec::new();
    let mut next = Some(format!("{COLLECTION}?limit=200"));
    while let Some(path) = next {
        let response = service.get(path).send().await;
        let url = link(&response, "next");
        let page = json(response).await;

        let items = page.as_array().expect("an array").iter();
        returned.extend(items.map(text_of));
        next = url.map(|url| {
            let path = url.strip_prefix("http://localhost");
            path.expect("an absolute URL").to_owned()
        });
    }

    returned.reverse();
    assert_eq!(returned, texts);
}

#[tokio::test]
async fn every_text_is_returned_unchanged_from_memory() {
    every_text_is_returned_unchanged(InProcess::memory().await).await;
}

#[tokio::test]
async fn every_text_is_returned_unchanged_from_sqlite() {
    every_text_is_returned_unchanged(InProcess::sqlite().await).await;
}

#[tokio::test]
async fn every_text_is_returned_unchanged_from_postgres() {
    every_text_is_returned_unchanged(InProcess::postgres().await).await;
}
