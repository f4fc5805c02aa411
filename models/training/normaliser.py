"""Texts through the service's own normaliser, so that training sees what the service sees."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path


def normalise(texts: list[str], ibaleg: Path) -> list[str]:
    """One normalised text per text, in order, from `ibaleg normalise`."""
    lines = "".join(json.dumps(text, ensure_ascii=False) + "\n" for text in texts)
    done = subprocess.run(
        [str(ibaleg), "normalise"], input=lines.encode(), stdout=subprocess.PIPE, check=True
    )
    found = [json.loads(line) for line in done.stdout.decode().splitlines()]
    if len(found) != len(texts):
        raise SystemExit(f"{ibaleg} normalise gave {len(found)} lines for {len(texts)} texts")
    return found
