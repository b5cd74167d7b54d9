//! Many texts in many scripts, in over HTTP and out again through `Link`, on every store.

use serde_json::Value;

use crate::support::Site;
use crate::support::header;

/// 1,000 texts of 1 to 140 characters, walking through blocks of Unicode, combining marks and emoji included.
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
    let mut walks: Vec<_> = blocks.iter().map(|block| block.clone().cycle()).collect();
    let count = walks.len();
    (0..1000)
        .map(|n| walks[n % count].by_ref().take(1 + n * 7 % 140).collect())
        .collect()
}

async fn every_text_comes_back(site: Site) {
    let texts = texts();
    for text in &texts {
        site.create(text).await;
    }
    let (mut seen, mut next) = (Vec::new(), Some("/tweet/?limit=200".to_owned()));
    while let Some(path) = next {
        let answer = site.client.get(path).header("host", "localhost").send().await;
        let link = header(&answer, "link");
        let page: Vec<Value> = answer.json().await.value().deserialize();
        seen.extend(
            page.iter()
                .map(|tweet| tweet["text"].as_str().expect("a text").to_owned()),
        );
        next = link.map(|link| {
            link.trim_start_matches("<http://localhost")
                .split('>')
                .next()
                .expect("a link")
                .to_owned()
        });
    }
    seen.reverse();
    assert_eq!(seen, texts);
}

#[tokio::test]
async fn on_memory() {
    every_text_comes_back(Site::memory().await).await;
}

#[tokio::test]
async fn on_sqlite() {
    every_text_comes_back(Site::sqlite().await).await;
}

#[tokio::test]
async fn on_postgres() {
    every_text_comes_back(Site::postgres().await).await;
}
