//! The store of `examples/own_store` passes the suite.

use std::sync::Arc;

use longmem_store::Store;
use longmem_store::suite::Fixture;

#[expect(dead_code, reason = "the example's main is not run here")]
#[path = "../examples/own_store/main.rs"]
mod example;

struct InMemory(Arc<example::MemoryStore>);

impl InMemory {
    fn new() -> Self {
        Self(Arc::default())
    }
}

impl Fixture for InMemory {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.0) as Arc<dyn Store>
    }
}

longmem_store::store_suite!(InMemory::new);
