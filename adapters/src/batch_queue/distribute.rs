//! The operations of repositories: a method whose calls can share a statement, and the way to divide its output.

use std::{hash::Hash, sync::Arc};

use domain::RepositoryError;

use super::{BoxFuture, Operation};

/// Calls a method of the repository `R`. The type of the function is that of `async_trait` methods, so that
/// `|store, (), items| store.add(items)` is one.
type Method<R, K, I, T> = for<'a> fn(&'a R, &'a K, &'a [I]) -> BoxFuture<'a, Result<T, RepositoryError>>;

/// A method of the repository `R` with keys `K`, items `I` and output `T`, which `D` divides among calls.
pub(crate) struct SharedStatement<R, K, I, T, D> {
    repository: Arc<R>,
    method: Method<R, K, I, T>,
    divide: D,
}

impl<R, K, I, T, D> SharedStatement<R, K, I, T, D> {
    /// A method of `repository`.
    pub(crate) fn new(repository: &Arc<R>, method: Method<R, K, I, T>, divide: D) -> Self {
        Self {
            repository: Arc::clone(repository),
            method,
            divide,
        }
    }
}

impl<R, K, I, T, D> Operation for SharedStatement<R, K, I, T, D>
where
    R: Send + Sync + 'static,
    K: Clone + Eq + Hash + Send + Sync + 'static,
    I: Clone + Send + Sync + 'static,
    T: Send + 'static,
    D: Divide<I, T>,
{
    type Key = K;
    type Item = I;
    type Output = T;

    fn execute<'a>(&'a self, key: &'a K, items: &'a [I]) -> BoxFuture<'a, Result<T, RepositoryError>> {
        (self.method)(&self.repository, key, items)
    }

    fn divide(&self, output: T) -> impl FnMut(Vec<I>) -> T + Send {
        self.divide.parts(output)
    }
}

/// How the output of a shared statement is divided among its calls.
pub(crate) trait Divide<I, T>: Send + Sync + 'static {
    /// Returns a function from the items of each call of a batch, in order, to its part of the output.
    fn parts(&self, output: T) -> impl FnMut(Vec<I>) -> T + Send;
}

/// Each call gets the whole output.
pub(crate) struct Whole;

impl<I, T: Clone + Send> Divide<I, T> for Whole {
    fn parts(&self, output: T) -> impl FnMut(Vec<I>) -> T + Send {
        move |_| output.clone()
    }
}

/// The output has one element for each item, in the order of the items.
pub(crate) struct InOrder;

impl<I, T: Send> Divide<I, Vec<T>> for InOrder {
    fn parts(&self, output: Vec<T>) -> impl FnMut(Vec<I>) -> Vec<T> + Send {
        let mut output = output.into_iter();
        move |items| output.by_ref().take(items.len()).collect()
    }
}

/// The items are ids, and the output is what was found, in no particular order. The function returns the id of an
/// element.
pub(crate) struct ById<I, T>(pub(crate) fn(&T) -> I);

impl<I, T> Divide<I, Vec<T>> for ById<I, T>
where
    I: Ord + Send + 'static,
    T: Clone + Send + 'static,
{
    fn parts(&self, mut output: Vec<T>) -> impl FnMut(Vec<I>) -> Vec<T> + Send {
        let id = self.0;
        output.sort_unstable_by_key(id);

        move |mut ids| {
            // A call that asks for an id twice gets it once.
            ids.sort_unstable();
            ids.dedup();

            let position = |wanted: &I| output.binary_search_by(|found| id(found).cmp(wanted)).ok();
            ids.iter()
                .filter_map(position)
                .map(|n| output[n].clone())
                .collect()
        }
    }
}
