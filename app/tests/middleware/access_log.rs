//! One line for each request.

use tempfile::TempDir;

use crate::support::{Service, example};

#[test]
fn each_request_is_one_line_with_method_route_status_and_duration() {
    let mut service = Service::in_memory(&[]);
    service.get(example::UNKNOWN_ITEM);
    let line = service.wait_for_log("access: ");

    let route = example::ITEM_ROUTE;
    assert!(
        line.contains(&format!(
            "access: method=GET route={route} status=404 duration_ms="
        )),
        "{line}"
    );
}

#[test]
fn json_log_lines_are_json_objects() {
    let folder = TempDir::new().expect("a folder");
    let variables = [("DATABASE_URL", "memory:"), ("LOG_FORMAT", "json")];
    let mut service = Service::start(&variables, folder.path());

    service.exchange(
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: abc-123\r\nConnection: close\r\n\r\n",
    );
    let line = service.wait_for_log("abc-123");
    let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");

    assert_eq!(line["request_id"], "abc-123");
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["status"], 200, "numbers are numbers");
    assert_eq!(line["route"], "/livez");
    for line in &service.log {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let timestamp = line["timestamp"].as_str();
        assert!(timestamp.is_some_and(|time| time.ends_with('Z')), "{line}");
    }
}
