//! Servers that never come to an end.

use longmem_chat::{Anthropic, Api, ModelServer, OpenAiCompatible, Provider, ProviderError};

use crate::stand_in::{Answer, StandIn, endless};
use crate::{ask, request};

/// Bytes that are in flight between a server and a client that reads no more.
const IN_FLIGHT: usize = 24 * 1024 * 1024;

const MEBIBYTE: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn what_never_ends_is_given_up_and_what_came_before_is_kept() {
    let hello = "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n";
    let more = "data: {\"choices\":[{\"delta\":{\"content\":\"more and more \"}}]}\n\n";
    let line = format!("{{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n", "a".repeat(500));
    for (beginning, again, what, kept, most) in [
        // A line, and an event of many lines.
        (&*format!("{hello}data: \"a"), "a", "an event", "Hello", 4),
        (hello, "data: a\n", "an event", "Hello", 8),
        // The text.
        (hello, more, "a text", "Hellomore", 64),
        // A document a line.
        ("", &*line, "a document", "aaaa", 32),
    ] {
        let (url, sent) = endless(beginning, again).await;
        let provider = OpenAiCompatible::new(&url, None).unwrap();
        let error = ask(&provider).await.unwrap_err();
        let ProviderError::TooMuch { what: said, partial, .. } = &error else {
            panic!("{what}: {error}")
        };
        assert_eq!(*said, what);
        assert!(partial.starts_with(kept), "{what}: {partial:.20}");
        assert!(!error.is_transient());
        let sent = sent.load(std::sync::atomic::Ordering::Relaxed);
        assert!(sent < most * MEBIBYTE + IN_FLIGHT, "{what}: {sent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_list_or_count_is_given_up() {
    let (url, sent) = endless("{\"data\":[{\"id\":\"m\"}", ",{\"id\":\"m\"}").await;
    for api in [Api::Anthropic, Api::OpenAiCompatible] {
        let mut server = ModelServer::new(api);
        server.base_url.clone_from(&url);
        let error = server.models().await.unwrap_err();
        assert!(
            error.to_string().contains("sent a document of more than 8388608 bytes"),
            "{error}"
        );
    }
    let provider = Anthropic::new(&url, None).unwrap();
    assert_eq!(provider.window("m").await, None);
    assert!(provider.count_tokens(&request()).await.is_err());
    let sent = sent.load(std::sync::atomic::Ordering::Relaxed);
    assert!(sent < 4 * (8 * MEBIBYTE + IN_FLIGHT), "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn white_space_before_an_answer_is_not_kept() {
    let blank = " \n".repeat(4 * MEBIBYTE);
    let whole = format!(
        "{blank}{{\"choices\":[{{\"message\":{{\"content\":\"Yes.\"}},\"finish_reason\":\"stop\"}}]}}"
    );
    let server = StandIn::answering(vec![Answer::status("200 OK", "x: y", &whole)]).await;
    let provider = OpenAiCompatible::new(&server.url, None).unwrap();
    assert_eq!(ask(&provider).await.unwrap().text, "Yes.");
    // Nothing is sent packed, so nothing can unpack to more than it seems.
    assert!(!server.asked()[0].head.contains("accept-encoding"));
}
