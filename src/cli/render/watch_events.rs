//! What happens while transcripts are watched, as lines.

use longmem_wire::WatchEvent;

use crate::output::counted;

/// An event as one line.
pub(crate) fn watch_event(event: &WatchEvent) -> String {
    match event {
        WatchEvent::Waiting { user } => {
            format!("another process watches for {user}; this one waits until it ends")
        }
        WatchEvent::Started { user, folders, missing } => {
            let folders = match &**folders {
                [] => "nothing that exists yet".to_owned(),
                folders => folders.join(", "),
            };
            let missing = match &**missing {
                [] => String::new(),
                missing => format!("; not there yet: {}", missing.join(", ")),
            };
            format!("watching for {user}: {folders}{missing}")
        }
        WatchEvent::Captured { file, new, forgotten, refused, unread, .. } => {
            let forgotten = match forgotten {
                0 => String::new(),
                _ => format!(", {forgotten} left out that were forgotten before"),
            };
            let refused = match refused {
                0 => String::new(),
                _ => format!(", {refused} refused by moderation"),
            };
            let unread = match unread {
                0 => String::new(),
                _ => format!(", {} passed over that cannot be read", counted(*unread, "line")),
            };
            format!("{file}: {}{forgotten}{refused}{unread}", counted(*new, "new turn"))
        }
        WatchEvent::Failed { file, message } => format!("{file}: {message}"),
        WatchEvent::Indexed { turns, remaining: 0 } => {
            format!("{} can be found by meaning now", counted(*turns, "turn"))
        }
        WatchEvent::Indexed { turns, remaining } => {
            format!("{} can be found by meaning now; {remaining} wait", counted(*turns, "turn"))
        }
        WatchEvent::NotIndexed { message } => {
            format!("what was captured is found by its words only: {message}")
        }
        WatchEvent::WithoutNotices { message } => {
            format!(
                "the system does not tell of changes ({message}), so they are seen after a minute"
            )
        }
        WatchEvent::Finished { files, new, failed } => {
            let failed = match failed {
                0 => String::new(),
                _ => format!("; {} could not be read", counted(*failed, "file")),
            };
            format!("{} looked at, {}{failed}", counted(*files, "file"), counted(*new, "new turn"))
        }
        _ => "something happened that this version has no words for".to_owned(),
    }
}
