//! The gain of the decorators, without a database. `cargo bench -p adapters`

// Resources with decorators that save statements, one line each.
mod tweet;

fn main() {
    divan::main();
}
