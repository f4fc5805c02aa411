//! Kafka shell: reads inputs, hands them to [`Worker`]s, publishes what they answer, commits.
//!
//! [`run()`] starts a number of *lanes*. A lane is one thread with a consumer and a producer, plus
//! inference threads; lanes are members of one consumer group. Exactly once, the outputs of many
//! inputs and their offsets are one Kafka transaction. At least once, an input is finished when every
//! output it led to is acknowledged by the brokers, and only the contiguous run of finished inputs is
//! committed. `docs/guarantees.md` states what follows from that.
//!
//! The decisions are in pure parts that know no Kafka ([`tracker`], [`batch`], [`pressure`],
//! [`order`]); the rest moves bytes. This room knows nothing of reports, texts or labels.

pub mod batch;
pub mod breaker;
mod clients;
mod context;
pub mod dead_letter;
mod delivery;
pub mod embedded;
mod error;
mod failure;
mod feeder;
pub mod history;
mod lane;
pub mod letters;
pub mod observer;
pub mod options;
pub mod order;
mod pool;
pub mod pressure;
mod reader;
mod record;
mod redriver;
mod run;
pub mod secret;
mod session;
mod stop;
mod throttle;
pub mod topics;
pub mod tracker;

pub use batch::BatchLimits;
pub use breaker::BreakerLimits;
pub use embedded::Embedded;
pub use error::Error;
pub use failure::Code;
pub use feeder::Feeder;
pub use letters::Letters;
pub use observer::{Event, Log, Observer};
pub use options::{Cluster, Guarantee, Options, Raw, TransactionLimits, forbidden};
pub use reader::Reader;
pub use record::{Disposition, Outgoing, Record, Refusal, Worker, WorkerError, Workers};
pub use redriver::{Redriver, Sent};
pub use run::{Summary, run};
pub use stop::Stop;
