//! The documentation page in a browser that reaches it through a proxy, which serves it under a path.

use serde_json::json;

use super::{process::Proxy, trusting};
use crate::browser::run;

#[tokio::test]
async fn documentation_works_in_a_browser_behind_the_documented_nginx_under_a_path() {
    let service = trusting(&[]);
    let proxy = Proxy::documented_nginx(service.address);

    let under_a_path = json!({ "prefix": "/microblog" });
    run("try_it_out", proxy.address(), under_a_path).await;
}
