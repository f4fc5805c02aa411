//! Any text through the whole text room: preparation in both views, entities, language.

#![no_main]

#[allow(
    dead_code,
    unused_imports,
    reason = "the room alone, without the crate that uses all of it"
)]
#[path = "../../src/text/mod.rs"]
mod text;

#[path = "../../tests/text/invariants.rs"]
mod invariants;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|original: &str| invariants::check(original));
