//! Conversations as resources: `memory://session/NAME`.

use std::fmt::Write;

use longmem_core::{Diagnose, ErrorCode, SessionName};
use longmem_memory::{Memory, SessionSummary};
use rmcp::model::{
    ErrorData, ListResourcesResult, ReadResourceResult, Resource, ResourceContents,
    ResourceTemplate,
};

use super::call::Call;
use super::handler::internal;
use super::quotes::{Quote, Shown, counted};
use super::reply::Refusal;

const PREFIX: &str = "memory://session/";

/// Conversations that are listed: clients show the list to a person.
const LISTED: usize = 100;

/// Turns of a conversation that are read; fewer where they are long.
const TURNS: usize = 500;

/// How a conversation's address is made.
pub(super) fn template() -> ResourceTemplate {
    ResourceTemplate::new(format!("{PREFIX}{{name}}"), "session")
        .with_title("Conversation")
        .with_description("A past conversation, by the name of its session")
        .with_mime_type("text/plain")
}

/// The conversations, the one with the newest turn first.
///
/// # Errors
/// Why they cannot be read.
pub(super) async fn list(call: Call) -> Result<ListResourcesResult, Refusal> {
    let sessions = call.read(Memory::sessions).await?;
    let sessions = sessions.unwrap_or_default().into_iter().take(LISTED);
    let zone = call.now().time_zone().clone();
    let resource = |session: SessionSummary| {
        let name = session.session.to_string();
        let title = session.title.unwrap_or_else(|| name.clone());
        let [start, end] =
            [session.start, session.end].map(|time| time.to_zoned(zone.clone()).date().to_string());
        let days = if start == end { start } else { format!("{start} to {end}") };
        Resource::new(format!("{PREFIX}{}", encoded(&name)), name)
            .with_title(title)
            .with_description(format!("{}, {days}", counted(session.turns, "turn")))
            .with_mime_type("text/plain")
    };
    Ok(ListResourcesResult::with_all_items(sessions.map(resource).collect()))
}

/// A conversation's last turns, as dated quotes.
///
/// # Errors
/// For an address of no conversation, and for a memory that cannot be read.
pub(super) async fn read(call: Call, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let missing = || {
        let message = format!("there is no conversation {uri}; resources/list lists them");
        ErrorData::resource_not_found(message, None)
    };
    let name = uri.strip_prefix(PREFIX).and_then(decoded).ok_or_else(missing)?;
    let session = SessionName::new(name).map_err(|_| missing())?;
    let read = call.read(move |memory, user| {
        let mut scope = longmem_core::Scope::of(user.clone());
        scope.sessions.push(session.clone());
        match memory.check_names(&scope) {
            Err(error) if error.code() == ErrorCode::UnknownSession => return Ok(Vec::new()),
            checked => checked?,
        }
        memory.recent(user, &session, TURNS)
    });
    let mut turns = read.await.map_err(internal)?.unwrap_or_default();
    if turns.is_empty() {
        return Err(missing());
    }
    let is_full = turns.len() == TURNS;
    // Where not all fit, the last ones are worth most.
    turns.reverse();
    let now = call.now();
    let shown = Shown::fitting(Vec::new(), turns.into_iter().map(Quote::whole).collect(), &now);
    let mut remarks = Vec::new();
    if let Some(first) = shown.turns.last()
        && (is_full || shown.turns_left_out > 0)
    {
        let id = first.turn.id;
        remarks.push(format!(
            "Earlier turns are left out; memory_recent with this session and before \"t{id}\" gives them."
        ));
    }
    let text = shown.text(&remarks, &now);
    Ok(ReadResourceResult::new(vec![ResourceContents::text(text, uri)]))
}

/// A name as a part of an address: all but letters, digits and `-._~` as `%` and two digits.
fn encoded(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            write!(encoded, "%{byte:02X}").expect("a text takes all that is written");
        }
    }
    encoded
}

/// The name that a part of an address means; none if it means no text.
fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
            bytes.push(u8::try_from(high? * 16 + low?).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_that_means_no_text_is_none() {
        for part in ["%", "%4", "%zz", "%ff", "%+1"] {
            assert_eq!(decoded(part), None, "{part}");
        }
        assert_eq!(encoded("Küche/1 %"), "K%C3%BCche%2F1%20%25");
    }

    proptest! {
        #[test]
        fn every_name_has_an_address(name in any::<String>()) {
            prop_assert_eq!(decoded(&encoded(&name)), Some(name));
        }
    }
}
