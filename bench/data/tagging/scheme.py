"""Tag schemes: how the tags of a sentence spell its spans, and how to tell which one a file uses.

iob1: a span begins with I-, and with B- right after another of its type (Ramshaw and Marcus 1995).
bio (also BIO2, IOB2): every span begins with B-. iobes: as bio, but the last of several words has
E-, and a word on its own S-.
"""

import re
from collections.abc import Iterable, Sequence

SCHEMES = ("bio", "iob1", "iobes")
# What a tag's first letter is in BIO2: of a word that may go on with the span before it, and else.
INSIDE = {
    "bio": {"O": "O", "B": "B", "I": "I"},
    "iob1": {"O": "O", "B": "B", "I": "I"},
    "iobes": {"I": "I", "E": "I"},
}
OUTSIDE = {
    "bio": {"O": "O", "B": "B"},
    "iob1": {"O": "O", "B": "B", "I": "B"},
    "iobes": {"O": "O", "B": "B", "S": "B"},
}


class Malformed(ValueError):
    """Why a sentence cannot be read; the reader adds where.

    `place` is the word's, `sentence` the sentence's, both from 1; 0 where none is to blame.
    """

    def __init__(self, reason: str, place: int = 0, sentence: int = 0) -> None:
        super().__init__(reason)
        self.place = place
        self.sentence = sentence


def to_bio(tags: Sequence[str], scheme: str, strict: bool = False) -> list[str]:
    """The tags of one sentence in BIO2.

    In iob1, B- may begin any span, as it does twice in the train file of CoNLL-2003, but not where
    `strict`. Malformed names a word whose tag is of no known form, or not legal where it stands.
    """
    _check_forms(tags)
    found, before = [], "O"
    for place, tag in enumerate(tags, start=1):
        letter = _letter(before, tag, scheme)
        if letter is None or (strict and scheme == "iob1" and _stray(before, tag)):
            reason = f"tag '{tag}' of word {place} follows '{before}'"
            raise Malformed(f"{reason}, which is not {scheme.upper()}", place)
        found.append(letter + tag[1:])
        before = tag
    if _open(before, scheme):
        reason = f"tag '{before}' of word {len(tags)} ends the sentence"
        raise Malformed(f"{reason}, which is not {scheme.upper()}", len(tags))
    return found


def detect(sentences: Iterable[Sequence[str]]) -> str:
    """The one scheme that all sentences keep to, strictly: `bio`, `iob1` or `iobes`.

    Several fit only where every tag is O, which is `bio`. Malformed where none does: it names the
    one that fits most sentences, and the first that it does not fit.
    """
    wrong = dict.fromkeys(SCHEMES, 0)
    first: dict[str, Malformed] = {}
    number = 0
    for number, tags in enumerate(sentences, start=1):
        try:
            _check_forms(tags)
        except Malformed as fault:
            raise Malformed(f"sentence {number}: {fault}", fault.place, number) from None
        for scheme in SCHEMES:
            try:
                to_bio(tags, scheme, strict=True)
            except Malformed as fault:
                wrong[scheme] += 1
                first.setdefault(scheme, Malformed(str(fault), fault.place, number))
    best = min(SCHEMES, key=lambda scheme: wrong[scheme])
    if wrong[best] == 0:
        return best
    fits = f"{best.upper()} fits {number - wrong[best]} of {number} sentences"
    found = first[best]
    reason = f"no tag scheme fits all: {fits}, but not sentence {found.sentence}: {found}"
    raise Malformed(reason, found.place, found.sentence)


def _check_forms(tags: Sequence[str]) -> None:
    for place, tag in enumerate(tags, start=1):
        if re.fullmatch(r"[UL]-\S+", tag):
            reason = "is BILOU, which is not read: write S- for U- and E- for L-, and it is IOBES"
            raise Malformed(f"tag '{tag}' of word {place} {reason}", place)
        if not re.fullmatch(r"O|[BIES]-\S+", tag):
            reason = "is of no known scheme: it is neither O nor a type after B-, I-, E- or S-"
            raise Malformed(f"tag '{tag}' of word {place} {reason}", place)


def _letter(before: str, tag: str, scheme: str) -> str | None:
    """What the tag begins with in BIO2; None where it may not follow `before`."""
    same = before[1:] == tag[1:]
    if not _open(before, scheme):
        return (INSIDE if same and scheme != "iobes" else OUTSIDE)[scheme].get(tag[0])
    return INSIDE[scheme].get(tag[0]) if same else None


def _open(tag: str, scheme: str) -> bool:
    """Whether the next word must go on with the tag's span."""
    return scheme == "iobes" and tag[0] in "BI"


def _stray(before: str, tag: str) -> bool:
    """Whether a B- parts nothing."""
    return tag[0] == "B" and before[1:] != tag[1:]
