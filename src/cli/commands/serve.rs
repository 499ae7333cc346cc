//! `longmem serve`: the memory for other programs, over HTTP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use longmem::environment;
use longmem_chat::{ApiKey, AsyncMemory};
use longmem_core::ErrorCode;
use longmem_core::private_files::make_folder;
use longmem_server::{
    Listeners, ProxySettings, Server, ServerSettings, TranscriptCapture, WaitingTranscripts,
    WatchSettings,
};
use longmem_wire::{self as wire, WatchEvent};

use crate::agent_folders::transcript_folders;
use crate::arenas;
use crate::arguments::{ServeArguments, UpstreamName};
use crate::compose;
use crate::config_file::NO_SOCKET;
use crate::failure::Failure;
use crate::output::Output;
use crate::remedy::hint;
use crate::render;
use crate::sanitize::for_terminal;
use crate::server_socket;
use crate::settings::Settings;
use crate::stop_signals::StopSignals;
use crate::watched::watched;

/// Where it listens if nothing else is said.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7717);

/// How long work on the store may take that is still going on when everything else has ended.
const LAST_WORK: Duration = Duration::from_secs(2);

pub(super) fn run(
    arguments: &ServeArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    arenas::share();
    let addresses = addresses(arguments, settings);
    let mut server_settings = server_settings(arguments, settings);
    server_settings.proxy = proxy_settings(arguments, settings)?;
    if arguments.watch {
        server_settings.watch = Some(watched_by_file(settings)?);
        server_settings.on_watch = if output.quiet { |_| {} } else { told };
    }
    let (longmem, new_store) = compose::open_or_make(settings, output)?;
    if new_store {
        output.note(for_terminal(&render::new_store(&settings.options.place)));
    }
    // Opening made the store's folder, if it is a file and there was none.
    let unix = socket(arguments, settings, output);
    let at_once = server_settings.limits.at_once;
    let memory = AsyncMemory::new(Arc::clone(longmem.memory()), at_once);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let signals = StopSignals::listen()?;
        let server = Server::new(memory, server_settings)?;
        let listeners = server.listen(&addresses, unix.as_deref()).await?;
        let login = login_link(&server, &listeners)?;
        let serving = wire::Serving {
            addresses: shown_addresses(&listeners)?,
            socket: unix.map(|path| path.display().to_string()),
            new_store,
            login: login.clone(),
        };
        announce(&serving, output)?;
        if arguments.open {
            open_page(login.as_deref(), output);
        }
        server.serve(listeners, signals.first()).await;
        Ok::<_, Failure>(())
    })?;
    runtime.shutdown_timeout(LAST_WORK);
    Ok(())
}

/// The addresses of the flags, else those of the file, else the default.
fn addresses(arguments: &ServeArguments, settings: &Settings) -> Vec<SocketAddr> {
    let named = [&arguments.listen, &settings.server.listen];
    match named.into_iter().find(|addresses| !addresses.is_empty()) {
        Some(addresses) => addresses.iter().map(|address| address.0).collect(),
        None => vec![DEFAULT_ADDRESS],
    }
}

/// The file of the unix socket: that of the flag, else that of the file, else beside the store, if nobody else
/// may enter that folder; else it is said why there is none. There this person's own programs look for a server.
fn socket(arguments: &ServeArguments, settings: &Settings, output: Output) -> Option<PathBuf> {
    match arguments.unix.as_ref().or(settings.server.unix.as_ref()) {
        Some(named) => Some(named.clone()).filter(|path| path != Path::new(NO_SOCKET)),
        None => {
            let socket = server_socket::path(settings)?;
            let folder = socket.parent()?;
            if settings.options.place.file().is_none() {
                // What fails here is said below.
                let _ = make_folder(folder);
            }
            if is_private(folder) {
                return Some(socket);
            }
            output.note(for_terminal(&no_socket(folder)));
            None
        }
    }
}

/// Why there is no unix socket in a folder, and how there would be one.
#[cfg(unix)]
fn no_socket(folder: &Path) -> String {
    format!(
        "others may enter {0}, so there is no unix socket for hooks; chmod 700 {0} makes it private, or name \
         a socket with --unix",
        folder.display()
    )
}

/// Why there is no unix socket.
#[cfg(not(unix))]
fn no_socket(_: &Path) -> String {
    "this system has no unix sockets, so hooks open the store themselves".to_owned()
}

/// Whether only its owner may enter a folder.
#[cfg(unix)]
fn is_private(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let mode = folder.metadata().map(|folder| folder.permissions().mode());
    // The last six bits are what others may do.
    mode.is_ok_and(|mode| mode.trailing_zeros() >= 6)
}

/// Whether only its owner may enter a folder, and it can hold a socket.
#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    false
}

/// What the server is told: by the flags, else by the file.
fn server_settings(arguments: &ServeArguments, settings: &Settings) -> ServerSettings {
    let mut told = ServerSettings::new(settings.user.clone());
    told.auth = arguments.auth.or(settings.server.auth).unwrap_or(told.auth);
    told.names.clone_from(&settings.server.names);
    told.read_only = arguments.read_only;
    told.mem0 = arguments.mem0;
    told.page = !arguments.no_page && settings.server.page.unwrap_or(told.page);
    told.hint = hint;
    told.log = |line| Output { json: false, quiet: false }.warn(line);
    told.talk = settings.options.talk_settings();
    let waiting = WaitingTranscripts::in_folder(settings.options.waiting_transcripts());
    let folders = transcript_folders(&settings.home, environment::read);
    told.transcripts = Some(TranscriptCapture::new(waiting, folders));
    told.uploads = Some(settings.options.waiting_uploads());
    if let Some(threads) = settings.options.threads.and_then(NonZeroUsize::new) {
        told.limits.at_once = threads;
    }
    told
}

/// What the proxies are told: by the flags, else by the file.
fn proxy_settings(
    arguments: &ServeArguments,
    settings: &Settings,
) -> Result<ProxySettings, Failure> {
    let file = &settings.proxy;
    let mut told = ProxySettings::default();
    told.mode = file.mode.unwrap_or(told.mode);
    told.recall_deadline =
        file.recall_deadline_ms.map_or(told.recall_deadline, Duration::from_millis);
    told.budget = file.budget.unwrap_or(told.budget);
    told.capture = file.capture.unwrap_or(told.capture);
    told.coding_agents = file.coding_agents.unwrap_or(told.coding_agents);
    for (upstream, flag, in_file) in [
        (&mut told.anthropic, &arguments.anthropic_upstream, &file.anthropic),
        (&mut told.openai, &arguments.openai_upstream, &file.openai),
    ] {
        if let Some(UpstreamName(address)) = flag.as_ref().or(in_file.upstream.as_ref()) {
            upstream.address.clone_from(address);
        }
        upstream.api_key = match in_file.api_key_env.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => Some(key_in(name)?),
            None => None,
        };
    }
    Ok(told)
}

/// The key in a variable that the configuration file names.
fn key_in(variable: &str) -> Result<ApiKey, Failure> {
    let refused = |reason: &str| {
        Failure::refused(
            ErrorCode::WrongSettings,
            format!(
                "the variable {variable}, which the configuration file names for a key, {reason}"
            ),
            "Set it to the key of the server to which requests are relayed, or take api_key_env out.",
        )
    };
    let key = environment::read(variable).ok_or_else(|| refused("is not set"))?;
    ApiKey::new(&key).map_err(|_| refused("holds no key"))
}

/// What the configuration file says is watched.
fn watched_by_file(settings: &Settings) -> Result<WatchSettings, Failure> {
    let watched = watched(&[], &[], settings);
    if watched.folders.is_empty() {
        return Err(Failure::refused(
            ErrorCode::NothingSelected,
            "nothing was named to be watched",
            "Name agents in the configuration file, such as: longmem config set watch.sources claude-code",
        ));
    }
    Ok(watched)
}

/// Says on standard error what happens to transcripts.
fn told(event: &WatchEvent) {
    Output { json: false, quiet: false }.note(render::watch_event(event));
}

/// A link that opens the page, at an address that a browser on this machine can call.
fn login_link(server: &Server, listeners: &Listeners) -> Result<Option<String>, Failure> {
    let addresses = listeners.addresses()?;
    let reachable = addresses.iter().find(|address| address.ip().is_loopback());
    let Some(address) = reachable.or(addresses.first()) else { return Ok(None) };
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let address = SocketAddr::new(ip, address.port());
    Ok(server.login_path().map(|path| format!("http://{address}{path}")))
}

/// Opens the page in the person's browser; where there is none, the link stands above.
fn open_page(login: Option<&str>, output: Output) {
    let Some(login) = login else {
        output.warn("there is no page to open: it is not served, or at no address");
        return;
    };
    if open::that_detached(login).is_err() {
        output.warn("no browser could be opened; open the link above in one");
    }
}

/// The addresses that are listened at, as links.
fn shown_addresses(listeners: &Listeners) -> Result<Vec<String>, Failure> {
    Ok(listeners.addresses()?.iter().map(|address| format!("http://{address}")).collect())
}

/// Says where it listens and how to stop it.
fn announce(serving: &wire::Serving, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(output.document(serving)?);
    }
    let places = serving.addresses.iter().chain(&serving.socket).map(String::as_str);
    let places = places.collect::<Vec<_>>().join(" and ");
    output.line(for_terminal(&format!("Serving at {places}")))?;
    if let Some(login) = &serving.login {
        output.line(format!("The page: {login} (opens once, within a minute)"))?;
    }
    output.note("Ctrl-C stops it");
    Ok(())
}
