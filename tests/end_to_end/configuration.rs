//! `longmem config`: what holds, where it comes from, and changes of the file.

use crate::support::{Home, assert_shown, transcript};

/// A new person looks, sets something, and looks again.
#[test]
fn every_setting_is_shown_with_where_it_comes_from() {
    let home = Home::of_a_new_user().with("LONGMEM_USER", "ana");
    let lines = [
        "config",
        "config init",
        "config init",
        "config set llm.model llama3.2",
        "config set llm.fallback llama3.2 qwen3",
        "config set threads 2",
        "config set user ben",
        "config --budget 2000",
        "config get llm.model",
        "config get user --json",
        "config unset llm.model",
        "config unset llm.model",
    ];
    assert_shown!(home, transcript(lines.map(|line| home.run_words(line))));
}

/// What is wrong is said, and nothing is changed.
#[test]
fn a_wrong_change_is_refused_and_the_file_stays() {
    let home = Home::of_a_new_user();
    home.run_words("config set llm.model llama3.2").succeeds();
    let file = home.path("config/longmem/config.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    let lines = [
        "config set llm.modle llama3.2",
        "config set threads many",
        "config set llm.provider openia",
        "config set user",
        "config get everything",
    ];
    assert_shown!(home, transcript(lines.map(|line| home.run_words(line))));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}

/// A key of a table in a table is set, read and taken out as any other.
#[test]
fn a_table_in_a_table_is_changed_too() {
    let home = Home::of_a_new_user();
    home.run_words("config set proxy.openai.upstream http://127.0.0.1:11434").succeeds();
    let file = home.path("config/longmem/config.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text, "[proxy.openai]\nupstream = \"http://127.0.0.1:11434\"\n");
    home.run_words("config set proxy.mode ephemeral").succeeds();
    let shown = home.run_words("config get proxy.openai.upstream");
    assert_eq!(shown.stdout.trim(), "http://127.0.0.1:11434");
    home.run_words("config set proxy.openai.upstream 127.0.0.1:11434").ends_with(1);
    home.run_words("config unset proxy.openai.upstream").succeeds();
    let shown = home.run_words("config get proxy.openai.upstream");
    assert_eq!(shown.stdout.trim(), "https://api.openai.com");
    home.run_words("config init").ends_with(1);
    std::fs::remove_file(&file).unwrap();
    home.run_words("config init").succeeds();
    home.run_words("config set proxy.anthropic.upstream none").succeeds();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("[proxy.anthropic]") && text.contains("\nupstream = \"none\"\n"),
        "{text}"
    );
}

/// A change keeps what a person wrote around it, and a wrong file can be mended by the command.
#[test]
fn comments_stay_and_a_wrong_value_can_be_replaced() {
    let home = Home::of_a_new_user();
    std::fs::create_dir_all(home.path("config/longmem")).unwrap();
    let path = "config/longmem/config.toml";
    home.write(path, "# mine\nthreads = 2 # two\ndevice = \"cpu\"\n\n[llm]\n# the model\n");
    home.run_words("config set threads 3").succeeds();
    home.run_words("config set llm.model llama3.2").succeeds();
    let text = std::fs::read_to_string(home.path(path)).unwrap();
    assert!(text.starts_with("# mine\nthreads = 3 # two\ndevice = \"cpu\"\n"), "{text}");
    assert!(text.contains("[llm]") && text.contains("model = \"llama3.2\""), "{text}");

    home.write(path, "thraeds = 2\nthreads = \"two\"\n");
    home.run_words("stats").ends_with(1);
    home.write(path, "threads = \"two\"\n");
    home.run_words("config set threads 2").succeeds();
    assert_eq!(std::fs::read_to_string(home.path(path)).unwrap(), "threads = 2\n");
}

/// The file is its owner's alone, and a link to it stays one.
#[cfg(unix)]
#[test]
fn the_file_is_private_and_a_link_is_followed() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let home = Home::of_a_new_user();
    home.run_words("config init").succeeds();
    let file = home.path("config/longmem/config.toml");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = home.path("dotfiles.toml");
    std::fs::rename(&file, &kept).unwrap();
    symlink(&kept, &file).unwrap();
    home.run_words("config set threads 2").succeeds();
    assert!(std::fs::symlink_metadata(&file).unwrap().is_symlink());
    assert!(std::fs::read_to_string(&kept).unwrap().contains("\nthreads = 2\n"));
}

/// `~` is the home folder in the file, in variables and in flags; nobody makes a folder of that name.
#[test]
fn a_tilde_is_the_home_folder() {
    let home = Home::of_a_new_user();
    std::fs::create_dir_all(home.path("config/longmem")).unwrap();
    home.write("config/longmem/config.toml", "db = \"~/in-file.db\"\n");
    home.run_words("remember x").succeeds();
    assert!(home.path("in-file.db").exists());
    home.run_words("remember x --db=~/in-flag.db").succeeds();
    assert!(home.path("in-flag.db").exists());
    let home = home.with("LONGMEM_DB", "~/in-variable.db");
    home.run_words("remember x").succeeds();
    assert!(home.path("in-variable.db").exists());
    assert!(!home.path("~").exists());
    let run = home.run_words("stats --db=~ana/memory.db").ends_with(1);
    assert!(run.stderr.contains("~ana/memory.db begins with somebody's home folder"), "{run}");
    assert!(run.stderr.contains("hint: Write the whole path"), "{run}");
}
