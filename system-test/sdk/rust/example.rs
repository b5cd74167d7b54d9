//! Creates an item and reads it.

#![expect(clippy::print_stdout, reason = "this program prints what it read")]

use std::{env, error::Error};

use client::{Client, types::TweetInput};
use system_test as client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let base = env::args().nth(1);
    let service = Client::new(base.as_deref().unwrap_or("http://127.0.0.1:8000"));

    let body = TweetInput::builder().text("Hello from Rust");
    let created = service.create_tweet().body(body).send().await?;
    let read = service.get_tweet().id(created.id.as_str()).send().await?;
    println!("{} {}", read.id.as_str(), read.text.as_str());
    Ok(())
}
