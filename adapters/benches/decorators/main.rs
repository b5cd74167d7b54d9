//! The gain of the decorators, without a database. `cargo bench -p adapters`

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up must fail")]

// Resources with decorators that save statements, one line each.
mod tweet;

fn main() {
    divan::main();
}
