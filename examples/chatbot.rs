//! A chatbot that remembers: what was said in earlier runs comes up when it matters.
//!
//! ```sh
//! ANTHROPIC_API_KEY=… cargo run --example chatbot    # answers are streamed
//! cargo run --example chatbot                        # without a key, memory is quoted
//! ```
//!
//! It reads a message a line until the end of input. Its memory is that of the command line, so
//! `longmem facts` and `longmem sessions` show what came of the talk.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks at a terminal")]

use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::time::Duration;

use longmem::chat::Blocking;
use longmem::{Api, ApiKey, Longmem, ModelSettings, Options, Reply};

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options::from_environment()?;
    if let Ok(key) = std::env::var("ANTHROPIC_API_KEY") {
        let mut model = ModelSettings::new(Api::Anthropic, "claude-haiku-5-5", 1_024);
        model.key = Some(ApiKey::new(&key)?);
        // It answers, and it notes facts beside the talk.
        options = options.with_language_model(model);
    }
    options.talk.conversation.system = Some("You are a helpful, brief assistant.".to_owned());
    let longmem = Longmem::open(options)?;

    let talk = longmem.talk("ana")?;
    let blocking = Blocking::new()?;
    for message in stdin().lines() {
        let mut show = |piece: &str| {
            print!("{piece}");
            // A closed terminal shows with the next message.
            let _ = stdout().flush();
        };
        // A server that answers one request at a time answers this one first.
        talk.pause_learner();
        // The message is stored before the model is asked, the answer after.
        match blocking.run(talk.conversation.ask(&message?, &mut show)) {
            Ok(Reply::Answer { .. }) => println!(),
            Ok(Reply::Quotes(quoted)) => println!("{}", quoted.text),
            // The talk goes on: the next message is asked together with this one.
            Err(error) => eprintln!("{error}"),
        }
        for notice in talk.conversation.take_notices() {
            eprintln!("({notice})");
        }
        talk.wake_learner();
    }
    // What was said last is learned from before the program ends, unless that takes too long.
    if let Some(mut learning) = talk.end() {
        blocking.run(learning.within(Duration::from_secs(20)));
    }
    Ok(())
}
