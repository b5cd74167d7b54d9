//! The requests that show whether a service holds members to their limits.

use poem::http::Method;
use serde_json::Value;

use super::Member;
use crate::support::{InProcess, json as json_of, problem, status_of};

/// The requests that write an item with a body: `POST`, and `PUT` if the document has it for items.
async fn writes(service: &InProcess, collection: &str, body: &Value) -> Vec<(Method, String)> {
    let document: Value = serde_json::from_str(&openapi::spec(app::version::NAME)).expect("a document");
    let mut writes = vec![(Method::POST, collection.to_owned())];

    if document["paths"][format!("{collection}{{id}}")]["put"].is_object() {
        let created = service.post(collection).body_json(body).send().await;
        assert_eq!(status_of(&created), 201, "{body}");
        let id = json_of(created).await["id"].clone();
        writes.push((
            Method::PUT,
            format!("{collection}{}", id.as_str().expect("an id")),
        ));
    }
    writes
}

async fn send(service: &InProcess, write: &(Method, String), body: &Value) -> poem::test::TestResponse {
    let (method, path) = write;
    let request = service.request(method.clone(), path);
    request.header("If-Match", "*").body_json(body).send().await
}

/// `body` with this value in a member; without the member, if there is none.
fn with(body: &Value, name: &str, value: Option<&Value>) -> Value {
    let mut body = body.clone();
    let members = body.as_object_mut().expect("an object");

    match value {
        Some(value) => members.insert(name.to_owned(), value.clone()),
        None => members.remove(name),
    };
    body
}

/// Asserts that values within the limits are stored, and shown by the response to the write and by a GET. `body` is a
/// valid body with all members.
pub(crate) async fn valid_values_are_stored_and_shown(collection: &str, body: &str, members: &[Member]) {
    let service = InProcess::sqlite().await;
    let body: Value = serde_json::from_str(body).expect("JSON");
    let writes = writes(&service, collection, &body).await;

    for member in members {
        let name = member.name;
        let absent = member.is_optional.then_some((None, &Value::Null));
        let sent = member.valid.iter().map(|(sent, shown)| (Some(sent), shown));

        for (sent, shown) in sent.chain(absent) {
            for write in &writes {
                let what = format!("{} with {name} {sent:?}", write.0);
                let response = send(&service, write, &with(&body, name, sent)).await;
                assert!(
                    response.0.status().is_success(),
                    "{what}: {}",
                    response.0.status()
                );
                let written = json_of(response).await;
                assert_eq!(written[name], *shown, "{what}");
                assert_eq!(
                    written.get(name).is_none(),
                    shown.is_null(),
                    "{what}: absent, not null"
                );

                let id = written["id"].as_str().expect("an id");
                let stored = service.get(format!("{collection}{id}")).send().await;
                assert_eq!(json_of(stored).await, written, "{what}");
            }
        }
    }
}

/// Asserts that values outside the limits, and missing members, are a 400 that names each such member and states its
/// rule, and that nothing is stored. The members are all that the document has in the body.
pub(crate) async fn invalid_values_are_rejected(collection: &str, body: &str, members: &[Member]) {
    let service = InProcess::memory().await;
    let body: Value = serde_json::from_str(body).expect("JSON");
    let names: Vec<_> = members.iter().map(|member| member.name).collect();
    let mut sent: Vec<_> = body.as_object().expect("an object").keys().collect();
    sent.sort_by_key(|name| names.iter().position(|other| other == name));
    assert_eq!(sent, names, "each member has its limits here");

    let writes = writes(&service, collection, &body).await;
    let before = json_of(service.get(collection).send().await).await;

    for member in members {
        let name = member.name;
        let missing = (!member.is_optional).then_some((None, "is missing"));
        let invalid = member.invalid.iter();
        let invalid = invalid.map(|(value, reason)| (Some(value), reason.as_str()));

        for (value, reason) in invalid.chain(missing) {
            for write in &writes {
                let what = format!("{} with {name} {value:?}", write.0);
                let response = send(&service, write, &with(&body, name, value)).await;
                assert_eq!(status_of(&response), 400, "{what}");

                let problem = problem(response, 400).await;
                let [violation] = &problem["errors"].as_array().expect("an array")[..] else {
                    panic!("{what}: not one violation: {problem}");
                };
                assert_eq!(violation["pointer"], format!("/{name}"), "{what}");
                let detail = violation["detail"].as_str().expect("a reason");
                assert!(detail.contains(reason), "{what}: no {reason:?} in {detail:?}");
            }
        }
    }

    let mut all_invalid = body;
    for member in members {
        all_invalid = with(&all_invalid, member.name, Some(&member.invalid[0].0));
    }
    for write in &writes {
        let response = send(&service, write, &all_invalid).await;
        let problem = problem(response, 400).await;

        let violations = problem["errors"].as_array().expect("an array").iter();
        let mut pointers: Vec<_> = violations
            .filter_map(|violation| violation["pointer"].as_str())
            .collect();
        let mut expected: Vec<_> = names.iter().map(|name| format!("/{name}")).collect();
        pointers.sort_unstable();
        expected.sort_unstable();
        assert_eq!(
            pointers, expected,
            "{}: every invalid member is reported once",
            write.0
        );
    }

    let after = json_of(service.get(collection).send().await).await;
    assert_eq!(after, before, "nothing was written");
}
