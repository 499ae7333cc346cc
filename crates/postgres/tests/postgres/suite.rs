//! The suite that every store passes, on a database for each test.

use crate::fixture::InDatabase;

longmem_store::store_suite!(InDatabase::new, where InDatabase::can_be);
