//! Work that goes on after its request is answered: who asked for it asks after it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{UserName, closed_words};
use serde::Serialize;
use serde_json::Value;

use super::operation::Operation;
use super::query::Part;
use super::registry::Registry;
use crate::Permission;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

/// Jobs that are remembered; the oldest that is over makes place for a new one.
const KEPT: usize = 200;
/// Jobs of one user that may wait or run.
const OF_ONE_USER: usize = 4;

pub(super) fn add(registry: &mut Registry) {
    let operation = Operation::new(
        Method::GET,
        "/v1/memory/jobs/{id}",
        "get_job",
        "Says how far a job is. Jobs are forgotten when the server ends, but for imports that are not done \
         then: it takes them up under the same id when it starts again.",
    );
    let operation = operation
        .needs(Permission::Read)
        .part::<String>("id", "What the request that began the job was answered with")
        .answers::<Job>(200, "The job");
    registry.add(&operation, read_job);
}

closed_words! {
    /// How a job stands.
    pub(super) enum JobState: "a state of a job" {
        /// It waits for its turn.
        Queued = "queued",
        /// It is being done.
        Running = "running",
        /// It is done.
        Done = "done",
        /// It could not be done; what was stored before stays.
        Failed = "failed",
    }
}

/// A job as its user sees it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct Job {
    /// What it is asked after by.
    pub(super) id: String,
    /// How it stands.
    pub(super) state: JobState,
    /// How much is done: bytes of an import, turns of an index.
    pub(super) done: u64,
    /// Of how much; none while that is not known.
    pub(super) of: Option<u64>,
    /// What came of it, once it is done: of an import or an index as on the command line.
    pub(super) result: Option<Value>,
    /// Why it failed.
    pub(super) error: Option<Problem>,
}

/// The answer to a request that began a job.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Begun {
    /// What the job is asked after by: GET /v1/memory/jobs/{id}.
    pub(super) job: String,
}

/// All jobs of a server, the oldest first.
#[derive(Default)]
pub(super) struct Jobs(Mutex<Kept>);

type Kept = VecDeque<(UserName, Arc<Mutex<Job>>)>;

/// A job that is being done: who does it says how far it is.
#[derive(Clone)]
pub(super) struct JobInHand(Arc<Mutex<Job>>);

impl Jobs {
    /// A new job of a user, which waits.
    ///
    /// # Errors
    /// 429 if the user has too many that are not over yet; 503 if all have.
    pub(super) fn begin(&self, user: &UserName) -> Result<JobInHand, Problem> {
        self.begin_as(random_name()?, user)
    }

    /// A new job with an id, as [`Jobs::begin`] begins one.
    ///
    /// # Errors
    /// Those of [`Jobs::begin`].
    pub(super) fn begin_as(&self, id: String, user: &UserName) -> Result<JobInHand, Problem> {
        self.check_room(user)?;
        let mut jobs = lock(&self.0);
        if jobs.len() >= KEPT {
            let oldest = jobs.iter().position(|(_, job)| is_over(job));
            jobs.remove(oldest.ok_or_else(|| Problem::busy("too many jobs are not done yet"))?);
        }
        Ok(added(&mut jobs, id, user))
    }

    /// A job of a server before this one, which waits again, however many there are.
    pub(super) fn take_up(&self, id: String, user: &UserName) -> JobInHand {
        added(&mut lock(&self.0), id, user)
    }

    /// Fails if a user may not begin another job now.
    ///
    /// # Errors
    /// 429.
    pub(super) fn check_room(&self, user: &UserName) -> Result<(), Problem> {
        let jobs = lock(&self.0);
        let open = jobs.iter().filter(|(owner, job)| owner == user && !is_over(job)).count();
        if open < OF_ONE_USER {
            return Ok(());
        }
        Err(Problem::too_many(format!("{open} jobs of this user are not done yet")))
    }

    /// A job of a user.
    fn find(&self, user: &UserName, id: &str) -> Option<Job> {
        let jobs = lock(&self.0);
        let mut of_user = jobs.iter().filter(|(owner, _)| owner == user);
        of_user
            .find_map(|(_, job)| Some(lock(job)).filter(|job| job.id == id).map(|job| job.clone()))
    }
}

impl JobInHand {
    /// The answer to who began it.
    pub(super) fn begun(&self) -> Begun {
        Begun { job: lock(&self.0).id.clone() }
    }

    /// It is being done, and so far.
    pub(super) fn is_at(&self, done: u64, of: Option<u64>) {
        let mut job = lock(&self.0);
        (job.state, job.done, job.of) = (JobState::Running, done, of);
    }

    /// Does the work of the job beside the request that began it. What its user is not told of an error
    /// goes to the log.
    pub(super) fn run<T, E>(
        self,
        log: fn(&str),
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) where
        T: Serialize + Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        tokio::spawn(async move {
            // In a task of its own, so that a panic ends the job and not who waits for it.
            let outcome = match tokio::spawn(work).await {
                Ok(outcome) => outcome.map_err(Into::into),
                Err(panic) => Err(Problem::bug(panic.to_string())),
            };
            if let Err(Problem { log: Some(line), .. }) = &outcome {
                log(&format!("job {}: {line}", self.begun().job));
            }
            self.end(outcome);
        });
    }

    /// It cannot be done.
    pub(super) fn fail(&self, problem: Problem) {
        self.end::<()>(Err(problem));
    }

    fn end<T: Serialize>(&self, outcome: Result<T, Problem>) {
        let outcome = outcome.and_then(|result| {
            serde_json::to_value(result).map_err(|error| Problem::bug(error.to_string()))
        });
        let mut job = lock(&self.0);
        match outcome {
            Ok(result) => {
                (job.state, job.result) = (JobState::Done, Some(result));
                job.done = job.of.unwrap_or(job.done);
            }
            Err(problem) => (job.state, job.error) = (JobState::Failed, Some(problem)),
        }
    }
}

/// A job that waits, added to those that there are.
fn added(jobs: &mut Kept, id: String, user: &UserName) -> JobInHand {
    let (state, done) = (JobState::Queued, 0);
    let job = Arc::new(Mutex::new(Job { id, state, done, of: None, result: None, error: None }));
    jobs.push_back((user.clone(), Arc::clone(&job)));
    JobInHand(job)
}

fn is_over(job: &Mutex<Job>) -> bool {
    matches!(lock(job).state, JobState::Done | JobState::Failed)
}

/// What a panic left behind is whole: values are only replaced.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name that nobody guesses.
pub(super) fn random_name() -> Result<String, Problem> {
    let random = ring::rand::generate::<[u8; 16]>(&ring::rand::SystemRandom::new());
    let random = random.map_err(|_| Problem::bug("the system gives no random numbers"))?;
    Ok(format!("{:032x}", u128::from_le_bytes(random.expose())))
}

async fn read_job(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Part(id): Part<String>,
) -> Result<Json<Job>, Problem> {
    let job = shared.ongoing.jobs.find(&caller.user, &id);
    job.map(Json).ok_or_else(|| Problem::not_found("there is no such job"))
}
