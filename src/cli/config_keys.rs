//! Every key of the configuration file: what it is for, and what else sets it.

/// A key of the configuration file.
#[derive(Debug)]
pub(crate) struct ConfigKey {
    /// Its name, after its table's: `llm.model`.
    pub(crate) name: &'static str,
    /// The flag that sets it too, without its dashes.
    pub(crate) flag: Option<&'static str>,
    /// The variable that sets it too.
    pub(crate) variable: Option<&'static str>,
    /// A value as the file would hold it.
    pub(crate) example: &'static str,
    /// What holds if nobody sets it.
    pub(crate) default: &'static str,
    /// What it is for.
    pub(crate) about: &'static str,
}

impl ConfigKey {
    const fn new(name: &'static str, example: &'static str, about: &'static str) -> Self {
        Self { name, flag: None, variable: None, example, default: "", about }
    }

    const fn flag(mut self, flag: &'static str) -> Self {
        self.flag = Some(flag);
        self
    }

    const fn variable(mut self, variable: &'static str) -> Self {
        self.variable = Some(variable);
        self
    }

    const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    /// The key of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// Its table, empty for those at the top of the file, and its name in there.
    pub(crate) fn place(&self) -> (&'static str, &'static str) {
        self.name.rsplit_once('.').unwrap_or(("", self.name))
    }
}

/// The keys in the order of the file: those of one table stand together.
pub(crate) const KEYS: &[ConfigKey] = &[
    ConfigKey::new(
        "db",
        r#""~/notes/memory.db""#,
        "The file that holds the memory, postgres://…, or postgres-ring:FILE",
    )
    .flag("db")
    .variable(longmem::environment::DB)
    .default("longmem/memory.db in the data folder"),
    ConfigKey::new(
        "db_password_file",
        r#""~/longmem.password""#,
        "A file that holds the password of the memory's server",
    )
    .default("PGPASSWORD, or ~/.pgpass"),
    ConfigKey::new("key_file", r#""~/longmem.key""#, "A file that holds the key of the encryption")
        .flag("key_file")
        .variable(longmem::environment::KEY_FILE)
        .default("none: the memory is not encrypted"),
    ConfigKey::new("user", r#""ana""#, "Whose memory it is")
        .flag("user")
        .variable(longmem::environment::USER)
        .default("default"),
    ConfigKey::new("device", r#""cpu""#, "Where the embedding model runs: cpu, cuda, metal")
        .flag("device")
        .variable(longmem::environment::DEVICE)
        .default("cpu"),
    ConfigKey::new(
        "precision",
        r#""f32""#,
        "f32, or bf16: twice as fast, on AMD processors with AVX-512 BF16 and Intel ones with AMX",
    )
    .flag("precision")
    .variable(longmem::environment::PRECISION)
    .default("f32"),
    ConfigKey::new("threads", "2", "Threads for embedding and search")
        .flag("threads")
        .variable(longmem::environment::THREADS)
        .default("one per core"),
    ConfigKey::new("budget", "4000", "Tokens of a prompt at most")
        .flag("budget")
        .variable(longmem::environment::BUDGET)
        .default("4000, or what the model's window has room for"),
    ConfigKey::new("offline", "false", "Never use the network")
        .flag("offline")
        .variable(longmem::environment::HF_HUB_OFFLINE)
        .default("false"),
    ConfigKey::new("model_dir", r#""~/models/minilm""#, "A folder that holds the embedding model")
        .flag("model_dir")
        .variable(longmem::environment::MODEL_DIR)
        .default("looked for in the usual places, then fetched"),
    ConfigKey::new("llm.provider", r#""anthropic""#, "Who answers: anthropic, openai, none")
        .flag("provider")
        .variable(longmem::environment::PROVIDER)
        .default("whose key or address there is"),
    ConfigKey::new("llm.model", r#""claude-haiku-5-5""#, "The language model's name")
        .flag("llm")
        .variable(longmem::environment::LLM)
        .default("Anthropic's cheapest; none of other servers"),
    ConfigKey::new(
        "llm.fallback",
        r#"["claude-sonnet-5-5"]"#,
        "Models to try when the first is overloaded or refuses",
    )
    .flag("fallback_llm")
    .default("none"),
    ConfigKey::new("llm.base_url", r#""http://localhost:11434/v1""#, "The server's address")
        .flag("base_url")
        .variable(longmem::environment::BASE_URL)
        .default("the provider's own"),
    ConfigKey::new(
        "llm.count_tokens",
        r#""estimate""#,
        "Who counts prompts: estimate, or server (Anthropic, llama.cpp, vLLM)",
    )
    .flag("count_tokens")
    .default("estimate"),
    ConfigKey::new(
        "llm.api_key_file",
        r#""/run/secrets/anthropic""#,
        "A file whose first line is the key; this file holds no secret",
    )
    .default("none; ANTHROPIC_API_KEY or OPENAI_API_KEY"),
    ConfigKey::new(
        "llm.persona",
        r#""persona.md""#,
        "A file whose text begins the prompt: who the assistant is",
    )
    .flag("persona")
    .default("none"),
    ConfigKey::new(
        "learning.enabled",
        "true",
        "Whether facts and summaries are learned; LONGMEM_NO_LEARNING=1 switches it off",
    )
    .default("true"),
    ConfigKey::new(
        "learning.provider",
        r#""anthropic""#,
        "Who learns, if not the one that answers",
    )
    .default("the one that answers"),
    ConfigKey::new("learning.model", r#""claude-haiku-5-5""#, "The model that learns")
        .flag("learning_llm")
        .variable(longmem::environment::LEARNING_LLM)
        .default("the one that answers"),
    ConfigKey::new(
        "learning.base_url",
        r#""http://localhost:11434/v1""#,
        "The address of the server that learns",
    )
    .default("that of the one that answers"),
    ConfigKey::new(
        "learning.api_key_file",
        r#""/run/secrets/learning""#,
        "A file whose first line is its key",
    )
    .default("that of the one that answers"),
    ConfigKey::new("learning.history_tokens", "8000", "A longer session is summed up")
        .default("8000"),
    ConfigKey::new(
        "redaction.enabled",
        "true",
        "Whether secrets are replaced by marks before anything is stored",
    )
    .flag("redact")
    .variable(longmem::environment::REDACT)
    .default("false"),
    ConfigKey::new(
        "redaction.kinds",
        r#"["password", "card", "iban"]"#,
        "The kinds of secrets that are looked for",
    )
    .default("all of them"),
    ConfigKey::new(
        "redaction.patterns",
        r#"[{ name = "employee number", regex = "E-[0-9]{5}" }]"#,
        "Shapes of your own that are replaced, too",
    )
    .default("none"),
    ConfigKey::new(
        "moderation.command",
        r#"["/usr/local/bin/judge"]"#,
        "A program that is asked about each text, with its arguments",
    )
    .default("none"),
    ConfigKey::new("moderation.timeout_seconds", "5", "How long it may take for a text")
        .default("5"),
    ConfigKey::new(
        "moderation.on_failure",
        r#""refuse""#,
        "What happens when it fails: refuse, or allow",
    )
    .default("refuse"),
    ConfigKey::new("moderation.when", r#"["store", "send", "answer"]"#, "When it is asked")
        .default("store, send, answer"),
    ConfigKey::new(
        "moderation.environment",
        r#"["JUDGE_TOKEN"]"#,
        "Variables that it gets besides PATH, HOME and the like",
    )
    .default("none"),
    ConfigKey::new("server.listen", r#"["127.0.0.1:7717"]"#, "Where the server listens")
        .flag("listen")
        .variable(longmem::environment::LISTEN)
        .default("127.0.0.1:7717"),
    ConfigKey::new(
        "server.unix",
        r#""~/.local/run/longmem.sock""#,
        "The file of a unix socket at which it listens, too, or none",
    )
    .flag("unix")
    .variable(longmem::environment::UNIX_SOCKET)
    .default("server.sock beside the store, in a folder with the mode 700"),
    ConfigKey::new(
        "server.auth",
        r#""auto""#,
        "Who needs a key: auto (not your own programs on this machine), or required (everybody)",
    )
    .flag("auth")
    .variable(longmem::environment::AUTH)
    .default("auto"),
    ConfigKey::new(
        "server.names",
        r#"["memory.example.org"]"#,
        "Names of another server before it, by which clients call it",
    )
    .default("none"),
    ConfigKey::new("server.page", "true", "Whether it serves the page, at /ui").default("true"),
    ConfigKey::new(
        "proxy.mode",
        r#""sticky""#,
        "What is done with what is recalled for a question: sticky, ephemeral (once), or off",
    )
    .default("sticky"),
    ConfigKey::new(
        "proxy.recall_deadline_ms",
        "150",
        "Milliseconds that a request waits for what is recalled",
    )
    .default("150"),
    ConfigKey::new("proxy.budget", "1000", "Tokens of what is put behind one question")
        .default("1000"),
    ConfigKey::new("proxy.capture", "true", "Whether what was asked and answered is stored")
        .default("true"),
    ConfigKey::new(
        "proxy.coding_agents",
        "false",
        "Whether Claude Code and Codex get memory here, too; their hooks do it better",
    )
    .default("false"),
    ConfigKey::new(
        "proxy.anthropic.upstream",
        r#""https://api.anthropic.com""#,
        "Where requests below /anthropic go, or none",
    )
    .flag("anthropic_upstream")
    .default("https://api.anthropic.com"),
    ConfigKey::new(
        "proxy.anthropic.api_key_env",
        r#""ANTHROPIC_API_KEY""#,
        "The variable that holds the key for it; clients then send keys of longmem",
    )
    .default("none: clients send their own"),
    ConfigKey::new(
        "proxy.openai.upstream",
        r#""http://127.0.0.1:11434""#,
        "Where requests below /openai go, or none",
    )
    .flag("openai_upstream")
    .default("https://api.openai.com"),
    ConfigKey::new(
        "proxy.openai.api_key_env",
        r#""OPENAI_API_KEY""#,
        "The variable that holds the key for it; clients then send keys of longmem",
    )
    .default("none: clients send their own"),
    ConfigKey::new(
        "watch.sources",
        r#"["claude-code", "codex", "gemini"]"#,
        "The agents whose transcripts longmem watch captures",
    )
    .default("none"),
    ConfigKey::new(
        "watch.paths",
        r#"["~/talks"]"#,
        "Folders and files of your own that it watches",
    )
    .default("none"),
    ConfigKey::new(
        "watch.exclude",
        r#"["*secret-project*"]"#,
        "Files that it leaves out: patterns of whole paths, or of single names in them",
    )
    .default("none"),
];

/// A configuration file in which every key stands, with its explanation, and nothing is set.
pub(crate) fn template() -> String {
    let mut parts = vec![
        "# What longmem uses where no flag and no variable says otherwise.\n\
                    # Take the # away from a line to set it. Paths may begin with ~, and are\n\
                    # looked for from this file's folder.\n"
            .to_owned(),
    ];
    let mut table = "";
    for key in KEYS {
        let (key_table, name) = key.place();
        if key_table != table {
            parts.push(format!("\n[{key_table}]\n"));
            table = key_table;
        }
        let also = key.variable.map_or_else(String::new, |variable| format!(" ({variable})"));
        parts.push(format!("\n# {}{also}. Default: {}.\n", key.about, key.default));
        parts.push(format!("# {name} = {}\n", key.example));
    }
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_file::ConfigFile;

    /// The template with every example set.
    fn everything_set() -> toml::Table {
        let text: Vec<String> = template()
            .lines()
            .filter_map(|line| match line.strip_prefix("# ") {
                Some(setting) if setting.contains(" = ") => Some(setting.to_owned()),
                Some(_) => None,
                None => Some(line.to_owned()),
            })
            .filter(|line| !line.starts_with('#'))
            .collect();
        toml::from_str(&text.join("\n")).unwrap()
    }

    fn names(table: &toml::Table, before: &str) -> Vec<String> {
        let mut names = Vec::new();
        for (name, value) in table {
            match value {
                toml::Value::Table(inner) => {
                    names.extend(self::names(inner, &format!("{before}{name}.")));
                }
                _ => names.push(format!("{before}{name}")),
            }
        }
        names.sort();
        names
    }

    fn key_names() -> Vec<String> {
        let mut names: Vec<String> = KEYS.iter().map(|key| key.name.to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_template_holds_every_key_and_is_read_with_all_of_them_set() {
        let all = everything_set();
        assert_eq!(names(&all, ""), key_names());
        all.try_into::<ConfigFile>().unwrap();
        toml::from_str::<ConfigFile>(&template()).unwrap();
    }

    #[test]
    fn the_file_of_the_readme_holds_every_key() {
        let readme = include_str!("../../README.md");
        let block = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
        let table: toml::Table = toml::from_str(block.unwrap()).unwrap();
        assert_eq!(names(&table, ""), key_names());
    }

    #[test]
    fn an_unknown_key_is_none_of_them() {
        assert!(ConfigKey::named("llm.modle").is_none());
        assert_eq!(ConfigKey::named("llm.model").map(ConfigKey::place), Some(("llm", "model")));
    }
}
