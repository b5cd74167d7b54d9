//! Sending each call of a batch its part of the output.

use domain::RepositoryError;

use super::QueuedCall;

impl<Item, Output> QueuedCall<Item, Output> {
    /// Whether the caller is gone.
    pub(super) fn is_dropped(&self) -> bool {
        self.result.is_closed()
    }

    /// Sends the result. A call that was dropped does not receive it.
    pub(super) fn send(self, result: Result<Output, RepositoryError>) {
        let _ = self.result.send(result);
    }
}

/// Each call gets the whole output.
pub fn whole<Item, Output: Clone>(output: Output, batch: Vec<QueuedCall<Item, Output>>) {
    for call in batch {
        call.send(Ok(output.clone()));
    }
}

/// The output has one element for each item, in the order of the items.
pub fn in_order<Item, Element>(output: Vec<Element>, batch: Vec<QueuedCall<Item, Vec<Element>>>) {
    let mut output = output.into_iter();

    for call in batch {
        let part = output.by_ref().take(call.items.len()).collect();
        call.send(Ok(part));
    }
}

/// The items are ids, and the output is what was found, in no particular order. `id_of` returns the id of an element.
pub fn by_id<Id: Ord, Element: Clone>(
    mut output: Vec<Element>,
    batch: Vec<QueuedCall<Id, Vec<Element>>>,
    id_of: fn(&Element) -> Id,
) {
    output.sort_unstable_by_key(id_of);
    let find = |id: &Id| {
        let index = output.binary_search_by(|element| id_of(element).cmp(id)).ok()?;
        Some(output[index].clone())
    };

    for mut call in batch {
        // A call that asks for an id twice gets it once.
        call.items.sort_unstable();
        call.items.dedup();

        let part = call.items.iter().filter_map(find).collect();
        call.send(Ok(part));
    }
}
