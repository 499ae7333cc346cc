//! Tokens are counted as the model counts them: by what its answers say, or by its server.

use std::sync::atomic::{AtomicUsize, Ordering};

use longmem_chat::{CalibratedTokens, Context, TokenCounting, calibrations};
use longmem_core::{EstimatedTokens, NewTurn};

use super::*;

/// A model whose tokenizer makes a token of every two bytes, and that says so.
#[derive(Default)]
struct TwoBytesAToken {
    /// How often it was asked to count.
    counts: AtomicUsize,
    /// Whether it can count without answering.
    counts_prompts: bool,
    /// Whether it says that every prompt has no tokens.
    counts_nothing: bool,
    /// The tokens of the prompts that it answered.
    answered: Mutex<Vec<usize>>,
}

fn tokens(request: &Request) -> usize {
    let blocks = request.messages.iter().flat_map(|message| &message.content);
    let texts = blocks.chain(&request.system).map(|block| block.text.len().div_ceil(2));
    texts.sum::<usize>() + 4 * request.messages.len()
}

#[async_trait]
impl Provider for TwoBytesAToken {
    async fn complete(
        &self,
        request: &Request,
        _: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        let tokens = tokens(request);
        self.answered.lock().unwrap().push(tokens);
        Ok(Completion {
            text: "Yes.".to_owned(),
            thought: false,
            stop_reason: StopReason::EndTurn,
            usage: Usage { input: tokens as u64, ..Usage::default() },
            model: request.model.clone(),
        })
    }

    async fn count_tokens(&self, request: &Request) -> Result<Option<usize>, ProviderError> {
        self.counts.fetch_add(1, Ordering::Relaxed);
        let nothing = self.counts_nothing.then_some(0);
        Ok(nothing.or_else(|| self.counts_prompts.then(|| tokens(request))))
    }
}

/// A conversation with that model, in a memory with much to recall.
fn talk(counts_prompts: bool) -> (World, Arc<TwoBytesAToken>) {
    let mut world = World::with([]);
    let turns: Vec<NewTurn> = (0..200)
        .map(|number| {
            let text =
                format!("The gateway of building {number} listens on port {}.", 7000 + number);
            let session = SessionName::new(format!("talk {}", number % 20)).unwrap();
            world.memory.new_turn(session, Role::User, text)
        })
        .collect();
    world.memory.remember(&UserName::new("ana").unwrap(), &turns).unwrap();
    let model = Arc::new(TwoBytesAToken { counts_prompts, ..TwoBytesAToken::default() });
    let provider = Arc::clone(&model) as Arc<dyn Provider>;
    world.conversation.model = Some(LanguageModel::new(provider, "bytes", 64));
    world.conversation.settings.budget = TokenBudget::new(1_500);
    calibrate(&mut world.conversation);
    (world, model)
}

fn calibrate(conversation: &mut Conversation) {
    let calibrated = CalibratedTokens::new(Arc::new(EstimatedTokens), "localhost:1", "bytes");
    let calibrated = Arc::new(calibrated);
    conversation.calibrated = Some(Arc::clone(&calibrated));
    conversation.counter = calibrated;
}

async fn prompt(world: &World) -> Context {
    let question = "Which port does the gateway of building 17 listen on?";
    match world.conversation.consult(question, &mut |_| {}).await.unwrap() {
        Reply::Answer { context, .. } => context,
        Reply::Quotes(_) => panic!("there is a model"),
    }
}

#[tokio::test]
async fn what_an_answer_cost_corrects_the_next_estimate_also_in_another_process() {
    let (mut world, model) = talk(false);
    let first = prompt(&world).await;
    assert_eq!(first.tokens, first.count(&EstimatedTokens), "nothing is known yet");
    let known = calibrations(&world.memory).unwrap();
    assert_eq!(known[0].model, "localhost:1/bytes");
    assert_eq!(known[0].calibration.answers(), 1);
    calibrate(&mut world.conversation);
    let second = prompt(&world).await;
    let answered = model.answered.lock().unwrap().clone();
    let error = |estimated: usize, cost: usize| estimated.abs_diff(cost) as f32 / cost as f32;
    let (before, after) = (error(first.tokens, answered[0]), error(second.tokens, answered[1]));
    assert!(before > 0.25 && after < 0.07, "{before}, then {after}");
    assert!(world.conversation.counter.describe().contains("answers said"));
    assert_eq!(model.counts.load(Ordering::Relaxed), 0, "no request but for answers");
}

#[tokio::test]
async fn a_prompt_that_a_server_counts_never_exceeds_the_budget_and_uses_it() {
    let (mut world, model) = talk(true);
    world.conversation.counting = TokenCounting::Server;
    let context = prompt(&world).await;
    let cost = model.answered.lock().unwrap()[0];
    assert_eq!(context.tokens, cost);
    assert!((1_100..=1_500).contains(&cost), "{cost}");
    assert!(model.counts.load(Ordering::Relaxed) <= 3);
}

#[tokio::test]
async fn a_server_that_was_to_count_and_cannot_is_an_error() {
    let (mut world, _) = talk(false);
    world.conversation.counting = TokenCounting::Server;
    for counts_nothing in [false, true] {
        let model = Arc::new(TwoBytesAToken { counts_nothing, ..TwoBytesAToken::default() });
        let provider = Arc::clone(&model) as Arc<dyn Provider>;
        world.conversation.model = Some(LanguageModel::new(provider, "bytes", 64));
        let error = world.conversation.consult("Which port?", &mut |_| {}).await.unwrap_err();
        assert!(matches!(error, ChatError::NotCounted), "{error}");
        assert!(model.answered.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn answers_that_cannot_be_of_the_whole_prompt_teach_nothing() {
    let world = World::with([Act::Answer("Yes."), Act::Answer("No.")]);
    let mut conversation = world.conversation.clone();
    calibrate(&mut conversation);
    let message = "The gateway listens on port 7443, and nobody knows why. ".repeat(30);
    conversation.ask(&message, &mut |_| {}).await.unwrap();
    assert!(calibrations(&world.memory).unwrap().is_empty());
}
