//! The `ibaleg` command.

fn main() {}
