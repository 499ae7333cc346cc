//! `longmem serve`: the memory for other programs, over HTTP.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use longmem::IfMissing;
use longmem_chat::AsyncMemory;
use longmem_core::ErrorCode;
use longmem_server::{Listeners, Server, ServerSettings};
use longmem_wire as wire;

use crate::arguments::ServeArguments;
use crate::compose;
use crate::failure::Failure;
use crate::output::Output;
use crate::remedy::hint;
use crate::sanitize::for_terminal;
use crate::settings::Settings;
use crate::stop_signals::StopSignals;

/// Where it listens if nothing else is said.
const DEFAULT_ADDRESS: &str = "127.0.0.1:7717";

/// The unix socket beside the store.
const SOCKET: &str = "server.sock";

/// How long work on the store may take that is still going on when everything else has ended.
const LAST_WORK: Duration = Duration::from_secs(2);

pub(super) fn run(
    arguments: ServeArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let addresses = addresses(&arguments, settings)?;
    let server_settings = server_settings(&arguments, settings)?;
    let longmem = compose::open(settings, IfMissing::Create, output)?;
    // Opening made the store's folder, if there was none.
    let unix = socket(&arguments, settings);
    let at_once = server_settings.limits.at_once;
    let memory = AsyncMemory::new(Arc::clone(longmem.memory()), at_once);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let signals = StopSignals::listen()?;
        let server = Server::new(memory, server_settings)?;
        let listeners = server.listen(&addresses, unix.as_deref()).await?;
        announce(&listeners, unix, output)?;
        server.serve(listeners, signals.first()).await;
        Ok::<_, Failure>(())
    })?;
    runtime.shutdown_timeout(LAST_WORK);
    Ok(())
}

/// The addresses of the flags, else those of the file, else the default.
fn addresses(arguments: &ServeArguments, settings: &Settings) -> Result<Vec<SocketAddr>, Failure> {
    if !arguments.listen.is_empty() {
        return Ok(arguments.listen.clone());
    }
    let in_file = &settings.server.listen;
    if in_file.is_empty() {
        return Ok(vec![DEFAULT_ADDRESS.parse().expect("the constant is an address")]);
    }
    in_file.iter().map(|text| text.parse().map_err(|_| wrong("server.listen", text))).collect()
}

/// The file of the unix socket: that of the flag, else that of the file, else beside the store, if nobody else
/// may enter that folder. There this person's own programs look for a server.
fn socket(arguments: &ServeArguments, settings: &Settings) -> Option<PathBuf> {
    match arguments.unix.as_ref().or(settings.server.unix.as_ref()) {
        Some(named) => Some(named.clone()).filter(|path| !path.as_os_str().is_empty()),
        None => {
            let folder = settings.options.file.parent()?;
            is_private(folder).then(|| folder.join(SOCKET))
        }
    }
}

/// Whether only its owner may enter a folder.
#[cfg(unix)]
fn is_private(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let mode = folder.metadata().map(|folder| folder.permissions().mode());
    mode.is_ok_and(|mode| mode & 0o077 == 0)
}

/// Whether only its owner may enter a folder, and it can hold a socket.
#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    false
}

/// What the server is told: by the flags, else by the file.
fn server_settings(
    arguments: &ServeArguments,
    settings: &Settings,
) -> Result<ServerSettings, Failure> {
    let mut told = ServerSettings::new(settings.user.clone());
    let in_file = settings.server.auth.as_deref();
    let in_file = in_file.map(|text| text.parse().map_err(|_| wrong("server.auth", text)));
    told.auth = arguments.auth.or(in_file.transpose()?).unwrap_or(told.auth);
    told.names.clone_from(&settings.server.names);
    told.read_only = arguments.read_only;
    told.time_zone = TimeZone::system();
    told.hint = hint;
    told.log = |line| Output { json: false, quiet: false }.warn(line);
    told.talk = settings.options.talk_settings();
    if let Some(threads) = settings.options.threads.and_then(NonZeroUsize::new) {
        told.limits.at_once = threads;
    }
    Ok(told)
}

/// A value of the configuration file cannot be used.
fn wrong(key: &str, value: &str) -> Failure {
    let message =
        format!("the configuration file says {key} = \"{value:.60}\", which cannot be read");
    let hint = "Addresses have a port (127.0.0.1:7717), and auth is auto or required.";
    Failure::refused(ErrorCode::WrongSettings, message, hint)
}

/// Says where it listens and how to stop it.
fn announce(listeners: &Listeners, socket: Option<PathBuf>, output: Output) -> Result<(), Failure> {
    let addresses: Vec<String> =
        listeners.addresses()?.iter().map(|address| format!("http://{address}")).collect();
    let socket = socket.map(|path| path.display().to_string());
    if output.json {
        return Ok(output.document(&wire::Serving { addresses, socket })?);
    }
    let places: Vec<&str> = addresses.iter().map(String::as_str).chain(socket.as_deref()).collect();
    output.line(for_terminal(&format!("Serving at {}", places.join(" and "))))?;
    output.note("Ctrl-C stops it");
    Ok(())
}
