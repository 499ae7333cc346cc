//! Language models and their servers, as people read them.

use longmem_chat::LocalServer;
use longmem_wire::{ModelServer, ServedModel};

use crate::output::grouped;
use crate::sanitize::for_terminal;

/// A server with its models, one a line.
pub(crate) fn model_server(server: &ModelServer) -> String {
    let ModelServer { name, base_url, set_up, error, models, .. } = server;
    let set_up = if *set_up { " (set up)" } else { "" };
    let mut lines = vec![format!("{name} at {base_url}{set_up}")];
    lines.extend(models.iter().map(|model| format!("   {}", served_model(model))));
    match (error, models.is_empty()) {
        (Some(error), _) => lines.push(format!("   {error}")),
        (None, true) => lines.push("   no models".to_owned()),
        (None, false) => {}
    }
    for_terminal(&lines.join("\n"))
}

/// A model with its window.
fn served_model(ServedModel { name, window }: &ServedModel) -> String {
    match window {
        Some(window) => format!("{name} · window of {} tokens", grouped(*window as u64)),
        None => name.clone(),
    }
}

/// How to get an answer instead of quotes, with a server that runs here.
pub(crate) fn how_to_get_answers(servers: &[LocalServer]) -> String {
    let with_model = servers.iter().find_map(|server| {
        // Models that embed cannot answer.
        let answers = |name: &&str| !name.contains("embed") && !name.contains("bge-");
        let names = server.models.iter().map(|model| model.name.as_str());
        Some((server, names.clone().find(answers)?))
    });
    match with_model {
        Some((LocalServer { name, base_url, .. }, model)) => for_terminal(&format!(
            "({name} runs here: --base-url {base_url} --llm {model} lets it answer; longmem models \
             lists what there is)"
        )),
        None => {
            "(with ANTHROPIC_API_KEY set, or --base-url and --llm of a model server, a language \
                 model answers)"
                .to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(models: &[&str]) -> LocalServer {
        let model =
            |name: &&str| longmem_chat::ServedModel { name: (*name).to_owned(), window: None };
        LocalServer {
            name: "Ollama",
            base_url: "http://127.0.0.1:11434/v1".to_owned(),
            models: models.iter().map(model).collect(),
        }
    }

    #[test]
    fn a_server_that_runs_here_is_named_with_a_model_that_can_answer() {
        let hint = how_to_get_answers(&[local(&["nomic-embed-text", "llama3.2:latest"])]);
        let expected = "(Ollama runs here: --base-url http://127.0.0.1:11434/v1 --llm \
                        llama3.2:latest lets it answer; longmem models lists what there is)";
        assert_eq!(hint, expected);
        assert!(how_to_get_answers(&[local(&[])]).starts_with("(with ANTHROPIC_API_KEY set"));
    }

    #[test]
    fn a_server_is_shown_with_its_windows_or_its_error() {
        let mut server = ModelServer::from(local(&[]));
        server.models = vec![
            ServedModel { name: "a".to_owned(), window: Some(131_072) },
            ServedModel { name: "b\u{1b}".to_owned(), window: None },
        ];
        let shown =
            "Ollama at http://127.0.0.1:11434/v1\n   a · window of 131,072 tokens\n   b\\u{1b}";
        assert_eq!(model_server(&server), shown);
        let server = ModelServer { models: vec![], error: Some("gone".to_owned()), ..server };
        assert_eq!(model_server(&server), "Ollama at http://127.0.0.1:11434/v1\n   gone");
    }
}
