//! Measures recall quality and latency on public data sets.
