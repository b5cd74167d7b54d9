use std::{fs, io::Read, path::Path};

use domain::TweetText;
use serde::Deserialize;

use super::{Failure, print};
use crate::{compose::Store, config::Config};

/// Tweets to play with.
const BUILT_IN: &str = include_str!("../../fixtures/tweets.json");

#[derive(Deserialize)]
struct Fixture {
    text: String,
}

/// `load-fixtures`: stores the tweets of a file, all or none, the first as the oldest. With `if_empty`, only when the
/// store holds no tweet; two runs at once may both find it empty.
///
/// # Errors
/// When the file or one of its texts is not valid, or the store does not take them.
pub async fn load_fixtures(config: &Config, file: Option<&Path>, if_empty: bool) -> Result<(), Failure> {
    let name = file.map_or_else(|| "the program".to_owned(), |file| file.display().to_string());
    let texts = read(file)
        .and_then(|json| parse(&json))
        .map_err(|reason| Failure::Fixtures { file: name, reason })?;
    let store = Store::open(&config.database).await?;
    if if_empty && !store.repository.latest(None, 1).await?.is_empty() {
        return print("there are tweets already; stored none\n");
    }
    let stored = store.tweets().create_all(texts).await?;
    print(&format!("stored {} tweets\n", stored.len()))
}

fn read(file: Option<&Path>) -> Result<String, String> {
    let Some(file) = file else { return Ok(BUILT_IN.to_owned()) };
    let json = if file == "-" {
        let mut json = String::new();
        std::io::stdin().read_to_string(&mut json).map(|_| json)
    } else {
        fs::read_to_string(file)
    };
    json.map_err(|error| error.to_string())
}

fn parse(json: &str) -> Result<Vec<TweetText>, String> {
    let fixtures: Vec<Fixture> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let text = |(n, fixture): (usize, &Fixture)| {
        TweetText::new(&fixture.text).map_err(|error| format!("text number {} {error}", n + 1))
    };
    fixtures.iter().enumerate().map(text).collect()
}
