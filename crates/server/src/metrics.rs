//! What is counted, for Prometheus. Labels are words of ours and templates of routes: no users, no paths.

use std::time::Duration;

use longmem_memory::{Recall, RecallTimings};
use longmem_wire::WatchEvent;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::proxy::ProxyMetrics;

/// Upper ends of the classes of times, in seconds: 1 ms to 10 s.
const SECONDS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Upper ends of the classes of numbers of results.
const RESULTS: [f64; 7] = [0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0];

/// The name under which requests are counted that no route takes.
const NO_ROUTE: &str = "none";

type Seconds<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stage {
    stage: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    tool: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Hook {
    client: &'static str,
    event: &'static str,
}

/// What is counted while the server runs.
#[derive(Debug)]
pub(crate) struct Metrics {
    requests: Family<Request, Counter>,
    request_seconds: Seconds<Route>,
    auth_failures: Counter,
    recall_seconds: Seconds<Stage>,
    recall_results: Histogram,
    degraded: Family<Reason, Counter>,
    mcp_calls: Family<Call, Counter>,
    hook_seconds: Seconds<Hook>,
    watch_turns: Family<Outcome, Counter>,
    /// What is counted of the proxies.
    pub(crate) proxy: ProxyMetrics,
}

impl Default for Metrics {
    fn default() -> Self {
        let seconds: fn() -> Histogram = || Histogram::new(SECONDS);
        Self {
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(seconds),
            auth_failures: Counter::default(),
            recall_seconds: Family::new_with_constructor(seconds),
            recall_results: Histogram::new(RESULTS),
            degraded: Family::default(),
            mcp_calls: Family::default(),
            hook_seconds: Family::new_with_constructor(seconds),
            watch_turns: Family::default(),
            proxy: ProxyMetrics::default(),
        }
    }
}

/// What is measured when somebody asks for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measured {
    /// Turns in the store.
    pub(crate) turns: u64,
    /// Those of them that have no vectors yet.
    pub(crate) turns_without_vectors: u64,
    /// Bytes of the store on disk.
    pub(crate) store_bytes: u64,
    /// Whether the embedding model is loaded.
    pub(crate) model_ready: bool,
}

impl Metrics {
    /// Counts a request that is answered; a route is a template such as `/v1/memory/turns/{id}`.
    pub(crate) fn request(
        &self,
        route: Option<&str>,
        method: &'static str,
        status: u16,
        took: Duration,
    ) {
        let route = route.unwrap_or(NO_ROUTE).to_owned();
        let labels = Request { route: route.clone(), method, status };
        self.requests.get_or_create(&labels).inc();
        self.request_seconds.get_or_create(&Route { route }).observe(took.as_secs_f64());
    }

    /// Counts a request that was refused for want of a valid key.
    pub(crate) fn auth_failure(&self) {
        self.auth_failures.inc();
    }

    /// Counts a recall, with the time of its parts and why it may have found less.
    pub(crate) fn recall(&self, recall: &Recall) {
        let RecallTimings { embedding, channels, ranking } = recall.timings;
        for (stage, took) in [("embed", embedding), ("score", channels), ("rank", ranking)] {
            self.recall_seconds.get_or_create(&Stage { stage }).observe(took.as_secs_f64());
        }
        self.recall_results.observe(recall.results.len() as f64);
        for reason in &recall.degraded {
            self.degraded.get_or_create(&Reason { reason: reason.as_str() }).inc();
        }
    }

    /// Counts a call of a tool by MCP that ended with `ok`, `refused`, or `bug`.
    pub(crate) fn mcp_call(&self, tool: &str, outcome: &'static str) {
        self.mcp_calls.get_or_create(&Call { tool: tool.to_owned(), outcome }).inc();
    }

    /// Counts a hook of an agent.
    pub(crate) fn hook(&self, client: &'static str, event: &'static str, took: Duration) {
        self.hook_seconds.get_or_create(&Hook { client, event }).observe(took.as_secs_f64());
    }

    /// Counts what came of the transcripts that are watched: turns that were `new`, `known`, `forgotten` or
    /// `refused`, and files that `failed`.
    pub(crate) fn watch(&self, event: &WatchEvent) {
        let count = |outcome, number| {
            self.watch_turns.get_or_create(&Outcome { outcome }).inc_by(number);
        };
        match event {
            WatchEvent::Captured { new, known, forgotten, refused, .. } => {
                count("new", *new);
                count("known", *known);
                count("forgotten", *forgotten);
                count("refused", *refused);
            }
            WatchEvent::Failed { .. } => count("failed", 1),
            _ => {}
        }
    }

    /// Everything, in the text format of `OpenMetrics`.
    pub(crate) fn text(&self, measured: Option<Measured>) -> String {
        let mut registry = Registry::with_prefix("longmem");
        let requests = self.requests.clone();
        registry.register("http_requests", "Requests that were answered", requests);
        let seconds = self.request_seconds.clone();
        registry.register("http_request_seconds", "Seconds until an answer began", seconds);
        let failures = self.auth_failures.clone();
        registry.register("auth_failures", "Requests without a valid key", failures);
        let stages = self.recall_seconds.clone();
        registry.register("recall_seconds", "Seconds of the parts of a recall", stages);
        let results = self.recall_results.clone();
        registry.register("recall_results", "Turns that a recall found", results);
        let degraded = self.degraded.clone();
        registry.register("degraded", "Recalls that did not search by meaning", degraded);
        registry.register("mcp_calls", "Calls of tools by MCP", self.mcp_calls.clone());
        let hooks = self.hook_seconds.clone();
        registry.register("hook_seconds", "Seconds until a hook was answered", hooks);
        let watched = self.watch_turns.clone();
        registry.register("watch_turns", "Turns of transcripts that are watched", watched);
        self.proxy.register(&mut registry);
        if let Some(measured) = measured {
            let mut gauge = |name, help, value: u64| {
                registry.register(name, help, ConstGauge::new(value as i64));
            };
            gauge("turns", "Turns in the store", measured.turns);
            let help = "Turns that have no vectors yet";
            gauge("turns_without_vectors", help, measured.turns_without_vectors);
            gauge("store_bytes", "Bytes of the store on disk", measured.store_bytes);
            let help = "1 if the embedding model is loaded";
            gauge("model_ready", help, measured.model_ready.into());
        }
        let mut text = String::new();
        text::encode(&mut text, &registry).expect("a text takes whatever is written to it");
        text
    }
}

#[cfg(test)]
mod tests {
    use longmem_memory::Degraded;

    use super::*;

    #[test]
    fn the_text_has_the_names_that_were_promised() {
        let metrics = Metrics::default();
        let took = Duration::from_millis(3);
        metrics.request(Some("/v1/memory/turns/{id}"), "GET", 200, took);
        metrics.request(None, "GET", 404, took);
        metrics.auth_failure();
        let mut recall = Recall::default();
        recall.degraded.push(Degraded::ModelLoading);
        metrics.recall(&recall);
        metrics.mcp_call("memory_search", "ok");
        metrics.hook("codex", "Stop", took);
        let measured =
            Measured { turns: 7, turns_without_vectors: 1, store_bytes: 4096, model_ready: true };
        let text = metrics.text(Some(measured));
        for line in [
            r#"longmem_http_requests_total{route="/v1/memory/turns/{id}",method="GET",status="200"} 1"#,
            r#"longmem_http_requests_total{route="none",method="GET",status="404"} 1"#,
            r#"longmem_http_request_seconds_bucket{le="0.005",route="none"} 1"#,
            "longmem_auth_failures_total 1",
            r#"longmem_recall_seconds_count{stage="embed"} 1"#,
            "longmem_recall_results_count 1",
            r#"longmem_degraded_total{reason="model_loading"} 1"#,
            r#"longmem_mcp_calls_total{tool="memory_search",outcome="ok"} 1"#,
            r#"longmem_hook_seconds_count{client="codex",event="Stop"} 1"#,
            "longmem_turns 7",
            "longmem_turns_without_vectors 1",
            "longmem_store_bytes 4096",
            "longmem_model_ready 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        assert!(!metrics.text(None).contains("longmem_turns"));
    }
}
