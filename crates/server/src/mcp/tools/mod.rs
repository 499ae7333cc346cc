//! The tools, in the order in which every client gets them: a list that changes would cost a model's
//! server its cached prompt.

mod add;
mod change;
mod facts;
mod get;
mod recent;
mod search;
mod status;

use std::pin::Pin;
use std::sync::{Arc, LazyLock};

use longmem_core::schemars::JsonSchema;
use rmcp::model::{JsonObject, MetaObject, Tool, ToolAnnotations};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(super) use search::recalled_text;

use super::call::Call;
use super::reply::{MAX_CHARACTERS, Refusal, Reply};
use super::{arguments, schema};

/// What becomes of a call.
type Answer = Pin<Box<dyn Future<Output = Result<Reply, Refusal>> + Send>>;

/// A tool: what clients are told of it, and what it does.
pub(super) struct Entry {
    /// What clients are told.
    pub(super) tool: Tool,
    /// Whether it changes memory.
    pub(super) writes: bool,
    run: Box<dyn Fn(Call, Option<JsonObject>) -> Answer + Send + Sync>,
}

impl Entry {
    /// A tool that takes `A` and gives `R`, and changes nothing.
    fn reading<A: DeserializeOwned + JsonSchema, R: JsonSchema>(
        name: &'static str,
        title: &str,
        description: &'static str,
        run: impl Fn(Call, A) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let hints = ToolAnnotations::new().read_only(true);
        Self::new::<A, R>(name, title, description, hints, run)
    }

    /// A tool that takes `A`, gives `R`, and changes memory; calling it again changes nothing more.
    fn writing<A: DeserializeOwned + JsonSchema, R: JsonSchema>(
        name: &'static str,
        title: &str,
        description: &'static str,
        destroys: bool,
        run: impl Fn(Call, A) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let hints = ToolAnnotations::new().read_only(false).destructive(destroys).idempotent(true);
        Self { writes: true, ..Self::new::<A, R>(name, title, description, hints, run) }
    }

    fn new<A: DeserializeOwned + JsonSchema, R: JsonSchema>(
        name: &'static str,
        title: &str,
        description: &'static str,
        hints: ToolAnnotations,
        run: impl Fn(Call, A) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let tool = Tool::new(name, description, schema::input::<A>())
            .with_title(title)
            .with_raw_output_schema(schema::output::<R>())
            // Memory is a closed world: nothing but what was stored.
            .with_annotations(hints.open_world(false));
        let run = move |call, arguments| match arguments::read::<A>(name, arguments) {
            Ok(arguments) => run(call, arguments),
            Err(refusal) => Box::pin(async { Err(refusal) }),
        };
        Self { tool, writes: false, run: Box::new(run) }
            .with_meta("anthropic/maxResultSizeChars", MAX_CHARACTERS.into())
    }

    /// The same tool with one more remark for one maker's clients.
    fn with_meta(mut self, name: &str, value: Value) -> Self {
        self.tool.meta.get_or_insert_with(MetaObject::new).0.insert(name.to_owned(), value);
        self
    }

    /// Does what the tool is for.
    pub(super) fn run(&self, call: Call, arguments: Option<JsonObject>) -> Answer {
        (self.run)(call, arguments)
    }
}

/// Every tool.
pub(super) fn all() -> &'static [Arc<Entry>] {
    static ALL: LazyLock<Vec<Arc<Entry>>> = LazyLock::new(|| {
        let entries = [
            search::entry(),
            get::entry(),
            recent::entry(),
            facts::entry(),
            add::entry(),
            change::update(),
            change::delete(),
            status::entry(),
        ];
        entries.map(Arc::new).into()
    });
    &ALL
}

/// The tool of this name.
pub(super) fn named(name: &str) -> Option<&'static Arc<Entry>> {
    all().iter().find(|entry| entry.tool.name == name)
}
