//! Pages of a collection.

use crate::Id;

/// The maximum number of items on a page: 1 to [`MAX`](Self::MAX), by default [`DEFAULT`](Self::DEFAULT).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(usize);

impl PageLimit {
    /// The largest limit that a client may request.
    pub const MAX: usize = 200;

    /// The limit of a request that names none.
    pub const DEFAULT: usize = 50;

    /// `None` if `limit` is out of range.
    pub fn new(limit: usize) -> Option<Self> {
        (1..=Self::MAX).contains(&limit).then_some(Self(limit))
    }

    /// The number of items.
    pub const fn get(self) -> usize {
        self.0
    }

    /// The number of items to fetch. One more than the page holds shows whether there is a next page, without a second
    /// query.
    pub const fn with_lookahead(self) -> usize {
        self.0 + 1
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}

/// Where a page of a collection begins, and which way it goes. The items of a page are those next to its beginning, in
/// the order in which they are met.
#[derive(Debug)]
pub enum Cursor<T> {
    /// At the newest item, towards older ones.
    Newest,
    /// At the newest item with a smaller id, which need not be stored, towards older ones.
    Before(Id<T>),
    /// At the oldest item with a larger id, which need not be stored, towards newer ones.
    After(Id<T>),
}

// Written by hand: a derive would demand the same traits of `T`.

impl<T> Clone for Cursor<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Cursor<T> {}

/// A part of a collection: newest first, or after [`Cursor::After`] oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// At most as many items as the limit.
    pub items: Vec<T>,
    /// The id of the first item; `None` if there are none.
    pub first: Option<Id<T>>,
    /// The id of the last item, where the next page begins; `None` on the last page.
    pub next: Option<Id<T>>,
}

impl<T> Page<T> {
    /// The page in `fetched`, of which [`PageLimit::with_lookahead`] items were requested.
    pub fn new(mut fetched: Vec<T>, limit: PageLimit, id: impl Fn(&T) -> Id<T>) -> Self {
        let has_next = fetched.len() > limit.get();
        fetched.truncate(limit.get());

        let first = fetched.first().map(&id);
        let next = if has_next { fetched.last().map(id) } else { None };
        Self {
            items: fetched,
            first,
            next,
        }
    }
}
