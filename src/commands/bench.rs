//! `longmem bench`: how fast this program is on this machine, as a chart or as JSON.

mod chart;
mod embedding;
mod generated_store;
mod machine;
mod made_up_history;
mod nearest;
mod npy;
mod recall;
mod report;
mod stopwatch;
mod texts;
mod writing;

use std::sync::Arc;

use longmem_core::TextEmbedder;
use longmem_embed::{Manifest, MiniLm};
use longmem_memory::Memory;
use longmem_sqlite::{IfMissing, SqliteStore};

use crate::arguments::{BenchArguments, BenchEmbeddingArguments, BenchPart};
use longmem::SystemClock;

use crate::compose;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::settings::Settings;

use machine::Machine;
use made_up_history::word;
use recall::Subject;
use report::{Group, Report};
use stopwatch::Stopwatch;

pub(super) fn run(
    arguments: &BenchArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    settings.options.apply_threads();
    let bench = Bench {
        settings,
        output,
        embedder: Arc::new(compose::embedder(settings, output)),
        stopwatch: Stopwatch::new()?,
    };
    let machine = Machine::this_one(settings.options.threads);
    let (groups, nearest) = match &arguments.part {
        None => (bench.everything(&arguments.passages)?, None),
        Some(BenchPart::Embedding(arguments)) => (bench.embedding(arguments)?, None),
        Some(BenchPart::Search(arguments)) => {
            let nearest = nearest::measure(arguments, &bench.stopwatch, output)?;
            (vec![nearest.group], Some(nearest.found))
        }
    };
    let report = Report { machine, groups, nearest };
    if output.json {
        return Ok(output.document(&report)?);
    }
    let width =
        terminal_size::terminal_size().map_or(chart::USUAL_WIDTH, |(width, _)| width.0.into());
    Ok(output.line(chart::chart(&report, width))?)
}

/// What every part needs.
struct Bench<'a> {
    settings: &'a Settings,
    output: Output,
    embedder: Arc<dyn TextEmbedder>,
    stopwatch: Stopwatch,
}

impl Bench<'_> {
    /// All that can be measured without other programs.
    fn everything(&self, sizes: &[usize]) -> Result<Vec<Group>, Failure> {
        self.output.note("measuring the model");
        let mut groups = embedding::of_sample(self.embedder.as_ref(), &self.stopwatch)?;
        if let Some(own) = self.own_store()? {
            self.output.note("measuring your store");
            groups.extend(own.measure(&self.stopwatch)?);
        }
        for &passages in sizes {
            self.output.note(format!("making a store of {}", counted(passages as u64, "passage")));
            let folder = tempfile::tempdir()?;
            let made_up = self.made_up_store(&folder.path().join("memory.db"), passages)?;
            self.output.note("measuring the made-up store");
            groups.extend(made_up.measure(&self.stopwatch)?);
        }
        self.output.note("measuring how fast turns are stored");
        groups.push(writing::measure(&self.stopwatch)?);
        Ok(groups)
    }

    /// Only the model, on texts of a person's own if there are any.
    fn embedding(&self, arguments: &BenchEmbeddingArguments) -> Result<Vec<Group>, Failure> {
        let embedder: Arc<dyn TextEmbedder> = if arguments.candle {
            let found = compose::embedder(self.settings, self.output);
            Arc::new(MiniLm::load_reference(&Manifest::all_minilm_l6_v2(), found.files()?)?)
        } else {
            Arc::clone(&self.embedder)
        };
        let Some(path) = &arguments.texts else {
            return embedding::of_sample(embedder.as_ref(), &self.stopwatch);
        };
        let texts = texts::read(path)?;
        if let Some(path) = &arguments.write_vectors {
            npy::write(path, &embedding::embed(embedder.as_ref(), &texts)?)?;
        }
        embedding::of_texts(embedder.as_ref(), &self.stopwatch, &texts, arguments.rounds)
    }

    /// The user's store, if there is one with vectors of this model.
    fn own_store(&self) -> Result<Option<Subject>, Failure> {
        if !self.settings.options.file.exists() {
            return Ok(None);
        }
        let memory = self.memory(SqliteStore::open(&self.settings.options.file, IfMissing::Fail)?);
        let user = self.settings.user.clone();
        let known = memory.users()?.iter().any(|stored| stored.user == user);
        let embedded = memory.serving_model()?.as_ref() == Some(self.embedder.model());
        if !known || !embedded {
            self.output.note("your store has no vectors of this user yet, and is left out");
            return Ok(None);
        }
        let questions = recall::questions_about(&memory, &user)?;
        let subject = self.subject(memory, "Your store", questions)?;
        Ok(Some(Subject { user, ..subject }))
    }

    fn made_up_store(&self, path: &std::path::Path, passages: usize) -> Result<Subject, Failure> {
        let real = embedding::embed(self.embedder.as_ref(), &texts::sample())?;
        let vectors = generated_store::mixtures(real).take(passages);
        let store = generated_store::fill(
            path,
            self.embedder.model(),
            std::iter::once(vectors),
            passages,
            &self.stopwatch,
            self.output,
        )?;
        let name = "A made-up store (vectors mixed from real ones)";
        self.subject(self.memory(store), name, made_up_questions(passages))
    }

    fn subject(
        &self,
        memory: Memory,
        name: &str,
        questions: Vec<String>,
    ) -> Result<Subject, Failure> {
        let stats = memory.stats()?;
        Ok(Subject {
            memory,
            embedder: Arc::clone(&self.embedder),
            user: generated_store::user(0),
            name: format!("{name} of {}", counted(stats.passages, "passage")),
            questions,
            budget: self.settings.options.talk.conversation.budget.tokens(),
        })
    }

    fn memory(&self, store: SqliteStore) -> Memory {
        Memory::new(Arc::new(store), Arc::clone(&self.embedder), Arc::new(SystemClock))
    }
}

/// Questions of a common word, one that is not, and two rare ones, as most questions have.
fn made_up_questions(passages: usize) -> Vec<String> {
    let question = |number: usize| {
        let ranks = [2 + number % 5, 50 + number, passages / 30 + number, passages / 3 + number];
        ranks.map(word).join(" ")
    };
    (0..40).map(question).collect()
}
