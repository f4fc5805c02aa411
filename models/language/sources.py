"""Texts to learn from, with the derived ones: romanised Tamazight, Arabizi and plain Arabic."""

import hashlib
import json
import random
import re
import unicodedata
from collections import namedtuple
from pathlib import Path

HERE = Path(__file__).parent
LATIN = ["ary-Latn", "zgh", "fr", "en", "es", "other-romance", "other-europe", "other-world"]
ARABIC = ["ar", "ary", "zgh", "other"]
GROUPS = {"pt": 5, "it": 5, "ca": 5, "ro": 5}
GROUPS |= dict.fromkeys("de nl sv no fi hu pl tr sq".split(), 6)
GROUPS |= dict.fromkeys("id tl sw ha wo so bm vi ku".split(), 7)

# share: how much a source counts within its language; at most `limit` of its texts are read.
Text = namedtuple("Text", "script label source share text")
SHARES = {
    "descriptions": (4, 10**6), "contents": (3, 10**6), "own": (2, 10**6), "words": (1, 10**6), "mlma": (2, 2600), "umsab_tweets": (2, 2000),
    "seed_ary_zgh": (2, 6000), "headlines_en": (1, 2500), "davidson": (1, 2500),
    "stormfront": (1, 2000), "gab_hate_corpus": (1, 2500), "cfpb_loan_complaints": (1, 600),
    "mhc_es": (1, 3000), "sms_smishing_fr_mt": (1, 3000), "derived": (2, 6000),
}  # fmt: skip


def held_out(group):
    """One group in five is never trained on."""
    return hashlib.sha256(f"language:{group}".encode()).digest()[0] % 5 == 0


def rows(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def corpus(folder):
    """(language, source, text, held out) of every report but the mixed; a set of boundaries is a group.

    The language is that of the description; a content may be in another.
    """
    for path in sorted(Path(folder).glob("*.jsonl")):
        for row in rows(path):
            group = f"set-{row['set']}" if "set" in row else row["id"]
            for source in ("description", "content"):
                if row[source] and row["lang"] != "mul":
                    yield row["lang"], source + "s", row[source], held_out(group)


def read(train, corpus_folder, seed):
    """All training texts; held-out groups are left out."""
    random_ = random.Random(seed)
    texts = []

    def add(language, source, text, script=None):
        latin = sum("a" <= c <= "z" for c in unicodedata.normalize("NFKD", text.lower()))
        arabic = sum("\u0600" <= c <= "\u06ff" for c in text)
        written = "latin" if latin > arabic else "arabic"
        wanted = script or ("arabic" if language in ("ar", "ary") else "latin")
        labels = LATIN if wanted == "latin" else ARABIC
        if written != wanted:
            return
        if language in GROUPS:
            label = GROUPS[language]
        else:
            label = labels.index(language)
        texts.append(Text(wanted, label, source, SHARES[source][0], text))

    for language, source, text, out in corpus(corpus_folder):
        if not out:
            add(language, source, text)
            if language == "ary" and source == "descriptions":
                add("ary-Latn", "derived", arabizi(text, random_))
            if language == "ary-Latn" and source == "descriptions":
                add("ary", "derived", darija_to_arabic(text, random_))
    for source, (_, limit) in SHARES.items():
        path = Path(train) / f"{source}.jsonl"
        if path.exists():
            found = rows(path)
            random_.shuffle(found)
            counts = {}
            for row in found:
                language = row["lang"]
                counts[language] = counts.get(language, 0) + 1
                if counts[language] > limit or held_out(row["id"]):
                    continue
                if language == "zgh":
                    add("zgh", "derived", tifinagh_to_latin(row["text"], random_))
                    add("zgh", "derived", tifinagh_to_arabic(row["text"]), "arabic")
                    continue
                add(language, source, row["text"])
                if source == "seed_ary_zgh" and language == "ary":
                    add("ar", "derived", plain_arabic(row["text"]))
                    if counts[language] % 3 == 0:
                        add("ary-Latn", "derived", arabizi(row["text"], random_))
    for name, language in (("tamazight.txt", "zgh"), ("darija_latin.txt", "ary-Latn"), ("msa.txt", "ar")):
        for line in own(name):
            if name != "tamazight.txt" or not held_out(line):
                add(language, "own", line)
                if language == "zgh":
                    add("zgh", "own", latin_to_arabic(line), "arabic")
                if language == "ary-Latn":
                    add("ary", "derived", darija_to_arabic(line, random_))
    for name, language in (("darija_words.txt", "ary"), ("msa_words.txt", "ar")):
        for line in own(name):
            add(language, "words", line)
    for language, line in others():
        script = "arabic" if language in ("fa", "ur", "ckb", "ps") else "latin"
        add("other" if script == "arabic" else language, "own", line, script)
    return texts


def own(name):
    return (HERE / "text" / name).read_text(encoding="utf-8").splitlines()


def others():
    return [line.split("\t") for line in own("others.tsv")]


# Tifinagh (IRCAM) to the Latin letters people type, with their usual variants.
_TIFINAGH = {
    "ⴰ": "a", "ⴱ": "b", "ⴳ": "g", "ⴷ": "d", "ⴹ": "d", "ⴻ": "e", "ⴼ": "f", "ⴽ": "k", "ⵀ": "h",
    "ⵃ": ("h", "7", "ḥ"), "ⵄ": ("e", "3", "ɛ", "a"), "ⵅ": ("kh", "x"), "ⵇ": ("q", "9"), "ⵉ": "i",
    "ⵊ": "j", "ⵍ": "l", "ⵎ": "m", "ⵏ": "n", "ⵓ": ("u", "u", "ou"), "ⵔ": "r", "ⵕ": "r",
    "ⵖ": ("gh", "gh", "ɣ"), "ⵙ": "s", "ⵚ": "s", "ⵛ": ("c", "ch", "ch"), "ⵜ": "t", "ⵟ": "t",
    "ⵡ": "w", "ⵢ": "y", "ⵣ": "z", "ⵥ": "z", "ⵯ": "w",
}  # fmt: skip
_TIFINAGH_ARABIC = dict(zip(
    "ⴰⴱⴳⴷⴹⴻⴼⴽⵀⵃⵄⵅⵇⵉⵊⵍⵎⵏⵓⵔⵕⵖⵙⵚⵛⵜⵟⵡⵢⵣⵥⵯ",
    ["ا", "ب", "ك", "د", "ض", "", "ف", "ك", "ه", "ح", "ع", "خ", "ق", "ي", "ج", "ل", "م", "ن", "و",
     "ر", "ر", "غ", "س", "ص", "ش", "ت", "ط", "و", "ي", "ز", "ز", ""],
))  # fmt: skip


def tifinagh_to_latin(text, random_):
    """One spelling for the whole text; a schwa may part clusters, as people write it."""
    spelling = {k: v if isinstance(v, str) else random_.choice(v) for k, v in _TIFINAGH.items()}
    schwa = random_.random() < 0.5
    out = []
    for c in text:
        if schwa and c in _TIFINAGH and c not in "ⴰⵉⵓⴻⵢⵡ" and len(out) > 1:
            if out[-1] not in "aeiouyw " and out[-2] not in "aeiouyw" and random_.random() < 0.6:
                out.append("e")
        out.extend(spelling.get(c, " " if c.isalpha() else c))
    return "".join(out)


def tifinagh_to_arabic(text):
    return "".join(_TIFINAGH_ARABIC.get(c, " " if c.isalpha() else c) for c in text)


_LATIN_ARABIC = [("gh", "غ"), ("kh", "خ"), ("ch", "ش"), ("ou", "و")] + list(zip(
    "abcdefghijklmnopqrstuvwxyz",
    ["ا", "ب", "ش", "د", "", "ف", "ك", "ه", "ي", "ج", "ك", "ل", "م", "ن", "و", "ب", "ق", "ر", "س", "ت",
     "و", "ف", "و", "خ", "ي", "ز"],
))  # fmt: skip


def latin_to_arabic(text):
    for latin, arabic in _LATIN_ARABIC:
        text = text.replace(latin, arabic)
    return re.sub(r"(.)\1", r"\1", text)


_ARABIZI = {
    "ا": "a", "أ": "a", "إ": "i", "آ": "a", "ى": "a", "ة": "a", "ب": "b", "ت": "t", "ث": ("t", "th"),
    "ج": "j", "ح": ("7", "h"), "خ": ("kh", "5"), "د": "d", "ذ": "d", "ر": "r", "ز": "z", "س": "s",
    "ش": ("ch", "ch", "sh"), "ص": "s", "ض": "d", "ط": "t", "ظ": "d", "ع": ("3", "3", "a"), "غ": "gh",
    "ف": "f", "ق": ("9", "9", "k", "q"), "ك": "k", "ل": "l", "م": "m", "ن": "n", "ه": "h",
    "و": ("o", "ou", "w", "u"), "ي": ("i", "i", "y"), "ئ": "2", "ء": "2", "ؤ": "o", "گ": "g", "ڭ": "g",
    "پ": "p", "ڤ": "v",
}  # fmt: skip


def arabizi(text, random_):
    """Darija in Arabic letters to Latin ones: one spelling a text, short vowels guessed."""
    spelling = {k: v if isinstance(v, str) else random_.choice(v) for k, v in _ARABIZI.items()}
    vowel = random_.choice(["e", "e", "a", ""])
    article = random_.choice(["l", "l ", "el", "al"])
    out = []
    for word in re.sub(r"[\u064b-\u0652\u0640]", "", text).split():
        if word[:1] not in _ARABIZI:
            out.append(word if word.isascii() else " ")
            continue
        if word.startswith("ال") and len(word) > 3:
            latin, word = article, word[2:]
        else:
            latin = ""
        for at, c in enumerate(word):
            piece = spelling.get(c, "")
            if c in "وي" and at == 0:
                piece = {"و": "w", "ي": "y"}[c]
            consonants = latin[-1:].isalpha() and latin[-1:] not in "aeiouyw" and c not in "اويىةآأ"
            if consonants and at > 0 and random_.random() < 0.3:
                latin += vowel
            latin += piece
        out.append(latin)
    return " ".join(out)


_DIGRAPHS = {"gh": "غ", "kh": "خ", "ch": "ش", "sh": "ش", "ou": "و", "th": "ت"}
_LETTERS = dict(zip(
    "bcdfghijklmnopqrstuvwxyz23579",
    "بكدفكهيجكلمنوبقرستوفوكيزءعخحق",
))  # fmt: skip


def darija_to_arabic(text, random_):
    """Arabizi to Arabic letters, with or without the short vowels some people write."""
    vowels = random_.random() < 0.5
    out = []
    for word in re.findall(r"[a-z0-9<>]+", text.lower()):
        if re.search(r"[014<]|\d\d", word) or word.isdigit():
            continue
        arabic = ""
        while word:
            two = _DIGRAPHS.get(word[:2])
            first = word[0]
            if two:
                arabic += two
            elif first == "a":
                arabic += "ا" if vowels or not arabic or len(word) == 1 or random_.random() < 0.4 else ""
            elif first == "e":
                arabic += "ا" if not arabic else ""
            elif arabic[-1:] != _LETTERS.get(first, ""):
                arabic += _LETTERS.get(first, "")
            word = word[2:] if two else word[1:]
        out.append(arabic)
    return " ".join(out)


# Enough of Darija's closed classes to turn an encyclopaedic sentence into (rough) Standard Arabic:
# the two classes then share their subject matter and differ in what makes them Darija.
_PLAIN = dict(pair.split("=") for pair in """ديال= ديل= د= ديالو=له ديالها=لها ديالهم=لهم كاين=يوجد كاينة=توجد
كاينين=يوجد اللي=الذي لي=التي للي=التي الي=الذي باش=لكي حيت=لأن بحال=مثل بزاف=كثير دابا=الآن هاد=هذا
هادي=هذه هادو=هؤلاء هادشي=هذا هاذ=هذه ماشي=ليس غادي=سوف واش=هل شي=بعض ملي=عندما منين=حين غير=فقط حنا=نحن
هوما=هم حدا=بجانب فين=أين علاش=لماذا كيفاش=كيف جوج=اثنان كان=كان كانو=كانوا كلشي=الكل بلا=بدون ولا=أو
وخا=رغم عند=لدى معا=مع ديك=تلك داك=ذلك هادا=هذا عاد=ثم فاش=عندما قبل=قبل مور=بعد ورا=وراء تحت=تحت فوق=فوق
واحد= وحدة= باقي=لايزال كيما=كما حتا=حتى راه=إن را=إن تاني=أيضا لتحت=أسفل لقدام=أمام لكبير=الكبير ليه=له ليها=لها
ليهم=لهم منو=منه فيه=فيه عليه=عليه بيه=به""".split())


def plain_arabic(text):
    out = []
    for word in text.split():
        word = _PLAIN.get(word, word)
        word = re.sub(r"^([وف]?)[كت]ا?([يتن]\w{2,})$", r"\1\2", word)
        word = re.sub(r"^ف(ال\w+)$", r"في \1", word)
        word = re.sub(r"^(و?)ما(\w{2,})ش$", r"\1لم \2", word)
        word = re.sub(r"^ل([^ال]\w{2,})$", r"ال\1", word)
        word = re.sub(r"^(ي\w{2,}[^ا])و([.،]?)$", r"\1ون\2", word)
        out.append(word)
    return " ".join(out)
