//! The file of tokens, while clients take all connections.

use std::fs;

use adapters::auth::token_file::issue;
use tempfile::TempDir;

use super::{descriptors::service_with_few_files, flood::Flood};
use crate::support::{example, wait_until};

#[test]
fn flood_leaves_descriptors_for_the_token_file() {
    let folder = TempDir::new().expect("a folder");
    let issued = ["alice", "bob"].map(|name| issue(&name.parse().expect("a name")).expect("a token"));
    let [alice, bob] = &issued;
    let file = folder.path().join("tokens");
    fs::write(&file, format!("{}\n{}\n", alice.line, bob.line)).expect("a token file");
    let variables = [("DATABASE_URL", "memory:"), ("API_TOKENS_FILE", "tokens")];
    let mut service = service_with_few_files(&variables, &folder);

    let flood = Flood::silent(service.address);
    flood.wait_for(400);
    service.wait_for_log("MAX_CONNECTIONS reached");

    fs::write(&file, format!("{}\n", bob.line)).expect("a token file");
    wait_until("the withdrawn token is refused", || {
        let headers = format!("Authorization: Bearer {}\r\n", alice.token);
        let response = service.post_with(&headers, &example::body("hello"));
        response.starts_with("HTTP/1.1 401 ")
    });

    drop(flood);
    service.signal("TERM");
    service.wait_for_log("stopped");
    for problem in ["cannot accept", "API_TOKENS_FILE: "] {
        assert!(
            !service.log.iter().any(|line| line.contains(problem)),
            "{:?}",
            service.log
        );
    }
}
