"""Makes `models/samples/reports.jsonl`: a stream of reports for the demonstration.

Texts are of the test side, labels stay in the corpus. The mix is that of a platform (fraud, sextortion
and defamation before terrorism), with every label and language in it.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random

from corpus import LABELS, LANGUAGES, read_reports, read_split

OUT = Path(__file__).resolve().parent.parent / "samples" / "reports.jsonl"
COUNT = 240
SEED = 2024
# Reports wanted of each first label; the rest carry none.
MIX = {
    "fraud": 58, "sextortion": 28, "defamation": 26, "extortion": 14, "threat": 16, "hate": 14,
    "minors": 14, "terrorism": 14, "incitement": 9, "trafficking": 12, "exploitation": 6, "self_harm": 6,
}
START, DAYS = datetime(2024, 6, 3, 6, tzinfo=timezone.utc), 89
CATEGORIES = {
    "fraud": "fraud", "sextortion": "blackmail", "extortion": "blackmail", "defamation": "defamation",
    "threat": "threat", "incitement": "violence", "trafficking": "trafficking",
    "exploitation": "exploitation", "minors": "child", "hate": "hate", "terrorism": "terrorism",
    "self_harm": "other",
}
ABROAD = ("FR", "ES", "BE", "NL", "IT", "DE", "CA", "SA", "AE", "DZ", "TN")
PLATFORMS = {
    "whatsapp": None,
    "facebook": "https://facebook.example/posts/{n}",
    "instagram": "https://instagram.example/p/{n}",
    "tiktok": "https://tiktok.example/@user/video/{n}",
    "telegram": "https://telegram.example/c/{n}",
    "youtube": "https://youtube.example/watch?v={n}",
    "snapchat": None,
}


def pick(random: Random) -> list[dict]:
    """Test-side reports, as near to `MIX` as the side allows, languages in turn."""
    split = read_split()
    pool = [r for r in read_reports() if split[r["id"]] == "test"]
    random.shuffle(pool)
    chosen: list[dict] = []
    taken: set[str] = set()
    wanted = [(name, number) for name, number in sorted(MIX.items(), key=lambda item: item[1])]
    for name, number in wanted + [(None, COUNT)]:
        have = sum(name in r["labels"] for r in chosen) if name else 0
        cell = [
            r for r in pool
            if r["id"] not in taken and (name in r["labels"] if name else not r["labels"])
        ]
        turn = {language: [r for r in cell if r["lang"] == language] for language in LANGUAGES}
        while have < number and len(chosen) < COUNT and any(turn.values()):
            for language in LANGUAGES:
                if turn[language] and have < number and len(chosen) < COUNT:
                    report = turn[language].pop()
                    chosen.append(report)
                    taken.add(report["id"])
                    have += 1
    return chosen


def dress(report: dict, number: int, at: datetime, random: Random) -> dict:
    """The report in the input schema, with plausible circumstances."""
    platform = random.choice(list(PLATFORMS))
    sample: dict = {
        "id": f"sample-{number:04d}",
        "submitted_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "description": report["description"],
    }
    if report["content"]:
        content = {"text": report["content"]}
        if random.random() < 0.6:
            content["platform"] = platform
            if PLATFORMS[platform]:
                content["url"] = PLATFORMS[platform].format(n=random.randrange(10**8, 10**9))
        sample["content"] = content
    if random.random() < 0.8:
        label = report["labels"][0] if report["labels"] and random.random() < 0.85 else None
        sample["category"] = CATEGORIES[label] if label else random.choice(("other", "fraud", "defamation"))
    sample["role"] = "victim" if random.random() < 0.62 else "witness"
    sample["identity"] = random.choices(("full", "partial", "anonymous"), (58, 17, 25))[0]
    sample["country"] = "MA" if random.random() >= 0.08 else random.choice(ABROAD)
    if report["lang"] != "mul" and random.random() < 0.5:
        sample["language"] = report["lang"]
    if random.random() < 0.2:
        sample["attachments"] = [
            {"uri": f"urn:ibaleg:sample:{number:04d}:{n}", "media_type": random.choice(("image/jpeg", "image/png", "video/mp4", "audio/ogg"))}
            for n in range(1, random.choice((2, 2, 3)))
        ]
    return {name: value for name, value in sample.items() if value not in (None, "")}


def main() -> None:
    random = Random(SEED)
    chosen = pick(random)
    random.shuffle(chosen)
    times = sorted(START + timedelta(seconds=random.randrange(DAYS * 86_400)) for _ in chosen)
    samples = [dress(r, n, at, random) for n, (r, at) in enumerate(zip(chosen, times), 1)]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("".join(json.dumps(s, ensure_ascii=False) + "\n" for s in samples), encoding="utf-8")
    labels = Counter(name for r in chosen for name in r["labels"] or ["none"])
    print(len(samples), dict(Counter(r["lang"] for r in chosen)), {x: labels[x] for x in (*LABELS, "none")})


if __name__ == "__main__":
    main()
