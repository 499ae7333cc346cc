//! The suite that every store passes, on a ring of three databases for each test.

use crate::fixture::{OfThree, can_be};

longmem_store::store_suite!(OfThree::new, where can_be);
