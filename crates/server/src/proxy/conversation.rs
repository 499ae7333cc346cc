//! What a request to a model holds: who said what, what a person asked, and where in the bytes that stands.
//!
//! A body is never written anew. It is read just far enough to know at which byte a block can be put into it.

mod content;

use longmem_core::Role;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use self::content::{Content, feed, feed_value};
use super::api::RequestKind;
use super::place::Place;

/// Names a message together with all that was said before it: a digest of their texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PrefixHash(pub(super) [u8; 32]);

/// What a request holds.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// Every message that a person wrote, in order.
    pub(super) questions: Vec<Question>,
    /// Whether the last of them is what the model is asked now: nobody but programs that add instructions said
    /// anything after it.
    pub(super) asks: bool,
    /// Whether what the model says now is an answer to the last of them, and not to a message of a program.
    pub(super) answers_person: bool,
    /// Whether the answer is to come as a stream.
    pub(super) streams: bool,
    /// The answer that the request goes on from, where the upstream keeps what was said before.
    pub(super) continues: Option<String>,
    /// The conversation that the upstream keeps, as the body names it.
    pub(super) kept_as: Option<String>,
    /// The session that the client names in the body.
    pub(super) session: Option<String>,
}

/// A message that a person wrote.
#[derive(Debug)]
pub(super) struct Question {
    /// Names it, with all before it.
    pub(super) hash: PrefixHash,
    /// What was asked: the last text.
    pub(super) asked: String,
    /// All that was written: empty for a message of images alone.
    pub(super) said: String,
    /// Where a block goes that was recalled for it; none if there is no text.
    pub(super) place: Option<Place>,
}

/// The parts of a body that are looked at. A field that comes twice makes the body one that is not understood.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    messages: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stream: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    previous_response_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    conversation: Option<&'a RawValue>,
}

/// One message, or another item of OpenAI's `input`.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaker {
    /// A person.
    Person,
    /// Whoever runs the client, or the client: instructions and reminders around what a person wrote.
    Around,
    /// The model.
    Model,
    /// A tool.
    Tool,
    /// A tool, and the client in the place of a person.
    Client,
}

/// Reads messages one after the other.
struct Reader<'a> {
    body: &'a [u8],
    kind: RequestKind,
    hasher: Sha256,
    questions: Vec<Question>,
    /// Who spoke last, but for those around.
    last: Option<Speaker>,
}

impl Conversation {
    /// Reads the body of a request of a kind.
    ///
    /// # Errors
    /// If the body is none of that kind, or says something twice.
    pub(super) fn read(kind: RequestKind, body: &[u8]) -> serde_json::Result<Self> {
        let parts: Body = serde_json::from_slice(body)?;
        let mut reader = Reader::new(kind, body);
        let before = [parts.previous_response_id, parts.conversation];
        for before in before.into_iter().flatten() {
            feed(&mut reader.hasher, "before", before.get().as_bytes());
        }
        match kind {
            RequestKind::Responses => reader.read_input(parts.input)?,
            _ => {
                let missing = || serde::de::Error::missing_field("messages");
                for message in parts.messages.ok_or_else(missing)? {
                    reader.read_message(message);
                }
            }
        }
        let Reader { questions, last, .. } = reader;
        Ok(Self {
            asks: last == Some(Speaker::Person),
            answers_person: !questions.is_empty() && last != Some(Speaker::Client),
            questions,
            streams: parts.stream.is_some_and(|stream| stream.get() == "true"),
            continues: parts
                .previous_response_id
                .and_then(|id| serde_json::from_str(id.get()).ok()),
            kept_as: parts.conversation.map(|named| named.get().to_owned()),
            session: parts.metadata.and_then(session_in),
        })
    }
}

impl<'a> Reader<'a> {
    fn new(kind: RequestKind, body: &'a [u8]) -> Self {
        Self { body, kind, hasher: Sha256::new(), questions: Vec::new(), last: None }
    }

    /// Reads OpenAI's `input`: a text, or a list of messages and other items.
    fn read_input(&mut self, input: Option<&'a RawValue>) -> serde_json::Result<()> {
        let input = input.ok_or_else(|| serde::de::Error::missing_field("input"))?;
        if input.get().starts_with('"') {
            self.read_said(Role::User, Some(input));
            return Ok(());
        }
        for item in serde_json::from_str::<Vec<&RawValue>>(input.get())? {
            self.read_message(item);
        }
        Ok(())
    }

    fn read_message(&mut self, raw: &'a RawValue) {
        let message: Option<Message> = serde_json::from_str(raw.get()).ok();
        let Some(message) = message else {
            // Whatever it is, nobody's words are looked for behind it.
            self.read_other(raw, Speaker::Tool);
            return;
        };
        let kind = message.kind.as_deref().unwrap_or("message");
        match message.role.as_deref().filter(|_| kind == "message") {
            Some("user") => self.read_said(Role::User, message.content),
            Some("assistant") => self.read_said(Role::Assistant, message.content),
            // They are not hashed: many hold the time of day, and what was said is the same.
            Some("system" | "developer") => {}
            Some(_) => self.read_other(raw, Speaker::Tool),
            None if kind == "reasoning" => self.last = Some(Speaker::Model),
            None if kind.ends_with("_output") => self.read_other(raw, Speaker::Tool),
            None => self.read_other(raw, Speaker::Model),
        }
    }

    fn read_other(&mut self, raw: &RawValue, speaker: Speaker) {
        feed_value(&mut self.hasher, raw);
        self.last = Some(speaker);
    }

    /// Reads the content of a message of a person's or of the model's.
    fn read_said(&mut self, role: Role, raw: Option<&'a RawValue>) {
        feed(&mut self.hasher, "role", role.as_str().as_bytes());
        let content = Content::read(raw, &mut self.hasher);
        let speaker = match role {
            Role::User => content.speaker(),
            _ => Speaker::Model,
        };
        if speaker == Speaker::Person {
            let hash = PrefixHash(self.hasher.clone().finalize().into());
            let asked = content.written().last().unwrap_or_default().to_owned();
            let place = raw
                .filter(|_| !asked.is_empty())
                .and_then(|raw| Place::behind(self.kind, self.body, raw));
            let said = content.written().collect::<Vec<_>>().join("\n\n");
            self.questions.push(Question { hash, asked, said, place });
        }
        if speaker != Speaker::Around {
            self.last = Some(speaker);
        }
    }
}

/// The session in the metadata of a request of Anthropic's API: agents put it into the user's id.
fn session_in(metadata: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Metadata {
        user_id: String,
    }
    #[derive(Deserialize)]
    struct UserId {
        session_id: String,
    }
    let Metadata { user_id } = serde_json::from_str(metadata.get()).ok()?;
    match serde_json::from_str::<UserId>(&user_id) {
        Ok(id) => Some(id.session_id),
        Err(_) => user_id.rsplit_once("_session_").map(|(_, session)| session.to_owned()),
    }
}

#[cfg(test)]
mod tests;
