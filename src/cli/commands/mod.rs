//! One module for each command; this one chooses among them.

mod backup;
mod bench;
mod completions;
mod config;
mod context;
mod conversation;
mod copy;
mod demo;
mod doctor;
mod edit;
mod eval;
mod export;
mod facts;
mod forget;
pub(crate) mod hook;
mod import;
mod index;
mod install;
mod key;
mod keys;
mod learning;
mod manual;
mod mcp;
mod model;
mod models;
mod open;
mod recall;
mod remember;
mod ring;
mod serve;
mod sessions;
mod show;
mod stats;
mod watch;

use jiff::tz::TimeZone;
use longmem_core::{Clock, ErrorCode, Scope};
use longmem_memory::Memory;

use crate::arguments::{Arguments, Command, ScopeArguments};
use longmem::SystemClock;

use crate::compose;
use crate::failure::Failure;
use crate::given::Given;
use crate::output::Output;
use crate::render;
use crate::settings::Settings;

/// Runs the command that was asked for.
pub(crate) fn run(arguments: Arguments, given: &Given, output: Output) -> Result<(), Failure> {
    match &arguments.command {
        Command::Completions(arguments) => return completions::run(arguments),
        Command::Manual(arguments) => return manual::run(arguments),
        Command::Config(chosen) => {
            return config::run(chosen, &arguments.global, given, output);
        }
        Command::Hook(hook) => return hook::run(hook, &arguments.global),
        Command::Install(chosen) => {
            return install::run(chosen, &arguments.global, given, output);
        }
        _ => {}
    }
    let settings = compose::settings(&arguments.global)?;
    if !output.quiet {
        longmem_sqlite::on_long_wait(|| {
            let output = Output { json: false, quiet: false };
            output
                .note("another process is using the store; waiting for it, for 20 seconds at most");
        });
    }
    match arguments.command {
        Command::Demo => demo::run(settings, output),
        Command::Remember(arguments) => remember::run(arguments, &settings, output),
        Command::Import(arguments) => import::run(&arguments, &settings, output),
        Command::Watch(arguments) => watch::run(&arguments, &settings, output),
        Command::Index(arguments) => index::run(&arguments, &settings, output),
        Command::Recall(arguments) => recall::run(arguments, &settings, output),
        Command::Show(arguments) => show::turns(&arguments, &settings, output),
        Command::Edit(arguments) => edit::run(&arguments, &settings, output),
        Command::Ask(arguments) => conversation::ask(&arguments, &settings, output),
        Command::Chat(arguments) => conversation::chat(&arguments, &settings, output),
        Command::Context(arguments) => context::run(&arguments, &settings, output),
        Command::Facts(arguments) => facts::run(arguments, &settings, output),
        Command::Sessions(arguments) => sessions::run(&arguments, &settings, output),
        Command::Mcp(arguments) => mcp::run(&arguments, &settings, output),
        Command::Stats => stats::run(&settings, given.by_flag("user"), output),
        Command::Export(arguments) => export::run(arguments, &settings, output),
        Command::Forget(arguments) => forget::run(&arguments, &settings, output),
        Command::Model(arguments) => model::run(&arguments, &settings, output),
        Command::Models(arguments) => models::run(&arguments, &settings, output),
        Command::Doctor(arguments) => doctor::run(&arguments, &settings, output),
        Command::Eval(arguments) => eval::run(arguments, &settings, output),
        Command::Bench(arguments) => bench::run(&arguments, &settings, output),
        Command::Backup(arguments) => backup::run(&arguments, &settings, output),
        Command::Copy(arguments) => {
            // What the environment or the settings name is nobody's wish here.
            let named = if given.by_flag("user") { &arguments.user[..] } else { &[] };
            copy::run(&arguments, named, &settings, output)
        }
        Command::Ring(arguments) => ring::run(&arguments, &settings, given.by_flag("user"), output),
        Command::Key(arguments) => key::run(arguments, &settings, output),
        Command::Serve(arguments) => serve::run(&arguments, &settings, output),
        Command::Keys(arguments) => keys::run(arguments, &settings, output),
        Command::Completions(_)
        | Command::Config(_)
        | Command::Hook(_)
        | Command::Install(_)
        | Command::Manual(_) => Ok(()),
    }
}

/// The scope that the flags describe; a session may be named by its title or a beginning.
///
/// # Errors
/// Those of [`Memory::find_session`]; [`Failure::Refused`] for a time that ends before it begins.
fn scope(
    arguments: ScopeArguments,
    memory: &Memory,
    settings: &Settings,
) -> Result<Scope, Failure> {
    let now = SystemClock.now().to_zoned(TimeZone::system());
    let sessions = arguments.session.iter();
    let sessions = sessions.map(|words| memory.find_session(&settings.user, words.as_str()));
    let scope = Scope {
        sessions: sessions.collect::<Result<_, _>>()?,
        user: settings.user.clone(),
        roles: arguments.role,
        since: arguments.since.map(|time| time.resolve(&now)),
        until: arguments.until.map(|time| time.resolve_end(&now)),
    };
    if let (Some(since), Some(until)) = (scope.since, scope.until)
        && since >= until
    {
        let message = format!(
            "the end of the time ({}) is not after its beginning ({})",
            render::minute(until),
            render::minute(since)
        );
        let hint = "Give --since the earlier time, and --until the later one.";
        return Err(Failure::refused(ErrorCode::WrongCommandLine, message, hint));
    }
    Ok(scope)
}
