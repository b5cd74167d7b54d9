//! Clients that generators of other languages make, as the documents show them.

mod python;
