//! The routes that clients of mem0 call, under `/mem0`, so that they work with this memory as they are.
//!
//! A memory of mem0 is a turn (`t40`) or a fact (`f12`) here; a run of mem0 is a session. What mem0 can do
//! and this memory cannot, such as metadata, is refused with 501, and never passed over.

mod add;
mod entities;
mod filters;
mod list;
mod memory;
mod one;

use super::registry::Registry;

pub(super) fn add(registry: &mut Registry) {
    entities::add(registry);
    add::add(registry);
    list::add(registry);
    one::add(registry);
}
