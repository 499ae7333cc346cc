//! Names what a figure was measured on.

use std::thread::available_parallelism;

use serde::Serialize;

/// A processor and the part of it that is used: a figure means nothing without them.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    version: &'static str,
    /// The processor's name, if the system tells it.
    cpu: Option<String>,
    /// Number of cores that this process may use.
    cores: usize,
    /// Number of threads that embedding and search use.
    threads: usize,
    system: &'static str,
    architecture: &'static str,
}

impl Machine {
    /// The machine that this program runs on.
    pub(super) fn this_one(threads: Option<usize>) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            cpu: fs_err::read_to_string("/proc/cpuinfo").ok().and_then(|text| cpu_name(&text)),
            cores,
            threads: threads.unwrap_or(cores),
            system: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
        }
    }

    /// The machine on one line.
    pub(super) fn line(&self) -> String {
        format!(
            "longmem {} on {} ({} cores, {} threads used), {} {}",
            self.version,
            self.cpu.as_deref().unwrap_or("a processor without a name"),
            self.cores,
            self.threads,
            self.system,
            self.architecture,
        )
    }
}

/// Bytes of memory that a process occupies, if the system tells it.
pub(super) fn resident_bytes(process: u32) -> Option<u64> {
    let status = fs_err::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// The processor's name in Linux's `/proc/cpuinfo`.
fn cpu_name(cpuinfo: &str) -> Option<String> {
    let (_, name) = cpuinfo
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| matches!(key.trim(), "model name" | "Model"))?;
    Some(name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named_as_the_system_does() {
        let text = "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC 9R14\n";
        assert_eq!(cpu_name(text).as_deref(), Some("AMD EPYC 9R14"));
        assert_eq!(cpu_name("processor\t: 0\n"), None);
    }
}
