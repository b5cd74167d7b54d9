//! What the comparison says: of each kind of breaking change one sentence, with the place of the change.

use serde_json::{Value, json};

use crate::{acknowledged, comparison::Difference, document::breaking_changes, read_document};

/// The place in a document that is replaced, its new value, and the sentences about it.
type Case = (&'static str, Value, &'static [&'static str]);

fn document() -> Value {
    read_document("tests/compatibility/every_keyword.json")
}

/// The sentences about a change of [`document`].
fn sentences(pointer: &str, value: Value) -> Vec<String> {
    let released = document();
    let mut committed = released.clone();
    *committed.pointer_mut(pointer).expect("a part of the document") = value;

    let differences = breaking_changes(&released, &committed).into_iter();
    differences.map(|difference| difference.sentence).collect()
}

#[test]
fn sentences_name_the_operation_and_say_what_changed_for_its_clients() {
    let cases: [Case; 9] = [
        (
            "/components/schemas/PartInput/required",
            json!(["name", "note"]),
            &[
                "POST /parts/: the request property \"note\" became required (/components/schemas/PartInput/required/1)",
            ],
        ),
        (
            "/components/schemas/Part/required",
            json!(["state"]),
            &[
                "GET /parts/ and 1 more operation: the response property \"name\" became optional \
               (/components/schemas/Part/required/0)",
            ],
        ),
        (
            "/components/schemas/State/enum",
            json!(["ok", "late"]),
            &[
                "POST /parts/ and 1 more operation: the request schema \"State\" may no longer be \"broken\" \
                 (/components/schemas/State/enum/1)",
                "GET /parts/ and 2 more operations: the response schema \"State\" may be \"late\", which clients do not \
                 know (/components/schemas/State/enum/1)",
            ],
        ),
        (
            "/components/schemas/PartInput/properties/name/maxLength",
            json!(100),
            &[
                "POST /parts/: the request property \"name\" has the maxLength 100 instead of 140, and accepts less than \
               before (/components/schemas/PartInput/properties/name/maxLength)",
            ],
        ),
        (
            "/paths/~1parts~1/get/parameters",
            json!([]),
            &[
                "GET /parts/: the query parameter \"limit\" was removed, and clients still send it \
                 (/paths/~1parts~1/get/parameters/0)",
                "GET /parts/: the query parameter \"colour\" was removed, and clients still send it \
                 (/paths/~1parts~1/get/parameters/1)",
            ],
        ),
        (
            "/paths/~1parts~1/get/responses/200/headers/ETag/required",
            json!(false),
            &[
                "GET /parts/: the header \"ETag\" of the 200 response became optional \
               (/paths/~1parts~1/get/responses/200/headers/ETag/required)",
            ],
        ),
        (
            "/paths/~1parts~1/get/security",
            json!([{"token": []}]),
            &[
                "GET /parts/: the operation no longer accepts requests with no credentials (/paths/~1parts~1/get/security)",
            ],
        ),
        (
            "/paths/~1parts~1/get/operationId",
            json!("getParts"),
            &[
                "GET /parts/: the operation has the operationId \"getParts\" instead of \"listParts\": generated functions \
               have its name (/paths/~1parts~1/get/operationId)",
            ],
        ),
        (
            "/paths/~1parts~1/get/parameters/0/explode",
            json!(false),
            &[
                "GET /parts/: the query parameter \"limit\" has the explode false instead of true, which is not known to be \
               compatible (/paths/~1parts~1/get/parameters/0/explode)",
            ],
        ),
    ];

    for (pointer, value, expected) in cases {
        assert_eq!(sentences(pointer, value), expected, "{pointer}");
    }
}

/// Operations without requirements of their own have those of the document.
#[test]
fn requirements_of_the_whole_document_are_those_of_its_operations() {
    let mut released = document();
    let get = released
        .pointer_mut("/paths/~1parts~1/get")
        .and_then(Value::as_object_mut);
    get.expect("an operation").remove("security");
    let mut committed = released.clone();
    committed["security"] = json!([{"token": []}]);

    let tightened = breaking_changes(&released, &committed);
    let loosened = breaking_changes(&committed, &released);

    let expected = "GET /parts/: the operation no longer accepts requests with no credentials (/security)";
    assert_eq!(
        tightened.iter().map(|found| &*found.sentence).collect::<Vec<_>>(),
        [expected]
    );
    assert_eq!(loosened, []);
}

fn difference(pointer: &str) -> Difference {
    let sentence = format!("GET /: it broke ({pointer})");
    Difference {
        pointer: pointer.to_owned(),
        sentence,
    }
}

#[test]
fn acknowledged_change_is_accepted_with_a_reason_only() {
    let found = [difference("/a~1b")];
    acknowledged::check(&found, r#"{"/a~1b": "nobody used it"}"#).expect("acknowledged");

    for (text, part) in [
        ("{}", "GET /: it broke (/a~1b)"),
        ("{}", "acknowledge it in openapi/acknowledged.json"),
        (r#"{"/a~1b": " "}"#, "/a~1b needs a reason"),
        (r#"{"/a~1b": 7}"#, "/a~1b needs a reason"),
        ("[]", "must be an object"),
    ] {
        let complaint = acknowledged::check(&found, text).expect_err(text);
        assert!(complaint.contains(part), "{complaint}");
    }
}

#[test]
fn acknowledgement_of_what_is_not_breaking_is_an_error() {
    acknowledged::check(&[], "{}").expect("nothing to acknowledge");

    let complaint = acknowledged::check(&[], r#"{"/a": "a reason"}"#).expect_err("stale");
    assert_eq!(
        complaint,
        "openapi/acknowledged.json: there is no breaking change at /a; remove the line"
    );
}
