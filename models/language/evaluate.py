"""Measures the Rust implementation: python evaluate.py --research DIR --corpus DIR --train DIR.

Needs cargo. With --compare the crates lingua, whatlang and whichlang read the same sentences.
Prints the tables of docs/language.md.
"""

import argparse
import json
import random
import subprocess
from collections import Counter
from pathlib import Path

import sources

HERE = Path(__file__).parent
# Names the compared crates use; they have neither Darija nor Tamazight.
NAMES = {"ara": "ar", "arb": "ar", "fra": "fr", "eng": "en", "spa": "es", "Ara": "ar"}
OURS = ("ar", "ary", "ary-Latn", "zgh", "fr", "en", "es", "unknown")
COARSE = {"ary": "ar"}


def identify(texts, compare):
    command = ["cargo", "run", "--release", "--quiet"]
    command += ["--features", "compare"] if compare else []
    lines = "\n".join(json.dumps(text) for text in texts)
    done = subprocess.run(command, cwd=HERE / "bench", input=lines, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def sets(options, random_):
    """(set, language, text), none of them trained on: 1000 texts of a set for choosing settings, the
    1000 after them (`--final`) for the figures that are published. Held-out sets are small and whole."""
    research, found = Path(options.research), []

    def add(name, language, texts):
        texts = sorted(set(texts))
        random_.shuffle(texts)
        start = 1000 if options.final and len(texts) >= 1500 else 0
        found.extend((name, language, text) for text in texts[start : start + 1000])

    def of(source, language, keep=lambda row: True):
        path = research / f"{source}.jsonl"
        return [r["text"] for r in sources.rows(path) if r["lang"] == language and keep(r)]

    for language in ("ar", "ary", "ary-Latn", "fr", "en", "es"):
        reports = sources.corpus(options.corpus)
        texts = [t for code, part, t, out in reports if out and code == language and part == "descriptions"]
        add("reports, held out", language, texts)
    add("doda", "ary", of("doda", "ary"))
    add("doda", "ary-Latn", of("doda", "ary-Latn"))
    add("mac_darija", "ary", of("mac_darija", "ary"))
    add("mac_darija", "ar", of("mac_darija", "ar", lambda r: r["source_label"].endswith("/standard")))
    add("asnd_ar_news", "ar", of("asnd_ar_news", "ar"))
    for language in ("fr", "en", "es"):
        add("wikineural", language, of("wikineural", language))
    add("cyberagressionado", "fr", of("cyberagressionado", "fr"))
    add("offendes", "es", of("offendes", "es"))
    add("hateval_en", "en", of("hateval_en", "en"))
    seed = [r for r in sources.rows(Path(options.train) / "seed_ary_zgh.jsonl") if sources.held_out(r["id"])]
    tamazight = [r["text"] for r in seed if r["lang"] == "zgh"]
    add("seed, held out", "ary", [r["text"] for r in seed if r["lang"] == "ary"])
    add("seed, Tifinagh", "zgh", tamazight)
    add("seed, romanised", "zgh", [sources.tifinagh_to_latin(t, random_) for t in tamazight])
    add("seed, Arabic letters", "zgh", [sources.tifinagh_to_arabic(t) for t in tamazight])
    add("hand-written, held out", "zgh", [t for t in sources.own("tamazight.txt") if sources.held_out(t)])
    if options.others:
        for path in sorted(Path(options.others).glob("*.txt")):
            add(f"{path.stem} sentences", "other", path.read_text(encoding="utf-8").splitlines())
    return found


def short(text):
    """Three words of the middle."""
    words = text.split()
    start = max(0, len(words) // 2 - 1)
    return " ".join(words[start : start + 3])


def accuracy_table(cases, answers, systems):
    rows = {}
    for (name, language, _), answer in zip(cases, answers):
        rows.setdefault((language, name), []).append(answer)
    print("| " + " | ".join(["language", "set", "n", "ibaleg", "unknown", *systems]) + " |")
    print("|---|---|---|---|---|" + "---|" * len(systems))
    for (language, name), found in sorted(rows.items()):
        n = len(found)
        right = sum(a["ibaleg"] == language for a in found) / n
        abstained = sum(a["ibaleg"] == "unknown" for a in found) / n
        others = []
        for system in systems:
            if language in ("ary-Latn", "zgh"):
                others.append("–")
                continue
            named = [NAMES.get(a[system], a[system]) for a in found]
            if language == "other":
                hits = sum(x not in OURS for x in named)
            else:
                hits = sum(x == COARSE.get(language, language) for x in named)
            others.append(f"{hits / n:.3f}")
        shown = [language, name, str(n), f"{right:.3f}", f"{abstained:.3f}", *others]
        print("| " + " | ".join(shown) + " |")
    for language in dict.fromkeys(language for language, _ in sorted(rows)):
        means = [
            sum(a["ibaleg"] == language for a in found) / len(found)
            for (code, _), found in rows.items()
            if code == language
        ]
        print(f"{language}: mean over sets {sum(means) / len(means):.3f}")
    print()


def errors(cases, answers):
    """What each language is taken for."""
    for language in OURS + ("other",):
        wrong = Counter(
            a["ibaleg"] for (_, code, _), a in zip(cases, answers) if code == language != a["ibaleg"]
        )
        if wrong:
            print(language, "taken for", dict(wrong.most_common(4)))
    print()


def darija_table(cases, answers):
    """Balanced accuracy over the answers that are ar or ary, and over all."""
    for sets_ in (("doda", "asnd_ar_news"), ("mac_darija",), ("reports, held out",)):
        shares = []
        for language in ("ar", "ary"):
            mine = [a["ibaleg"] for (name, code, _), a in zip(cases, answers) if name in sets_ and code == language]
            shares.append(sum(x == language for x in mine) / len(mine))
        print(f"| {' / '.join(sets_)} | {shares[0]:.3f} | {shares[1]:.3f} | {sum(shares) / 2:.3f} |")
    print()


def span_scores(options):
    """Exact spans and letters of the hand-marked code-switched sentences."""
    marked = [json.loads(line) for line in open(HERE / "switches.jsonl", encoding="utf-8")]
    answers = identify([row["text"] for row in marked], False)
    hits = found_count = gold_count = same = letters = 0
    for row, answer in zip(marked, answers):
        text = row["text"].encode()
        gold = {tuple(span) for span in row["spans"]}
        found = {tuple(span) for span in answer["spans"]}
        hits += len(gold & found)
        gold_count += len(gold)
        found_count += len(found)
        labels = [dict(), dict()]
        for side, spans in zip(labels, (gold, found)):
            for start, end, language in spans:
                side.update(dict.fromkeys(range(start, end), language))
        for at in labels[0]:
            letters += 1
            same += labels[0][at] == labels[1].get(at)
        if options.verbose and gold != found:
            for name, spans in (("gold ", gold), ("found", found)):
                parts = (f"[{code} {text[a:b].decode()}]" for a, b, code in sorted(spans))
                print(name, " ".join(parts))
            print()
    precision, recall = hits / found_count, hits / gold_count
    f1 = 2 * precision * recall / (precision + recall)
    print(f"{len(marked)} sentences, {gold_count} spans: precision {precision:.3f}, recall {recall:.3f},")
    print(f"F1 {f1:.3f} (exact spans); {same / letters:.3f} of the bytes in spans have the right language")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--research", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--others", help="folder of <code>.txt, one sentence a line")
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--final", action="store_true", help="the second thousand of each set")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    random_ = random.Random(7)
    systems = ["lingua", "whatlang", "whichlang"] if options.compare else []
    cases = [case for case in sets(options, random_) if len(case[2].split()) >= 5]
    answers = identify([text for _, _, text in cases], options.compare)
    print("Sentences of five words or more\n")
    accuracy_table(cases, answers, systems)
    errors(cases, answers)
    if options.verbose:
        for (name, code, text), answer in zip(cases, answers):
            if answer["ibaleg"] != code and name.startswith("reports"):
                print(code, answer["ibaleg"], round(answer["confidence"], 2), text[:150])
        print()
    print("Darija and Standard Arabic (ar, ary, balanced)\n")
    darija_table(cases, answers)
    cut = [(name, code, short(text)) for name, code, text in cases]
    answers = identify([text for _, _, text in cut], options.compare)
    print("Three words\n")
    accuracy_table(cut, answers, systems)
    if (HERE / "switches.jsonl").exists():
        print("Spans\n")
        span_scores(options)


if __name__ == "__main__":
    main()
