//! What the contract of any port is built from. A case is a plain async function over an empty store; it panics with
//! the broken promise.

use std::{future::poll_fn, pin::Pin, task::Poll};

/// A future that runs on the test's runtime.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts a task on the test's runtime, because this crate depends on none. The returned future ends with the task, and
/// panics if the task did.
pub type Spawn = fn(Task) -> Task;

/// Expands to one `#[tokio::test]` for each case. `$fresh` is a future of something that holds an empty store for one
/// test: it has a method `repository()` that returns the port as an `Arc<dyn …>`, and may clean up when it is dropped.
/// The cases stand in the module in brackets.
///
/// For stores that are expensive to set up, `in one test: $setup, $fresh` expands to one test of all cases: `$setup` is
/// a future of what they share, and `$fresh` an async function that makes an empty store from a reference to it.
#[macro_export]
macro_rules! contract_tests {
    (@run $fresh:expr; [$($module:tt)+]; $case:ident) => {{
        let fresh = $fresh.await;
        $($module)+::$case(fresh.repository(), spawn).await;
    }};
    (in one test: $setup:expr, $fresh:path; $module:tt; $($case:ident),+ $(,)?) => {
        $crate::contract_tests!(@spawn);

        #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn every_case() {
            let setup = $setup.await;
            $( $crate::contract_tests!(@run $fresh(&setup); $module; $case); )+
        }
    };
    (@spawn) => {
        fn spawn(task: $crate::testing::contract::Task) -> $crate::testing::contract::Task {
            let handle = ::tokio::spawn(task);
            ::std::boxed::Box::pin(async { handle.await.expect("a task of the case failed") })
        }
    };
    (@case $fresh:expr; [$($module:tt)+]; $case:ident) => {
        #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::contract_tests!(@run $fresh; [$($module)+]; $case);
        }
    };
    ($fresh:expr; $module:tt; $($case:ident),+ $(,)?) => {
        $crate::contract_tests!(@spawn);

        $( $crate::contract_tests!(@case $fresh; $module; $case); )+
    };
}

/// Runs one task for each number below `count` concurrently, and waits for all of them.
pub async fn run_concurrently<F>(spawn: Spawn, count: u64, task: impl Fn(u64) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    // All are started before the first is awaited.
    let tasks: Vec<Task> = (0..count).map(|n| spawn(Box::pin(task(n)))).collect();

    for task in tasks {
        task.await;
    }
}

/// Starts these calls, then drops all of them: each where it first waits, or at its end if it never does.
pub async fn start_and_drop(mut calls: Vec<Pin<Box<dyn Future<Output = ()> + Send + '_>>>) {
    poll_fn(|context| {
        for call in &mut calls {
            let _ = call.as_mut().poll(context);
        }
        Poll::Ready(())
    })
    .await;
}
