"""Words and hashed n-grams exactly as src/text/language reads them (goldens.jsonl compares)."""

import unicodedata

MAX_LETTERS = 32
MAX_GRAM = 4
ROW_BITS = 16

_MARKS = (
    {0xAD, 0x640, 0xFEFF}
    | set(range(0x610, 0x61B))
    | set(range(0x6D6, 0x6EE))
    | set(range(0x8D3, 0x900))
    | set(range(0x200B, 0x2010))
    | set(range(0x202A, 0x202F))
    | set(range(0x2060, 0x206A))
)
_ENDS = set(".!?\n؟؛…|•")
_ENDINGS = set("com net org info xyz io gov edu app site online shop top link".split())
_WITH_PATH = set("ma fr es co me uk tk".split())
_ARABIZI = set("2356789")
_ALEF = dict.fromkeys("أإآٱ", "ا") | {"ى": "ي"}


def kind(c):
    """The class of a character: latin, arabic, tifinagh, other (letters), mark, digit, ..."""
    if c.isascii():
        if c.isalpha():
            return "latin"
        if c.isdigit():
            return "digit"
        return "apostrophe" if c == "'" else "end" if c in _ENDS else "break"
    if c in "\u2019\u02bc":
        return "apostrophe"
    if c in _ENDS:
        return "end"
    if ord(c) in _MARKS or unicodedata.category(c) in ("Mn", "Me"):
        return "mark"
    category = unicodedata.category(c)
    if not (category.startswith("L") or category == "So"):
        return "break"
    if c in "ªº":
        return "latin"
    name = unicodedata.name(c, "")
    if category.startswith("L"):
        for script in ("LATIN", "ARABIC", "TIFINAGH"):
            if name.startswith(script) or name.startswith("FULLWIDTH " + script):
                return script.lower()
    folded = unicodedata.normalize("NFKC", c)
    if folded != c and unicodedata.name(folded[0], "").startswith("LATIN"):
        return "latin" if category != "So" or "CIRCLED LATIN" in name else "break"
    return "other" if category.startswith("L") else "break"


def _address(run):
    if "://" in run or run[:4].lower() == "www.":
        return True
    if "@" in run:
        user, domain = run.split("@", 1)
        return user[-1:].isalnum() and domain[:1].isalnum()
    host, path = run.split("/", 1)[0], "/" in run
    if not path:
        while host and not host[-1].isalnum():
            host = host[:-1]
    name, dot, ending = host.rpartition(".")
    ending = ending.lower()
    return bool(dot and name) and (ending in _ENDINGS or (path and ending in _WITH_PATH))


class _Fold:
    def __init__(self):
        self.out, self.run = [], 0

    def push(self, c):
        if c.isascii():
            return self._folded(c.lower())
        code = ord(c)
        styled = 0x2100 <= code <= 0x24FF or 0xFB50 <= code <= 0xFEFF
        if styled or 0xFF00 <= code <= 0xFFEF or code >= 0x1D400:
            for part in unicodedata.normalize("NFKC", c):
                self._lower(part)
        else:
            self._lower(c)

    def _lower(self, c):
        for part in c.lower():
            if part in _ALEF:
                self._folded(_ALEF[part])
            elif part.isalpha() and kind(part) != "mark":
                self._folded(part)

    def _folded(self, c):
        self.run = self.run + 1 if self.out and self.out[-1] == c else 1
        if self.run == 3:
            self.out.pop()
        elif self.run < 3 and len(self.out) < MAX_LETTERS:
            self.out.append(c)


def _read(text, at, script):
    fold, own, other, digits, end = _Fold(), 0, 0, False, at
    while at < len(text):
        c, following = text[at], text[at + 1 : at + 2]
        what = kind(c)
        if what in ("latin", "arabic", "tifinagh", "other"):
            if what != script and {what, script} != {"latin", "other"}:
                break
            if what == "other":
                other += 1
            else:
                own += 1
                script = what
                fold.push(c)
        elif what == "mark":
            pass
        elif what == "apostrophe" and following and kind(following) in (
            "latin", "arabic", "tifinagh", "other",
        ):
            fold.push("'")
        elif what == "digit" and script == "latin" and _lone(c, following, fold.out[-1:]):
            digits = True
            fold.push(c)
        else:
            break
        at += 1
        end = at
    if digits and own < 2:
        fold.out = [c for c in fold.out if not ("0" <= c <= "9")]
    return ("other" if other > own else script), "".join(fold.out), end


def _lone(c, following, last):
    def touches(x):
        return bool(x) and x[0].isascii() and x[0].isdigit() and x[0] != c

    return c in _ARABIZI and not touches(following) and not touches(last)


def _neutral(text, at, inspected):
    c = text[at]
    if not "!" <= c <= "~":
        return None, inspected
    if c == "<":
        close = text.find(">", at + 1, at + 14)
        name = text[at + 1 : close] if close > 0 else ""
        if name and all("a" <= x <= "z" or x == "_" for x in name):
            return close + 1, inspected
    if c == "@":
        end = at + 1
        while end < len(text) and text[end].isascii() and (text[end].isalnum() or text[end] in "_."):
            end += 1
        if end > at + 1:
            return end, inspected
    if at < inspected:
        return None, inspected
    end = at
    while end < len(text) and "!" <= text[end] <= "~":
        end += 1
    return (end if _address(text[at:end]) else None), end


def words(text):
    """Yields (script, folded letters, start, end) of the words that are evidence."""
    at = inspected = 0
    while at < len(text):
        end, inspected = _neutral(text, at, inspected)
        if end is not None:
            at = end
            continue
        c = text[at]
        what = kind(c)
        following = text[at + 1 : at + 2]
        if what == "digit":
            if c in _ARABIZI and following.isascii() and following.isalpha():
                what = "latin"
            else:
                while at < len(text) and text[at].isascii() and text[at].isdigit():
                    at += 1
                continue
        if what in ("latin", "arabic", "tifinagh", "other"):
            script, folded, end = _read(text, at, what)
            yield script, folded, at, end
            at = end
        else:
            at += 1


def rows(word):
    """Table rows of a folded word's features."""
    if not word:
        return []
    padded = "^" + word + "$"
    found, whole = [], 0x9747B28C
    for start in range(len(padded)):
        whole = _step(whole, padded[start])
        code = 0x811C9DC5
        for end in range(start, min(len(padded), start + MAX_GRAM)):
            code = _step(code, padded[end])
            if not (start == end and start in (0, len(padded) - 1)):
                found.append(_row(code))
    found.append(_row(whole))
    return found


def _step(code, letter):
    return ((code ^ ord(letter)) * 0x01000193) & 0xFFFFFFFF


def _row(code):
    return (((code ^ (code >> 15)) * 0x9E3779B1) & 0xFFFFFFFF) >> (32 - ROW_BITS)
