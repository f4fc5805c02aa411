//! The inference threads of a lane.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError};

use super::tracker::Ticket;
use super::{Code, Disposition, Error, Record, Worker, WorkerError, Workers};

/// A batch on its way to an inference thread.
#[derive(Debug)]
pub(super) struct Job {
    /// Session that sent it; replies to an earlier one are of no use.
    pub(super) session: u64,
    /// Place in the order of the session.
    pub(super) number: u64,
    pub(super) tickets: Vec<Ticket>,
    pub(super) records: Vec<Record>,
}

/// An input with its answer.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) ticket: Ticket,
    pub(super) record: Record,
    pub(super) disposition: Disposition,
}

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) session: u64,
    pub(super) number: u64,
    pub(super) inputs: Vec<Answered>,
    pub(super) elapsed: Duration,
    /// Whether the worker failed on the batch and was replaced.
    pub(super) failed: bool,
}

#[derive(Debug)]
pub(super) struct Pool {
    jobs: Option<Sender<Job>>,
    replies: Receiver<Result<Reply, Error>>,
    threads: Vec<JoinHandle<()>>,
    lane: usize,
}

impl Pool {
    /// Starts the threads; each makes its own worker.
    pub(super) fn start(lane: usize, count: usize, workers: &Arc<dyn Workers>) -> Result<Self, Error> {
        // One batch waits for each thread, so that none idles while the lane turns around.
        let (jobs, queue) = crossbeam_channel::bounded(count);
        let (results, replies) = crossbeam_channel::unbounded();
        let mut threads = Vec::with_capacity(count);
        for index in 0..count {
            let inference =
                Inference { lane, workers: Arc::clone(workers), queue: queue.clone(), results: results.clone() };
            let thread = std::thread::Builder::new()
                .name(format!("lane-{lane}-inference-{index}"))
                .spawn(move || inference.run())
                .map_err(|source| Error::Thread { thread: "inference", source })?;
            threads.push(thread);
        }
        Ok(Self { jobs: Some(jobs), replies, threads, lane })
    }

    /// Hands a batch over, or gives it back if every thread is busy and has one waiting.
    pub(super) fn submit(&self, job: Job) -> Result<Option<Job>, Error> {
        let died = Error::Died { lane: self.lane, thread: "inference" };
        match self.jobs.as_ref() {
            None => Err(died),
            Some(jobs) => match jobs.try_send(job) {
                Ok(()) => Ok(None),
                Err(TrySendError::Full(job)) => Ok(Some(job)),
                Err(TrySendError::Disconnected(_)) => Err(self.last_words().unwrap_or(died)),
            },
        }
    }

    /// The next reply, if one is there.
    pub(super) fn reply(&self) -> Result<Option<Reply>, Error> {
        match self.replies.try_recv() {
            Ok(reply) => reply.map(Some),
            Err(crossbeam_channel::TryRecvError::Empty) => Ok(None),
            Err(crossbeam_channel::TryRecvError::Disconnected) => {
                Err(Error::Died { lane: self.lane, thread: "inference" })
            }
        }
    }

    /// The channel of replies, to wait on.
    pub(super) fn replies(&self) -> &Receiver<Result<Reply, Error>> {
        &self.replies
    }

    /// Lets the threads end once idle and waits for them until `deadline`; a thread that hangs is
    /// left behind.
    pub(super) fn close(mut self, deadline: Instant) {
        self.jobs = None;
        while self.threads.iter().any(|thread| !thread.is_finished()) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
        for thread in self.threads.drain(..).filter(JoinHandle::is_finished) {
            // Its panic, if any, was told by `Obituary`.
            let _ = thread.join();
        }
    }

    fn last_words(&self) -> Option<Error> {
        self.replies.try_iter().find_map(Result::err)
    }
}

struct Inference {
    lane: usize,
    workers: Arc<dyn Workers>,
    queue: Receiver<Job>,
    results: Sender<Result<Reply, Error>>,
}

/// Tells the lane if the thread ends by a panic outside a worker.
struct Obituary {
    lane: usize,
    results: Sender<Result<Reply, Error>>,
}

impl Drop for Obituary {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let died = Error::Died { lane: self.lane, thread: "inference" };
            let _ = self.results.send(Err(died));
        }
    }
}

impl Inference {
    fn run(self) {
        let _obituary = Obituary { lane: self.lane, results: self.results.clone() };
        if let Err(source) = self.serve() {
            let _ = self.results.send(Err(Error::Worker { lane: self.lane, source }));
        }
    }

    fn serve(&self) -> Result<(), WorkerError> {
        let mut worker = self.workers.worker()?;
        for job in &self.queue {
            let started = Instant::now();
            let answered = attempt(worker.as_mut(), &job.records);
            let failed = answered.is_err();
            let dispositions = match answered {
                Ok(dispositions) => dispositions,
                Err(code) => {
                    worker = self.workers.worker()?;
                    self.one_by_one(&mut worker, &job.records, code)?
                }
            };
            let inputs = job
                .tickets
                .into_iter()
                .zip(job.records)
                .zip(dispositions)
                .map(|((ticket, record), disposition)| Answered { ticket, record, disposition })
                .collect();
            let elapsed = started.elapsed();
            let reply = Reply { session: job.session, number: job.number, inputs, elapsed, failed };
            if self.results.send(Ok(reply)).is_err() {
                break;
            }
        }
        Ok(())
    }

    fn one_by_one(
        &self,
        worker: &mut Box<dyn Worker>,
        records: &[Record],
        code: Code,
    ) -> Result<Vec<Disposition>, WorkerError> {
        if records.len() == 1 {
            return Ok(vec![refused(code)]);
        }
        let mut dispositions = Vec::with_capacity(records.len());
        for record in records {
            match attempt(worker.as_mut(), std::slice::from_ref(record)) {
                Ok(answer) => dispositions.extend(answer),
                Err(code) => {
                    *worker = self.workers.worker()?;
                    dispositions.push(refused(code));
                }
            }
        }
        Ok(dispositions)
    }
}

fn refused(code: Code) -> Disposition {
    Disposition { refusal: Some(code.refusal()), ..Disposition::default() }
}

/// The panic's message is not kept: it may quote the text of a report.
fn attempt(worker: &mut dyn Worker, records: &[Record]) -> Result<Vec<Disposition>, Code> {
    // The worker is replaced after a panic, so that nothing half-changed is seen again.
    let answer = catch_unwind(AssertUnwindSafe(|| worker.process(records)));
    match answer {
        Ok(dispositions) if dispositions.len() == records.len() => Ok(dispositions),
        Ok(_) => Err(Code::Unanswered),
        Err(_) => Err(Code::Panicked),
    }
}
