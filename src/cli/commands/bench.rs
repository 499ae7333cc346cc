//! `longmem bench`: how fast this machine embeds, searches and stores, as a chart or as JSON.

mod chart;
mod machine;
mod report;
mod sample;
mod server;
mod stores;

use std::num::NonZeroUsize;
use std::sync::Arc;

use longmem::{IfMissing, StorePlace};
use longmem_bench::{
    BenchError, Figure, RECALLED, RecallBench, Stopwatch, all_at_once, fill, long_texts,
    made_up_questions, mixtures, one_at_a_time, questions_about, short_texts, storing, user,
};
use longmem_core::{Diagnose, ErrorCode, TextEmbedder, UserName};
use longmem_memory::{Memory, MemoryError};

use crate::arguments::{BenchArguments, BenchPart};
use crate::commands::open::{open, open_existing, open_or_make};
use crate::compose;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::{Output, counted, grouped};
use crate::progress_bar;
use crate::settings::Settings;

use machine::{Machine, resident_bytes};
use report::{Group, Report, Row};

/// Number of rounds of embedding, of which the median is taken.
const ROUNDS: usize = 3;

pub(super) fn run(
    arguments: &BenchArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    settings.options.apply_threads();
    let interrupt = Interrupt::listen()?;
    let bench = Bench {
        settings,
        output,
        embedder: Arc::new(compose::embedder(settings, output)),
        stopwatch: Stopwatch::new(move || interrupt.happened()),
    };
    let machine = Machine::this_one(settings.options.threads);
    let groups = match &arguments.part {
        Some(BenchPart::Server(arguments)) => bench.servers(arguments)?,
        Some(BenchPart::Stores(arguments)) => bench.stores(arguments)?,
        None => bench.everything(&arguments.passages)?,
    };
    let report = Report { machine, groups };
    if output.json {
        return Ok(output.document(&report)?);
    }
    let width =
        terminal_size::terminal_size().map_or(chart::USUAL_WIDTH, |(width, _)| width.0.into());
    Ok(output.line_as_it_is(&chart::chart(&report, width))?)
}

/// What every measurement needs.
struct Bench<'a> {
    settings: &'a Settings,
    output: Output,
    embedder: Arc<dyn TextEmbedder>,
    stopwatch: Stopwatch,
}

/// A memory that is measured, and what is known of it.
struct Subject<'a> {
    /// What the memory is, for the titles.
    name: &'a str,
    place: &'a StorePlace,
    memory: Memory,
    user: UserName,
    questions: Vec<String>,
}

impl Bench<'_> {
    fn everything(&self, sizes: &[NonZeroUsize]) -> Result<Vec<Group>, Failure> {
        self.output.note("measuring the model");
        let mut groups = self.model()?;
        groups.extend(self.own_memory()?);
        for passages in sizes {
            groups.extend(self.made_up_memory(passages.get())?);
        }
        self.output.note("measuring how fast turns are stored");
        groups.push(self.storing()?);
        Ok(groups)
    }

    /// Measures the model on the sample history: questions alone, and short and long texts together.
    fn model(&self) -> Result<Vec<Group>, Failure> {
        let embedder = self.embedder.as_ref();
        let turns = sample::turns();
        let sets = [
            ("short turns", short_texts(embedder, &turns).map_err(MemoryError::Embed)?),
            ("long texts", long_texts(embedder, &turns).map_err(MemoryError::Embed)?),
        ];
        let question = one_at_a_time(embedder, &sample::questions(), &self.stopwatch)?;
        let mut at_once = Vec::new();
        for (name, texts) in &sets {
            let set = all_at_once(embedder, texts, ROUNDS, &self.stopwatch)?;
            at_once
                .push(Row::new(format!("{name}, {:.0} tokens each", set.mean_tokens), set.figure));
        }
        Ok(vec![
            Group::new("Embedding, one text at a time", vec![Row::new("a question", question)]),
            Group::new("Embedding, all texts at once", at_once),
        ])
    }

    /// Measures the user's memory, if there is one with vectors of this model.
    fn own_memory(&self) -> Result<Vec<Group>, Failure> {
        let place = &self.settings.options.place;
        let memory = match open(place, IfMissing::Fail, Arc::clone(&self.embedder)) {
            Err(error) if error.code() == ErrorCode::NoStore => {
                return Ok(Vec::new());
            }
            opened => opened?,
        };
        let user = self.settings.user.clone();
        let is_stored = memory.users()?.iter().any(|stored| stored.user == user);
        let is_embedded = memory.serving_model()?.as_ref() == Some(self.embedder.model());
        if !is_stored || !is_embedded {
            self.output.note("your store has no vectors of this user yet, and is left out");
            return Ok(Vec::new());
        }
        self.output.note("measuring your store");
        let questions = questions_about(&memory, &user)?;
        self.recall(&Subject { name: "Your store", place, memory, user, questions })
    }

    /// Measures a memory of this many passages that is made for it.
    fn made_up_memory(&self, passages: usize) -> Result<Vec<Group>, Failure> {
        self.output.note(format!("making a store of {}", counted(passages as u64, "passage")));
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("memory.db");
        let texts = sample::turns();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let real = self.embedder.embed_passages(&texts).map_err(MemoryError::Embed)?;
        let vectors = mixtures(real).take(passages);
        let bar = progress_bar::counting(self.output, passages as u64, "passages stored");
        fill(
            &|embedder| open_or_make(&file, embedder),
            self.embedder.model(),
            [vectors],
            &self.stopwatch,
            &mut |stored| bar.inc(stored),
        )?;
        bar.finish_and_clear();
        self.output.note("measuring the made-up store");
        self.recall(&Subject {
            name: "A made-up store (vectors mixed from real ones)",
            place: &StorePlace::File(file.clone()),
            memory: open_existing(&file, Arc::clone(&self.embedder))?,
            user: user(0),
            questions: made_up_questions(passages),
        })
    }

    fn recall(&self, subject: &Subject<'_>) -> Result<Vec<Group>, Failure> {
        let budget = self.settings.options.talk.conversation.budget.tokens();
        let bench = RecallBench {
            memory: &subject.memory,
            open_again: &|| open(subject.place, IfMissing::Fail, Arc::clone(&self.embedder)),
            user: subject.user.clone(),
            questions: subject.questions.clone(),
            budget,
        };
        let figures = bench.measure(&self.stopwatch)?;
        let search = vec![
            Row::new("search by meaning", figures.by_meaning),
            Row::new("search by words", figures.by_words),
            Row::new("search by both", figures.by_both),
            Row::new("whole recall, model included", figures.whole),
        ];
        let start_and_context = vec![
            Row::new("open the store, first search", figures.cold),
            Row::new(format!("a prompt of {} tokens", grouped(budget as u64)), figures.prompt),
        ];
        let stats = subject.memory.stats()?;
        let mut space = vec![Row::new("file", Figure::Size { bytes: stats.file_bytes })];
        if let Some(bytes) = resident_bytes(std::process::id()) {
            let name = "memory of this process, model included";
            space.push(Row::new(name, Figure::Size { bytes }));
        }
        let name = format!("{} of {}", subject.name, counted(stats.passages, "passage"));
        Ok(vec![
            Group::new(format!("{name}: recall of {RECALLED}"), search),
            Group::new(format!("{name}: start and context"), start_and_context),
            Group::new(format!("{name}: space"), space),
        ])
    }

    fn storing(&self) -> Result<Group, Failure> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("memory.db");
        let memory = open_or_make(&file, Arc::clone(&self.embedder))?;
        let figures = storing(&memory, &self.stopwatch)?;
        Ok(Group::new(
            "Storing turns, on disk when it returns, in the system's temporary folder",
            vec![
                Row::new("one by one", figures.one_by_one),
                Row::new("a thousand at once", figures.in_batches),
            ],
        ))
    }
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::Stopped => Self::Interrupted("nothing was left behind".to_owned()),
            other => Self::Bench(other),
        }
    }
}
