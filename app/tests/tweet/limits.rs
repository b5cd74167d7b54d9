//! The members of a body within their limits and outside.

use super::BODY;
use crate::support::members::{self, Member};

/// The members with their limits, independently of the code.
fn members() -> Vec<Member> {
    vec![Member::text("text", 1, 140)]
}

#[tokio::test]
async fn valid_values_are_stored_and_shown() {
    members::valid_values_are_stored_and_shown("/tweet/", BODY, &members()).await;
}

#[tokio::test]
async fn invalid_values_are_rejected_with_their_rule() {
    members::invalid_values_are_rejected("/tweet/", BODY, &members()).await;
}
