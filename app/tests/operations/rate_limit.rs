//! Every operation of a resource counts for `RATE_LIMIT_PER_SECOND`.

use poem::test::TestResponse;

use super::operation::Operation;
use crate::support::{InProcess, header, problem, status_of};

const LIMIT: [(&str, &str); 2] = [("RATE_LIMIT_PER_SECOND", "1"), ("RATE_LIMIT_BURST", "1")];

/// More requests than a slow machine sends while the limit allows another.
const MANY: usize = 100;

/// The response to a request beyond the limit.
pub(super) async fn exceed(operation: &Operation) -> TestResponse {
    let service = InProcess::with(&LIMIT).await;
    let path = operation.path();

    for _ in 0..MANY {
        let response = operation.request(&service, &path).send().await;
        if status_of(&response) == 429 {
            return response;
        }
    }
    panic!("{operation} is not limited")
}

#[tokio::test]
async fn every_operation_beyond_the_rate_limit_is_429() {
    for operation in Operation::of_resources() {
        let service = InProcess::with(&LIMIT).await;
        let first = operation.request(&service, &operation.path()).send().await;
        assert!(
            header(&first, "ratelimit").is_some() && header(&first, "ratelimit-policy").is_some(),
            "{operation} counts for the rate limit"
        );

        let refused = exceed(&operation).await;
        for name in ["retry-after", "ratelimit", "ratelimit-policy"] {
            assert!(header(&refused, name).is_some(), "{operation}: {name}");
        }
        problem(refused, 429).await;
    }
}

#[test]
fn every_response_that_can_have_the_rate_limit_documents_it() {
    for operation in Operation::of_resources() {
        for (status, response) in operation.responses() {
            for name in ["RateLimit", "RateLimit-Policy"] {
                let header = &response["headers"][name];

                assert!(header.is_object(), "{operation} {status}: {name}");
                assert_eq!(
                    header["required"] == true,
                    status == 429,
                    "{operation} {status}: {name}"
                );
            }
        }
    }
}

#[tokio::test]
async fn monitoring_is_exempt_from_the_rate_limit() {
    let service = InProcess::with(&LIMIT).await;

    for operation in Operation::all()
        .iter()
        .filter(|operation| operation.is_monitoring())
    {
        for _ in 0..5 {
            let response = operation.request(&service, &operation.path()).send().await;
            assert_eq!(status_of(&response), 200, "{operation}");
            assert_eq!(header(&response, "ratelimit"), None, "{operation}");
        }
    }
}
