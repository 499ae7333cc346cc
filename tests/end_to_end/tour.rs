//! The tour of README.md, line by line as it is written there.

use std::fs::read_to_string;
use std::path::Path;

use crate::support::{Home, REPOSITORY, assert_shown, transcript};

/// Lines of each output that the snapshot keeps.
const SHOWN: usize = 24;

/// The heading under which the tour stands.
const HEADING: &str = "## A five-minute tour";

/// The lines of the first shell block below the heading, without comments.
fn lines(readme: &str) -> Vec<&str> {
    let (_, below) = readme.split_once(HEADING).expect("README.md has the tour's heading");
    let (_, block) = below.split_once("```sh\n").expect("the tour is a shell block");
    let (block, _) = block.split_once("\n```").expect("the block ends");
    let without_comment = |line| str::split_once(line, " #").map_or(line, |(command, _)| command);
    block
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| without_comment(line).trim_end())
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn every_line_of_the_tour_works_as_written() {
    let readme = read_to_string(Path::new(REPOSITORY).join("README.md")).unwrap();
    let lines = lines(&readme);
    for command in [
        "remember", "import", "index", "recall", "ask", "chat", "context", "sessions", "stats",
        "export", "forget", "model", "doctor",
    ] {
        let wanted = format!("longmem {command}");
        assert!(lines.iter().any(|line| line.starts_with(&wanted)), "the tour shows {command}");
    }
    let home = Home::of_a_new_user();
    let runs = lines.iter().map(|line| home.run_line(line).succeeds().beginning(SHOWN));
    assert_shown!(home, transcript(runs));
}

#[test]
fn the_tour_is_read_without_its_comments() {
    let readme = format!(
        "# Title\n```sh\nno\n```\n{HEADING}\n\nText.\n\n```sh\n# all of it\nlongmem stats   # counts\n\nlongmem doctor\n```\n```sh\nno\n```\n"
    );
    assert_eq!(lines(&readme), ["longmem stats", "longmem doctor"]);
}
