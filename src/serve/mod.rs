//! HTTP: health, metrics, information, and the live page.
//!
//! [`Server::bind`] takes the address before anything else starts, so that one in use is an error at
//! once; [`Server::run`] answers until told to close. Everything it shows is on the [`Board`], where
//! the process puts the model, lanes and counts once it has them. What may be read needs no token,
//! what changes something does. Nothing here holds a report's text or a person's identity.

mod board;
mod health;
mod live;
mod page;
mod routes;
mod server;
mod token;

pub use board::{Board, Deployed};
pub use health::{Check, Limits, Verdict};
pub use live::Live;
pub use server::{Error, Server};
pub use token::Token;
