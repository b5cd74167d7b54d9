//! What a client does, with the generated types. Prints a line for each step, as `../scenario.txt` has them.

#![expect(clippy::print_stdout, reason = "its lines are its result")]

use std::env;

use reqwest::{
    Url,
    header::{ETAG, HeaderMap, LINK, RETRY_AFTER},
};
use serde_json::json;
use system_test::{
    Client, Error, ResponseValue,
    types::{Problem, Tweet, TweetInput},
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const UNKNOWN_ID: &str = "01KAN2FGVXM1SY9VXF7MJ4Z7QV";
const ITEMS: usize = 5;
const MAX_PAGES: usize = 100;
const MAX_REQUESTS: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let client = Client::new(&env::args().nth(1).ok_or("the URL of the service is missing")?);

    let item = create_and_get(&client).await?;
    page_to_the_end(&client).await?;
    revalidate(&client, &item).await?;
    cause_problems(&client).await?;
    retry(&client, &item).await?;
    exceed_the_rate_limit(&client).await
}

fn body() -> Result<TweetInput> {
    Ok(serde_json::from_value(json!({ "text": "Hello from Rust" }))?)
}

async fn create_and_get(client: &Client) -> Result<Tweet> {
    let created = client.create_tweet().body(body()?).send().await?;
    println!("create: {}", created.status().as_u16());
    let created = created.into_inner();

    let read = client.get_tweet().id(created.id.as_str()).send().await?;
    assert_eq!(json!(*read), json!(created));
    println!("get: {}, what was created", read.status().as_u16());
    Ok(created)
}

async fn page_to_the_end(client: &Client) -> Result<()> {
    let mut created = Vec::new();
    for _ in 0..ITEMS {
        let item = client.create_tweet().body(body()?).send().await?.into_inner();
        created.insert(0, item.id.to_string());
    }

    let mut listed = Vec::new();
    let mut before: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let mut request = client.list_tweets().limit(2_u32);
        if let Some(id) = &before {
            request = request.before(id.as_str());
        }
        let page = request.send().await?;

        listed.extend(page.iter().map(|item| item.id.to_string()));
        before = next(page.headers());
        if before.is_none() {
            break;
        }
    }

    assert!(listed.is_sorted_by(|a, b| a > b), "{listed:?}");
    listed.retain(|id| created.contains(id));
    assert_eq!(listed, created);
    println!("list, 2 a page: all {ITEMS} that were created, newest first");
    Ok(())
}

/// The parameter `before` of the next page.
fn next(headers: &HeaderMap) -> Option<String> {
    let (url, _) = headers.get(LINK)?.to_str().ok()?.split_once(">; rel=\"next\"")?;
    let (_, url) = url.rsplit_once('<')?;
    let url = Url::parse(url).ok()?;

    let mut query = url.query_pairs();
    let (_, id) = query.find(|(name, _)| name == "before")?;
    Some(id.into_owned())
}

async fn revalidate(client: &Client, item: &Tweet) -> Result<()> {
    let get = || client.get_tweet().id(item.id.as_str());
    let first = get().send().await?;
    let tag = first.headers()[ETAG].to_str()?;

    // The generator knows 2xx and errors; a 304 is neither.
    match get().if_none_match(tag).send().await {
        Err(Error::UnexpectedResponse(response)) => {
            println!("get with If-None-Match: {}", response.status().as_u16());
            Ok(())
        }
        other => Err(format!("{other:?}").into()),
    }
}

async fn cause_problems(client: &Client) -> Result<()> {
    let unknown = problem(client.get_tweet().id(UNKNOWN_ID).send().await)?;
    println!("get an unknown id: problem {}", unknown.status);

    let invalid = problem(client.list_tweets().limit(201_u32).send().await)?;
    let pointer = &invalid.errors[0].pointer;
    println!("list with limit=201: problem {}, {pointer}", invalid.status);
    Ok(())
}

/// The problem that a response is.
fn problem<T>(
    result: std::result::Result<ResponseValue<T>, Error<Problem>>,
) -> Result<ResponseValue<Problem>> {
    match result {
        Err(Error::ErrorResponse(problem)) => Ok(problem),
        Err(other) => Err(other.into()),
        Ok(response) => Err(format!("a {} is no problem", response.status()).into()),
    }
}

async fn retry(client: &Client, item: &Tweet) -> Result<()> {
    // The id of a new item is a key that nobody has used.
    let create = || client.create_tweet().idempotency_key(item.id.as_str());
    let first = create().body(body()?).send().await?;
    let second = create().body(body()?).send().await?;

    assert_eq!(first.id.as_str(), second.id.as_str());
    assert!(!first.headers().contains_key("Idempotent-Replayed"));
    assert_eq!(second.headers()["Idempotent-Replayed"], "true");
    let statuses = format!(
        "{}, {} replayed",
        first.status().as_u16(),
        second.status().as_u16()
    );
    println!("create twice with one Idempotency-Key: {statuses}, the same id");
    Ok(())
}

async fn exceed_the_rate_limit(client: &Client) -> Result<()> {
    for _ in 0..MAX_REQUESTS {
        let page = client.list_tweets().limit(1_u32).send().await;
        if page.is_ok() {
            continue;
        }

        let refused = problem(page)?;
        let retry_after: u32 = refused.headers()[RETRY_AFTER].to_str()?.parse()?;
        println!(
            "list until refused: problem {}, Retry-After {retry_after}",
            refused.status
        );
        break;
    }
    Ok(())
}
