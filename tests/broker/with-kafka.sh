#!/usr/bin/env bash
# Runs a command with an Apache Kafka broker and the foreign client at hand:
#   with-kafka.sh cargo test --release --test kafka
#   with-kafka.sh --secured COMMAND   with users and rights; exports IBALEG_TEST_SASL_BROKERS, and
#                                     IBALEG_TEST_KAFKA_LIBS, the directory of Kafka's jars, as well
# Exports IBALEG_TEST_BROKERS (bootstrap address) and IBALEG_TEST_PYTHON (Python with
# confluent-kafka). The broker is stopped however the command ends.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export IBALEG_CACHE=${IBALEG_CACHE:-$root/.cache}

mode=start
if [ "${1:-}" = --secured ]; then
    mode=secured
    shift
fi
[ $# -gt 0 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }

wanted=$(sha256sum "$here/requirements.txt" | cut -c1-16)
venv=$IBALEG_CACHE/python-$wanted
if [ ! -e "$venv/.complete" ]; then
    echo "with-kafka.sh: preparing the foreign client" >&2
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
    touch "$venv/.complete"
fi
export IBALEG_TEST_PYTHON=$venv/bin/python

trap '"$here/kafka.sh" stop' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
IBALEG_TEST_BROKERS=$("$here/kafka.sh" "$mode")
export IBALEG_TEST_BROKERS
if [ "$mode" = secured ]; then
    IBALEG_TEST_SASL_BROKERS=$("$here/kafka.sh" sasl)
    IBALEG_TEST_KAFKA_LIBS=$("$here/kafka.sh" libs)
    export IBALEG_TEST_SASL_BROKERS IBALEG_TEST_KAFKA_LIBS
fi
"$@"
