//! A provider's prompt cache, by its documented rules.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use longmem_chat::MESSAGE_TOKENS;
use longmem_core::TokenCounter;
use serde_json::Value;

/// Number of blocks before a mark at which the cache looks for a beginning that it holds.
const LOOKBACK: usize = 20;

/// The cache of one session, whose prompts come before anything in it expires.
///
/// - A block with `cache_control` is a mark. The beginning of a prompt up to a mark is kept if it is
///   long enough.
/// - A later prompt reads the longest kept beginning that is exactly its own and ends at most 20
///   blocks before one of its marks.
/// - The rest up to the prompt's last mark is written; what follows is neither read nor written.
pub(super) struct PromptCache {
    counter: Arc<dyn TokenCounter>,
    min_tokens: usize,
    /// The tokens of the beginnings that are kept, by their digest.
    kept: HashMap<u64, u64>,
    last_prompt: Vec<Block>,
}

/// One block of a request.
#[derive(Clone, PartialEq, Eq)]
struct Block {
    /// Of everything up to here, except for the marks.
    digest: u64,
    /// Tokens of everything up to here.
    tokens: u64,
    marked: bool,
}

/// What one prompt costs, in tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) tokens: u64,
    /// Tokens of the longest beginning that the prompt before has too.
    pub(super) prefix: u64,
    pub(super) read: u64,
    pub(super) written: u64,
}

impl PromptCache {
    /// An empty cache, which keeps beginnings of `min_tokens` or more.
    pub(super) fn new(counter: Arc<dyn TokenCounter>, min_tokens: usize) -> Self {
        Self { counter, min_tokens, kept: HashMap::new(), last_prompt: Vec::new() }
    }

    /// Sends a request of the Messages API, and returns what its prompt costs.
    pub(super) fn send(&mut self, request: &Value) -> Cost {
        let blocks = self.blocks(request);
        let shared =
            blocks.iter().zip(&self.last_prompt).take_while(|(a, b)| a.digest == b.digest).count();
        let tokens_of = |count: usize| count.checked_sub(1).map_or(0, |last| blocks[last].tokens);
        let marks = || (0..blocks.len()).filter(|&place| blocks[place].marked);
        let read = marks()
            .flat_map(|mark| mark.saturating_sub(LOOKBACK)..=mark)
            .filter_map(|place| self.kept.get(&blocks[place].digest))
            .max()
            .copied()
            .unwrap_or(0);
        let keepable = |place: &usize| blocks[*place].tokens >= self.min_tokens as u64;
        let up_to = marks().filter(keepable).map(|place| blocks[place].tokens).max().unwrap_or(0);
        let cost = Cost {
            tokens: tokens_of(blocks.len()),
            prefix: tokens_of(shared),
            read,
            written: up_to.saturating_sub(read),
        };
        let new: Vec<(u64, u64)> = marks()
            .filter(keepable)
            .map(|place| (blocks[place].digest, blocks[place].tokens))
            .collect();
        self.kept.extend(new);
        self.last_prompt = blocks;
        cost
    }

    /// The request's blocks in the order in which they are cached: system, then messages.
    fn blocks(&self, request: &Value) -> Vec<Block> {
        let mut blocks = Vec::new();
        let (mut digest, mut tokens) = (DefaultHasher::new(), 0);
        let mut add = |role: &str, content: &Value| {
            for (place, block) in content.as_array().into_iter().flatten().enumerate() {
                let text = block["text"].as_str().unwrap_or_default();
                (role, place, text).hash(&mut digest);
                let frame = if place == 0 { MESSAGE_TOKENS } else { 0 };
                tokens += (frame + 1 + self.counter.count(text)) as u64;
                let marked = !block["cache_control"].is_null();
                blocks.push(Block { digest: digest.finish(), tokens, marked });
            }
        };
        add("system", &request["system"]);
        for message in request["messages"].as_array().into_iter().flatten() {
            add(message["role"].as_str().unwrap_or_default(), &message["content"]);
        }
        blocks
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct TenTokensABlock;

    impl TokenCounter for TenTokensABlock {
        fn count(&self, _: &str) -> usize {
            10 - MESSAGE_TOKENS - 1
        }

        fn describe(&self) -> String {
            "ten".to_owned()
        }
    }

    /// A request of user messages; those that end with `*` are marked.
    fn request(texts: &[&str]) -> Value {
        let messages: Vec<Value> = texts
            .iter()
            .map(|text| {
                let mut block = json!({"type": "text", "text": &text[..9]});
                if text.ends_with('*') {
                    block["cache_control"] = json!({"type": "ephemeral"});
                }
                json!({"role": "user", "content": [block]})
            })
            .collect();
        json!({"messages": messages})
    }

    fn cache(least: usize) -> PromptCache {
        PromptCache::new(Arc::new(TenTokensABlock), least)
    }

    #[test]
    fn a_beginning_is_read_where_an_earlier_prompt_marked_it() {
        let mut cache = cache(0);
        let first = cache.send(&request(&["aaaaaaaaa*", "bbbbbbbbb"]));
        assert_eq!(first, Cost { tokens: 20, prefix: 0, read: 0, written: 10 });
        let second = cache.send(&request(&["aaaaaaaaa", "bbbbbbbbb", "ccccccccc*"]));
        assert_eq!(second, Cost { tokens: 30, prefix: 20, read: 10, written: 20 });
        let changed = cache.send(&request(&["aaaaaaaaa", "xxxxxxxxx", "ccccccccc*"]));
        assert_eq!(changed, Cost { tokens: 30, prefix: 10, read: 10, written: 20 });
        let unmarked = cache.send(&request(&["aaaaaaaaa", "xxxxxxxxx"]));
        assert_eq!(unmarked, Cost { tokens: 20, prefix: 20, read: 0, written: 0 });
    }

    #[test]
    fn a_beginning_that_is_too_short_is_neither_written_nor_read() {
        let mut cache = cache(15);
        let short = cache.send(&request(&["aaaaaaaaa*"]));
        assert_eq!(short, Cost { tokens: 10, prefix: 0, read: 0, written: 0 });
        let long = cache.send(&request(&["aaaaaaaaa*", "bbbbbbbbb*"]));
        assert_eq!(long, Cost { tokens: 20, prefix: 10, read: 0, written: 20 });
    }

    #[test]
    fn a_beginning_more_than_twenty_blocks_before_a_mark_is_not_found() {
        let texts: Vec<String> = (0..22).map(|place| format!("text {place:04}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let last = |count: usize| {
            let marked = format!("{}*", texts[count - 1]);
            request(&[&texts[..count - 1], &[marked.as_str()]].concat())
        };
        for (from, to, read) in [(1, 21, 10), (1, 22, 0), (2, 22, 20)] {
            let mut cache = cache(0);
            cache.send(&last(from));
            assert_eq!(cache.send(&last(to)).read, read, "from {from} to {to}");
        }
    }
}
