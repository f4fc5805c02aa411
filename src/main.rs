//! The `ibaleg` command; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ibaleg::cli::main(std::env::args_os())
}
