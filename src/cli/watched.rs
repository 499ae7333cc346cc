//! What is watched: named on the command line, or in the configuration file.

use std::path::PathBuf;

use longmem::environment;
use longmem_server::{WatchSettings, WatchSource, WatchedFolder};

use crate::agent_folders::Agent;
use crate::settings::Settings;

/// What is watched for the user of the settings: these agents and paths, or what the configuration file
/// names if there are none. Nothing is watched that was not named.
pub(crate) fn watched(
    sources: &[WatchSource],
    paths: &[PathBuf],
    settings: &Settings,
) -> WatchSettings {
    let config = &settings.watch;
    let (sources, paths) = match (sources, paths) {
        ([], []) => (&*config.sources, &*config.paths),
        named => named,
    };
    let of_agent = |source: &WatchSource| {
        let agent = match source {
            WatchSource::ClaudeCode => Agent::ClaudeCode,
            WatchSource::Codex => Agent::Codex,
            WatchSource::GeminiCli => Agent::GeminiCli,
        };
        let named = environment::read(agent.variable());
        let folder = agent.watched(named.as_deref(), &settings.home);
        WatchedFolder::of_agent(*source, folder)
    };
    let mut folders: Vec<WatchedFolder> = sources.iter().map(of_agent).collect();
    folders.extend(paths.iter().map(WatchedFolder::own));
    let mut watched = WatchSettings::new(settings.user.clone(), folders);
    watched.exclude.clone_from(&config.exclude);
    watched
}
