//! Which API a path below the proxies speaks, and which of its requests are looked into.

use axum::http::Method;
use longmem_core::closed_words;

closed_words! {
    /// The API of language models that a proxy relays.
    pub enum ProxyApi: "an API that is relayed" {
        /// Anthropic's, below `/anthropic`.
        Anthropic = "anthropic",
        /// OpenAI's and that of servers compatible with it, below `/openai`.
        OpenAi = "openai",
    }
}

/// A request that is looked into: what its body is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// `POST …/v1/messages` of Anthropic.
    Messages,
    /// `POST …/v1/messages/count_tokens` of Anthropic, whose body is the same and whose answer is a number.
    CountTokens,
    /// `POST …/chat/completions` of OpenAI.
    ChatCompletions,
    /// `POST …/responses` of OpenAI.
    Responses,
}

impl ProxyApi {
    /// The API that a path belongs to, which begins behind `/u/{user}`; none if it is none of a proxy.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let first = path.strip_prefix('/')?.split('/').next()?;
        Self::ALL.iter().copied().find(|api| api.as_str() == first)
    }

    /// The API that an address belongs to, which may begin with `/u/{user}`.
    pub(crate) fn of_address(path: &str) -> Option<Self> {
        let behind_user =
            path.strip_prefix("/u/").and_then(|rest| rest.find('/').map(|end| &rest[end..]));
        Self::of_path(behind_user.unwrap_or(path))
    }

    /// What the upstream is asked for: a path and its query behind the name of the API.
    pub(crate) fn rest(self, path_and_query: &str) -> &str {
        let rest = path_and_query.strip_prefix('/').unwrap_or(path_and_query);
        rest.strip_prefix(self.as_str()).unwrap_or(rest)
    }

    /// What a request is, if it is looked into; `rest` is its path behind the name of the API.
    pub(crate) fn looked_into(self, method: &Method, rest: &str) -> Option<RequestKind> {
        if method != Method::POST {
            return None;
        }
        let kinds: &[(&str, RequestKind)] = match self {
            Self::Anthropic => &[
                ("/v1/messages", RequestKind::Messages),
                ("/v1/messages/count_tokens", RequestKind::CountTokens),
            ],
            // The base URL of an upstream may hold the version.
            Self::OpenAi => &[
                ("/chat/completions", RequestKind::ChatCompletions),
                ("/responses", RequestKind::Responses),
            ],
        };
        kinds.iter().find(|(end, _)| rest.ends_with(end)).map(|(_, kind)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_is_known_by_the_beginning_of_its_path() {
        for (path, api) in [
            ("/anthropic", Some(ProxyApi::Anthropic)),
            ("/anthropic/v1/messages", Some(ProxyApi::Anthropic)),
            ("/openai/", Some(ProxyApi::OpenAi)),
            ("/u/ana/openai/v1/models", Some(ProxyApi::OpenAi)),
            ("/openaix/v1", None),
            ("/v1/openai", None),
            ("/u/openai", None),
            ("/", None),
        ] {
            assert_eq!(ProxyApi::of_address(path), api, "{path}");
        }
        assert_eq!(ProxyApi::OpenAi.rest("/openai/v1/models?a=%2F"), "/v1/models?a=%2F");
        assert_eq!(ProxyApi::OpenAi.rest("/openai"), "");
    }

    #[test]
    fn only_questions_to_a_model_are_looked_into() {
        let kind = |api: ProxyApi, method: Method, rest| api.looked_into(&method, rest);
        let messages = "/v1/messages";
        for (found, expected) in [
            (kind(ProxyApi::Anthropic, Method::POST, messages), Some(RequestKind::Messages)),
            (kind(ProxyApi::Anthropic, Method::GET, messages), None),
            (kind(ProxyApi::Anthropic, Method::POST, "/v1/messages/batches"), None),
            (
                kind(ProxyApi::Anthropic, Method::POST, "/v1/messages/count_tokens"),
                Some(RequestKind::CountTokens),
            ),
            (kind(ProxyApi::OpenAi, Method::POST, "/v1/responses"), Some(RequestKind::Responses)),
            (kind(ProxyApi::OpenAi, Method::POST, "/v1/responses/resp_1/cancel"), None),
            (
                kind(ProxyApi::OpenAi, Method::POST, "/chat/completions"),
                Some(RequestKind::ChatCompletions),
            ),
            (kind(ProxyApi::OpenAi, Method::POST, "/v1/files"), None),
            (kind(ProxyApi::OpenAi, Method::POST, "/v1/embeddings"), None),
        ] {
            assert_eq!(found, expected);
        }
    }
}
