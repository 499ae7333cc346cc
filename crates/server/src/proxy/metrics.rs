//! What is counted of the proxies.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::api::ProxyApi;
use super::told::Told;

/// Upper ends of the classes of tokens.
const TOKENS: [f64; 8] = [0.0, 100.0, 250.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 20_000.0];

/// Upper ends of the classes of times, in seconds: what is added is short, and an answer may take minutes to
/// begin.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    api: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// What is counted of the proxies.
#[derive(Debug)]
pub(crate) struct ProxyMetrics {
    requests: Family<Request, Counter>,
    added_seconds: Histogram,
    first_byte_seconds: Histogram,
    injected_tokens: Histogram,
    uninspected: Family<Reason, Counter>,
    degraded: Family<Reason, Counter>,
    captured: Family<Outcome, Counter>,
}

impl Default for ProxyMetrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            added_seconds: Histogram::new(SECONDS),
            first_byte_seconds: Histogram::new(SECONDS),
            injected_tokens: Histogram::new(TOKENS),
            uninspected: Family::default(),
            degraded: Family::default(),
            captured: Family::default(),
        }
    }
}

impl ProxyMetrics {
    /// Counts what was done with a request before it went on, and how long that took, its body's arrival
    /// included.
    pub(super) fn prepared(&self, told: &Told, took: Duration) {
        if let Some(tokens) = told.injected {
            self.injected_tokens.observe(tokens as f64);
            self.added_seconds.observe(took.as_secs_f64());
        }
        if let Some(reason) = told.uninspected {
            self.uninspected.get_or_create(&Reason { reason }).inc();
        }
        if let Some(reason) = told.degraded {
            self.degraded.get_or_create(&Reason { reason }).inc();
        }
    }

    /// Counts a request with what came of it, and how long its upstream took to begin its answer.
    pub(super) fn answered(&self, api: ProxyApi, outcome: &'static str, took: Duration) {
        self.requests.get_or_create(&Request { api: api.as_str(), outcome }).inc();
        self.first_byte_seconds.observe(took.as_secs_f64());
    }

    /// Counts turns that were to be stored and are `new`, were `known`, wait in the spool (`spooled`) or are lost
    /// (`failed`), and answers of which `nothing` was to be stored or that were `encoded`.
    pub(super) fn captured(&self, outcome: &'static str, number: u64) {
        self.captured.get_or_create(&Outcome { outcome }).inc_by(number);
    }

    /// Adds everything to what is shown.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let requests = self.requests.clone();
        registry.register("proxy_requests", "Requests that were relayed", requests);
        let added = self.added_seconds.clone();
        registry.register("proxy_added_seconds", "Seconds before a question went on", added);
        let first = self.first_byte_seconds.clone();
        let help = "Seconds until an upstream began its answer";
        registry.register("proxy_upstream_first_byte_seconds", help, first);
        let injected = self.injected_tokens.clone();
        registry.register("proxy_injected_tokens", "Tokens put into a question", injected);
        let uninspected = self.uninspected.clone();
        let help = "Questions that were relayed without being looked into";
        registry.register("proxy_uninspected", help, uninspected);
        let degraded = self.degraded.clone();
        let help = "Questions in which memory had less of a part than it could";
        registry.register("proxy_degraded", help, degraded);
        let captured = self.captured.clone();
        registry.register("proxy_captured_turns", "Turns of what was relayed", captured);
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text;

    use super::*;

    #[test]
    fn the_text_has_the_names_that_were_promised() {
        let metrics = ProxyMetrics::default();
        let told = Told { injected: Some(120), degraded: Some("deadline"), uninspected: None };
        let took = Duration::from_millis(3);
        metrics.prepared(&told, took);
        let uninspected = Told { uninspected: Some("too_long"), ..Told::default() };
        metrics.prepared(&uninspected, took);
        metrics.answered(ProxyApi::OpenAi, told.outcome(), took);
        metrics.answered(ProxyApi::Anthropic, uninspected.outcome(), took);
        metrics.captured("new", 2);
        let mut registry = Registry::with_prefix("longmem");
        metrics.register(&mut registry);
        let mut shown = String::new();
        text::encode(&mut shown, &registry).unwrap();
        for line in [
            r#"longmem_proxy_requests_total{api="openai",outcome="injected"} 1"#,
            r#"longmem_proxy_requests_total{api="anthropic",outcome="uninspected"} 1"#,
            "longmem_proxy_added_seconds_count 1",
            "longmem_proxy_upstream_first_byte_seconds_count 2",
            r#"longmem_proxy_injected_tokens_bucket{le="250.0"} 1"#,
            r#"longmem_proxy_uninspected_total{reason="too_long"} 1"#,
            r#"longmem_proxy_degraded_total{reason="deadline"} 1"#,
            r#"longmem_proxy_captured_turns_total{outcome="new"} 2"#,
        ] {
            assert!(shown.lines().any(|found| found == line), "{line} in\n{shown}");
        }
    }
}
