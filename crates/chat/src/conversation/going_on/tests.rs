//! What is taken off the rest of an answer, and how it is asked for.

use std::sync::Mutex;

use proptest::prelude::*;

use super::*;
use crate::{Api, Endpoint, Message, RetryAdvice, StopReason, Usage};

fn rest(said: &str, pieces: &[&str]) -> String {
    let mut rest = Rest::new(said);
    let mut shown = String::new();
    for piece in pieces {
        shown.push_str(rest.push(piece));
    }
    shown.push_str(rest.finish());
    assert_eq!(shown, rest.text);
    shown
}

#[test]
fn what_was_said_is_taken_off() {
    let said = "The story of a lighthouse is a tale of hope. It stood on a";
    for (begun, new) in [
        // The end again, whole words of it, and the whole.
        ("It stood on a cliff.", " cliff."),
        ("on a cliff.", " cliff."),
        ("The story of a lighthouse is a tale of hope. It stood on a cliff.", " cliff."),
        // Begun anew, with other words after a while.
        ("The story of a lighthouse is a tale of hopeless men.", " hopeless men."),
        ("The story of a lighthouse is sad.", " sad."),
        // All of it was said.
        ("The story of a lighthouse is a tale", ""),
        // New.
        (" cliff.", " cliff."),
        ("a cliff.", "a cliff."),
        ("The end.", "The end."),
        ("The story of my life", "The story of my life"),
    ] {
        assert_eq!(rest(said, &[begun]), new, "{begun}");
    }
    for (said, begun, new) in [
        ("and then he saw the", "the sea", " sea"),
        ("and then he saw the", "then there was", "then there was"),
        ("it costs 1,00", "0 euros", "0 euros"),
        ("it costs 100", "100 euros", "100 euros"),
        ("we went to Lis", "to Lisbon", "bon"),
        ("", "Hello", "Hello"),
    ] {
        assert_eq!(rest(said, &[begun]), new, "{said} | {begun}");
    }
}

/// A message of the session, with its text in one block.
fn message(role: MessageRole, text: &str) -> Message {
    Message { role, content: vec![TextBlock::new(text)] }
}

/// Refuses prompts that end with an answer, or answers them.
struct Server {
    takes_answers: bool,
    asked: Mutex<Vec<Request>>,
}

#[async_trait]
impl Provider for Server {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        self.asked.lock().unwrap().push(request.clone());
        if request.continues_last && !self.takes_answers {
            let endpoint =
                Endpoint { api: Api::OpenAiCompatible, base_url: String::new(), with_key: false };
            let (message, advice) = ("roles must alternate".to_owned(), RetryAdvice::default());
            return Err(ProviderError::Answered {
                endpoint,
                status: 400,
                message,
                request_id: None,
                advice,
            });
        }
        let text = "on a cliff.".to_owned();
        for word in text.split_inclusive(' ') {
            on_text(word);
        }
        let (stop_reason, usage) = (StopReason::EndTurn, Usage::default());
        Ok(Completion { text, thought: false, stop_reason, usage, model: "small".to_owned() })
    }
}

#[tokio::test]
async fn an_answer_stands_last_where_the_server_takes_it_and_is_asked_for_in_words_elsewhere() {
    let messages = vec![
        message(MessageRole::User, "Tell me a story."),
        message(MessageRole::Assistant, "It stood on a\n\n[broken off]"),
        message(MessageRole::User, "Go on."),
    ];
    let request = Request::new("small", messages, 64);
    for (prefills, takes_answers, lengths) in
        [(true, true, vec![2]), (true, false, vec![2, 3]), (false, true, vec![3])]
    {
        let server = Arc::new(Server { takes_answers, asked: Mutex::default() });
        let provider = Arc::clone(&server) as Arc<dyn Provider>;
        let going_on = GoingOn { provider, prefills, said: "It stood on a".to_owned() };
        let mut shown = String::new();
        let completion =
            going_on.complete(&request, &mut |piece| shown.push_str(piece)).await.unwrap();
        assert_eq!((completion.text.as_str(), shown.as_str()), (" cliff.", " cliff."));
        let asked = server.asked.lock().unwrap();
        let sent: Vec<usize> = asked.iter().map(|request| request.messages.len()).collect();
        assert_eq!(sent, lengths);
        if prefills {
            assert_eq!(asked[0].messages[1].content[0].text, "It stood on a");
            assert!(asked[0].continues_last);
        }
    }
}

proptest! {
    /// However it comes in pieces, the same is shown; and only a beginning is taken off.
    #[test]
    fn pieces_do_not_matter(said in "[ab ]{0,12}", begun in "[ab ]{0,16}", cut in 0usize..16) {
        let whole = rest(&said, &[&begun]);
        let cut = cut.min(begun.len());
        prop_assert_eq!(&rest(&said, &[&begun[..cut], &begun[cut..]]), &whole);
        prop_assert!(begun.ends_with(&whole));
    }

    #[test]
    fn what_goes_on_behind_the_last_words_is_kept_whole(
        words in prop::collection::vec("[a-z]{3,6}", 6..20),
        again in 2usize..5,
        new in "[A-Z]{4,8}",
    ) {
        let said = words.join(" ");
        let begun = format!("{} {new}", words[words.len() - again..].join(" "));
        let kept = rest(&said, &[&begun]);
        let end = format!(" {new}");
        prop_assert!(kept.ends_with(&end), "{kept}");
        prop_assert!(kept.len() <= begun.len());
    }

    #[test]
    fn no_text_breaks_it(said in any::<String>(), begun in any::<String>()) {
        prop_assert!(begun.ends_with(&rest(&said, &[&begun])));
    }
}
