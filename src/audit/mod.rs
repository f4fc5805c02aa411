//! The decision log: one record for each decision, each bound to the one before by its hash.
//!
//! [`Chain`] makes records, [`Verifier`] finds what was changed, taken out, put in another order or
//! put in twice, and says where. [`decided`] is what of an event a record answers for: all of it but
//! the time and the texts. Pure: files and topics are the shell's. Hash chains: Haber and Stornetta,
//! "How to time-stamp a digital document", Journal of Cryptology 3 (1991).

mod chain;
mod decision;
mod difference;
mod verify;

pub use chain::{Chain, Decided, Entry, FORMAT, Head};
pub use decision::{decided, decision_digest};
pub use difference::{Difference, differences};
pub use verify::{Fault, Finding, Verifier};
