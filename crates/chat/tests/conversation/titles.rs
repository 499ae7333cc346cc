//! Talks that nobody named get a title, and are found again.

use longmem_chat::last_talk;
use longmem_core::{NewTurn, Role, SessionName, SourceKey};

use crate::{Act, World};

impl World {
    /// A world whose session bears the name of a talk that nobody named.
    fn unnamed(answers: usize) -> Self {
        let mut world = Self::with((0..answers).map(|_| Act::Answer("Yes.")));
        world.conversation.session = SessionName::new("chat 2026-03-02 10:00:00").unwrap();
        world.conversation.settings.gives_titles = true;
        world
    }

    fn titles(&self) -> Vec<Option<String>> {
        let sessions = self.memory.sessions(&self.conversation.user).unwrap();
        sessions.into_iter().map(|session| session.title).collect()
    }

    fn turn_of(&self, session: &str, title: Option<&str>, key: &str) -> NewTurn {
        let session = SessionName::new(session).unwrap();
        NewTurn {
            session_title: title.map(str::to_owned),
            source_key: Some(SourceKey(key.to_owned())),
            ..self.memory.new_turn(session, Role::User, "Hello there, world")
        }
    }

    fn last(&self) -> Option<String> {
        let last = last_talk(&self.memory, &self.conversation.user).unwrap();
        last.map(|session| session.session.to_string())
    }
}

#[tokio::test]
async fn the_first_message_that_is_not_small_talk_names_the_session() {
    let world = World::unnamed(3);
    world.ask("hi").await.unwrap();
    assert_eq!(world.titles(), [None]);
    world.ask("Which tiles fit the kitchen?").await.unwrap();
    world.ask("And which grout?").await.unwrap();
    assert_eq!(world.titles(), [Some("Which tiles fit the kitchen?".to_owned())]);
}

#[tokio::test]
async fn a_title_or_a_name_that_somebody_gave_stays() {
    let world = World::unnamed(1);
    let user = &world.conversation.user;
    let titled = world.turn_of("chat 2026-03-02 10:00:00", Some("Mine"), "1");
    world.memory.remember(user, &[titled]).unwrap();
    world.ask("Which tiles fit the kitchen?").await.unwrap();
    assert_eq!(world.titles(), [Some("Mine".to_owned())]);

    let mut named = World::unnamed(1);
    named.conversation.session = SessionName::new("kitchen").unwrap();
    named.ask("Which tiles fit the kitchen?").await.unwrap();
    assert_eq!(named.titles(), [None]);
}

#[tokio::test]
async fn the_last_talk_is_no_import() {
    let world = World::unnamed(1);
    assert_eq!(world.last(), None);
    world.ask("Which tiles fit the kitchen?").await.unwrap();
    let mut imported = world.turn_of("imported", None, "chatgpt:1");
    imported.time = "2027-01-01T00:00:00Z".parse().unwrap();
    world.memory.remember(&world.conversation.user, &[imported]).unwrap();
    assert_eq!(world.last().unwrap(), "chat 2026-03-02 10:00:00");
}
