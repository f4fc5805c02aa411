//! One life of a lane's clients: from joining the group until leaving it.
//!
//! The thread turns in a loop and never blocks on a full channel: it takes replies from the
//! inference threads, sends, takes acknowledgements, commits, hands batches over, and reads.

mod breaker;
mod health;
mod membership;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use rdkafka::consumer::Consumer as _;
use rdkafka::types::RDKafkaErrorCode;

use super::batch::Batcher;
use super::clients;
use super::context::{self, Consumer, ConsumerSide, Notice};
use super::delivery::{AtLeastOnce, Delivery, ExactlyOnce, Finished, Interruption};
use super::failure::is_fatal_to_client;
use super::lane::Lane;
use super::observer::Event;
use super::order::Reorder;
use super::pool::{Answered, Job, Pool, Reply};
use super::pressure::{Action, Pressure, PressureLimits};
use super::throttle::Throttle;
use super::tracker::{Partition, Ticket, Tracker};
use super::{Error, Guarantee, Record};

/// Longest wait for a message while nothing is in flight.
const IDLE_WAIT: Duration = Duration::from_millis(50);
/// Longest wait for a message while something is: replies and acknowledgements do not wake a poll.
const BUSY_WAIT: Duration = Duration::from_millis(3);
/// Time between two tellings that the lane turns.
const TURN_PERIOD: Duration = Duration::from_millis(500);

type Input = (Ticket, Record);

pub(super) struct Session<'a> {
    lane: &'a Lane<'a>,
    pool: &'a Pool,
    number: u64,
    consumer: Arc<Consumer>,
    notices: Receiver<Notice>,
    delivery: Box<dyn Delivery + Send>,
    tracker: Tracker,
    batcher: Batcher<Input>,
    /// Batches formed and not yet handed to an inference thread.
    ready: VecDeque<Vec<Input>>,
    order: Reorder<Vec<Answered>>,
    pressure: Pressure,
    /// Inputs read and not finished, whoever holds them.
    held: usize,
    held_bytes: usize,
    /// Whether nothing more is to be read.
    stopping: bool,
    /// Whether this consumer has asked to join its group.
    joined: bool,
    /// When an answer or acknowledgement last came, or nothing was in flight.
    last_progress: Instant,
    /// Since when the brokers do not know an input topic, and when that was last looked at.
    missing: Option<(Instant, Instant)>,
    topics: HashMap<String, Arc<str>>,
    throttle: Throttle,
    /// When it was last told that the lane turns, and how many inputs had been read by then.
    told: (Instant, u64),
    breaker: breaker::Watch,
    pub(super) counts: Counts,
}

/// What a session did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) consumed: u64,
    pub(super) published: u64,
    pub(super) dead_lettered: u64,
    pub(super) committed: u64,
}

impl<'a> Session<'a> {
    pub(super) fn open(lane: &'a Lane<'a>, pool: &'a Pool, number: u64) -> Result<Self, Error> {
        let options = lane.options;
        let (sender, notices) = crossbeam_channel::unbounded();
        let context = ConsumerSide { notices: sender.clone(), closing: false.into() };
        let consumer: Consumer = clients::create(&clients::consumer(options), context, "consumer")?;
        let consumer = Arc::new(consumer);
        let (number_of_lane, member) = (lane.number, Arc::clone(&consumer));
        let delivery: Box<dyn Delivery + Send> = match options.guarantee {
            Guarantee::AtLeastOnce => Box::new(AtLeastOnce::new(number_of_lane, options, member, sender)?),
            Guarantee::ExactlyOnce => Box::new(ExactlyOnce::new(number_of_lane, options, member, sender)?),
        };
        Ok(Self {
            lane,
            pool,
            number,
            consumer,
            notices,
            delivery,
            tracker: Tracker::new(),
            batcher: Batcher::new(options.batch),
            ready: VecDeque::new(),
            order: Reorder::new(),
            pressure: Pressure::new(PressureLimits {
                patience: options.pressure_patience,
                ..PressureLimits::default()
            }),
            held: 0,
            held_bytes: 0,
            stopping: false,
            joined: false,
            last_progress: Instant::now(),
            missing: None,
            topics: HashMap::new(),
            throttle: Throttle::new(health::TROUBLE_PERIOD),
            told: (Instant::now(), 0),
            breaker: breaker::Watch::new(options.breaker),
            counts: Counts::default(),
        })
    }

    /// Turns until a stop is asked for; then drains and commits. Returns how many inputs were left
    /// unfinished.
    pub(super) fn run(&mut self) -> Result<usize, Interruption> {
        while !self.lane.stop.is_requested() {
            self.turn()?;
            if self.breaker.is_tripped() {
                return self.stop_tripped();
            }
            self.dispatch(Instant::now())?;
            self.relieve(Instant::now());
            self.read()?;
            self.turned(Instant::now());
        }
        if self.lane.stop.is_forced() {
            return Ok(self.unfinished());
        }
        self.shut_down()
    }

    /// Inputs with the inference threads or the producer; those merely read ahead do not count.
    pub(super) fn unfinished(&self) -> usize {
        self.held.saturating_sub(self.waiting())
    }

    /// Everything but reading and handing over.
    fn turn(&mut self) -> Result<(), Interruption> {
        self.progress()?;
        self.join()?;
        while let Ok(notice) = self.notices.try_recv() {
            self.take_notice(notice)?;
        }
        let now = Instant::now();
        self.watch_progress(now);
        self.look_for_topics(now)
    }

    /// Joins the group once whatever an earlier producer left open is ended.
    fn join(&mut self) -> Result<(), Interruption> {
        if !self.joined && self.delivery.is_ready() {
            health::subscribe(&self.consumer, &self.lane.options.topics)?;
            self.joined = true;
        }
        Ok(())
    }

    /// Moves inputs in flight on: replies to the producer, acknowledgements to the tracker.
    fn progress(&mut self) -> Result<(), Interruption> {
        while let Some(reply) = self.pool.reply()? {
            self.take_reply(reply);
        }
        while let Some(batch) = self.order.pop() {
            for input in batch {
                if self.tracker.is_current(&input.ticket) && self.breaker.admits(&input) {
                    self.delivery.publish(input);
                } else {
                    self.release(input.record.bytes());
                }
            }
        }
        let lane = self.lane;
        let tell = |event: &Event<'_>| lane.observer.event(lane.number, event);
        let progress = self.delivery.pump(Instant::now(), &self.tracker, &tell)?;
        for finished in &progress.finished {
            self.finish(finished);
        }
        for bytes in progress.released {
            self.release(bytes);
        }
        for commit in progress.commits {
            self.committed(&commit)?;
        }
        Ok(())
    }

    fn take_reply(&mut self, reply: Reply) {
        if reply.session != self.number {
            return;
        }
        let inputs = &reply.inputs;
        if reply.failed {
            self.tell(&Event::WorkerFailed { records: inputs.len() });
        }
        self.tell(&Event::Batch {
            records: inputs.len(),
            bytes: inputs.iter().map(|input| input.record.bytes()).sum(),
            refused: inputs.iter().filter(|input| input.disposition.refusal.is_some()).count(),
            outgoing: inputs.iter().map(|input| input.disposition.outgoing.len()).sum(),
            elapsed: reply.elapsed,
        });
        self.last_progress = Instant::now();
        self.order.arrive(reply.number, reply.inputs);
    }

    fn finish(&mut self, finished: &Finished) {
        self.last_progress = Instant::now();
        self.release(finished.bytes);
        self.tracker.finish(&finished.ticket);
        let Ticket { partition, offset, .. } = &finished.ticket;
        self.tell(&Event::Finished { partition, offset: *offset, published: finished.published });
        self.breaker.published(finished);
        self.counts.published = self.counts.published.saturating_add(finished.published);
        if let Some(refusal) = &finished.refusal {
            self.counts.dead_lettered = self.counts.dead_lettered.saturating_add(1);
            self.tell(&Event::DeadLettered {
                partition: &finished.ticket.partition,
                offset: finished.ticket.offset,
                code: &refusal.code,
                stage: refusal.stage,
            });
        }
    }

    fn release(&mut self, bytes: usize) {
        self.held = self.held.saturating_sub(1);
        self.held_bytes = self.held_bytes.saturating_sub(bytes);
    }

    /// Forms batches and hands them to whoever is free.
    fn dispatch(&mut self, now: Instant) -> Result<(), Interruption> {
        // A batch closes early only if nobody waits for an inference thread anyway.
        let due = if self.ready.is_empty() { self.batcher.is_due(now) } else { self.batcher.is_full() };
        if due && !self.batcher.is_empty() {
            self.ready.push_back(self.batcher.take());
        }
        while let Some(batch) = self.ready.pop_front() {
            let (tickets, records) = batch.into_iter().unzip();
            let job = Job { session: self.number, number: self.order.upcoming(), tickets, records };
            if let Some(job) = self.pool.submit(job)? {
                let batch = job.tickets.into_iter().zip(job.records).collect();
                self.ready.push_front(batch);
                break;
            }
            self.order.hand_out();
        }
        Ok(())
    }

    /// Holds back, pauses or resumes reading.
    fn relieve(&mut self, now: Instant) {
        let options = self.lane.options;
        let load = ratio(self.held, options.max_in_flight).max(ratio(self.held_bytes, options.max_in_flight_bytes));
        let in_flight = self.held;
        let partitions: Vec<_> = self.tracker.partitions().cloned().collect();
        match self.pressure.observe(load, now) {
            Action::Keep => {}
            Action::Pause => {
                self.pause(&partitions);
                self.tell(&Event::Paused { in_flight });
            }
            Action::Resume => {
                self.resume(&partitions);
                self.tell(&Event::Resumed { in_flight });
            }
        }
    }

    fn pause(&mut self, partitions: &[Partition]) {
        if let Err(error) = self.consumer.pause(&context::list(partitions)) {
            self.trouble("pause", &format!("cannot pause reading: {error}"));
        }
    }

    fn resume(&mut self, partitions: &[Partition]) {
        if let Err(error) = self.consumer.resume(&context::list(partitions)) {
            self.trouble("resume", &format!("cannot resume reading: {error}"));
        }
    }

    fn read(&mut self) -> Result<(), Interruption> {
        if self.pressure.is_holding() {
            // Patience ends in a pause, so the consumer is polled again soon.
            self.wait_for_reply(BUSY_WAIT);
            return Ok(());
        }
        let mut wait = if self.held > 0 { BUSY_WAIT } else { IDLE_WAIT };
        if let Some(remaining) = self.batcher.remaining(Instant::now()) {
            wait = wait.min(remaining.max(Duration::from_millis(1)));
        }
        for _ in 0..self.lane.options.batch.records.max(1) {
            if !self.poll(wait)? {
                break;
            }
            wait = Duration::ZERO;
            if self.batcher.is_full() {
                break;
            }
        }
        Ok(())
    }

    fn wait_for_reply(&mut self, wait: Duration) {
        let mut select = crossbeam_channel::Select::new();
        select.recv(self.pool.replies());
        // The reply itself is taken by the next turn.
        let _ = select.ready_timeout(wait);
    }

    /// Takes one message or event from the consumer. `false` if none came.
    fn poll(&mut self, wait: Duration) -> Result<bool, Interruption> {
        let record = match self.consumer.poll(wait) {
            None => return Ok(false),
            Some(Err(error)) => {
                self.take_error(&error)?;
                return Ok(true);
            }
            Some(Ok(_)) if self.stopping => return Ok(true),
            Some(Ok(message)) => {
                let name = rdkafka::Message::topic(&message);
                let topic = if let Some(topic) = self.topics.get(name) {
                    Arc::clone(topic)
                } else {
                    let topic: Arc<str> = name.into();
                    self.topics.insert(name.to_owned(), Arc::clone(&topic));
                    topic
                };
                clients::record(&message, topic)
            }
        };
        let partition = Partition { topic: Arc::clone(&record.topic), number: record.partition };
        if let Some(ticket) = self.tracker.start(&partition, record.offset) {
            let bytes = record.bytes();
            self.held = self.held.saturating_add(1);
            self.held_bytes = self.held_bytes.saturating_add(bytes);
            self.counts.consumed = self.counts.consumed.saturating_add(1);
            self.batcher.push((ticket, record), bytes, Instant::now());
        }
        Ok(true)
    }

    fn take_notice(&mut self, notice: Notice) -> Result<(), Interruption> {
        match notice {
            Notice::Assigned(partitions) => self.assigned(&partitions),
            Notice::Revoked(partitions) => self.revoked(&partitions),
            Notice::End { partition, end, from } => {
                // librdkafka doesn't know of offsets committed in a transaction.
                let from = self.tracker.committed(&partition).or(from);
                if let Some(from) = from.filter(|_| self.tracker.partitions().any(|known| *known == partition)) {
                    self.tell(&Event::Lag { partition: &partition, messages: end.saturating_sub(from).max(0) });
                }
                Ok(())
            }
            Notice::Brokers { up, known } => {
                self.tell(&Event::Brokers { up, known });
                Ok(())
            }
            Notice::Trouble(code, reason) => {
                // The delivery finds out by itself that its producer was fenced, and begins anew.
                let fenced = matches!(code, RDKafkaErrorCode::Fatal | RDKafkaErrorCode::Fenced);
                if is_fatal_to_client(code) && !fenced {
                    return Err(self.refused(code, &reason));
                }
                self.trouble(&format!("{code:?}"), &reason);
                Ok(())
            }
        }
    }

    fn waiting(&self) -> usize {
        self.ready.iter().map(Vec::len).sum::<usize>().saturating_add(self.batcher.len())
    }

    fn waiting_bytes(&self) -> usize {
        let ready: usize = self.ready.iter().flatten().map(|(_, record)| record.bytes()).sum();
        ready.saturating_add(self.batcher.bytes())
    }

    /// Tells that the lane turns, if it is time to.
    fn turned(&mut self, now: Instant) {
        if now.saturating_duration_since(self.told.0) >= TURN_PERIOD {
            self.tell_turned(now);
        }
    }

    fn tell_turned(&mut self, now: Instant) {
        let consumed = self.counts.consumed.saturating_sub(self.told.1);
        self.told = (now, self.counts.consumed);
        self.tell(&Event::Turned { consumed, in_flight: self.held });
    }

    fn tell(&self, event: &Event<'_>) {
        self.lane.observer.event(self.lane.number, event);
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a load of 2^53 inputs is beyond any memory")]
    let ratio = part as f64 / whole.max(1) as f64;
    ratio
}
