//! The suite that every store passes, on a database for each test: as a store of its own, and as one server
//! of a ring.

use crate::fixture::InDatabase;

longmem_store::store_suite!(InDatabase::new, where InDatabase::can_be);

mod in_ring {
    use crate::fixture::{InDatabase, InRing};

    longmem_store::store_suite!(InRing::new, where InDatabase::can_be);
}
