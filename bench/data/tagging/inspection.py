"""What is understood of a user's data, and what is odd about it, before anyone spends an hour."""

import codecs
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeAlias

from bench.data.line import lines, raw
from bench.data.tagging.column import DOCUMENT, Sentence
from bench.data.tagging.oddity import Oddity, oddities
from bench.data.tagging.scheme import SCHEMES, Malformed, to_bio
from bench.data.tagging.source import Part, Source, parts
from bench.error import DataError

SHOWN = 5
"""Places of a kind of oddity that are shown."""
Facts: TypeAlias = list[tuple[str, str]]
Held: TypeAlias = Sequence[tuple[Part, Sentence]]


@dataclass(frozen=True)
class Report:
    """Facts with their names, and a line for each kind of oddity."""

    facts: Facts
    warnings: list[str]


class Reading(NamedTuple):
    """The tags under a scheme: spans by label, and the sentences that do not keep to it."""

    scheme: str
    labels: Counter[str]
    faults: list[tuple[Part, Oddity]]


def inspect(source: Source) -> Report:
    """Everything that can be understood, up to the first line that cannot be read.

    UsageError or DataError only when there is nothing to read at all (see `parts`).
    """
    found = parts(source)
    held = [(part, sentence) for part in found for sentence in _readable(part)]
    facts = _form(found, [sentence for _, sentence in held])
    if not held:
        return Report(facts, [])
    auto = source.scheme == "auto"
    named = SCHEMES if auto else (source.scheme,)
    reading = min((_read(held, each, auto) for each in named), key=lambda each: len(each.faults))
    facts += [("scheme", _scheme(auto, reading)), *_sizes(held), *_labels(reading.labels)]
    odd = [*reading.faults]
    for part in found:
        own = [sentence for each, sentence in held if each is part]
        odd += [(part, oddity) for oddity in (*_skipped(part, own), *oddities(own))]
    once = sorted(label for label, count in reading.labels.items() if count == 1)
    rare = [f"{len(once):,} label types seen once: {_some(once)}"] if once else []
    return Report(facts, [*_warnings(odd), *rare])


def _readable(part: Part) -> list[Sentence]:
    """The sentences before the first fault; a run says what that is."""
    found: list[Sentence] = []
    with suppress(DataError):
        for sentence in part.sentences():
            found.append(sentence)
    return found


def _form(found: Sequence[Part], sentences: Sequence[Sentence]) -> Facts:
    """Format, encoding, and where words and tags are, with an example."""
    part = found[0]
    form: Facts = [("format", part.format)]
    if part.path:
        form += [("encoding", _encoding(part.path))]
    if len(found) > 1:
        form += [("splits", ", ".join(each.split for each in found))]
    if not sentences:
        return form
    word, tag = part.keys()
    first = sentences[0]
    example = f"{first.tokens[0]} is {first.tags[0]} in {_place(part)} {_number(part, first.line)}"
    return [*form, ("columns", f"words in {word}, tags in {tag}; {example}")]


def _encoding(path: Path) -> str:
    """The byte order mark and the line ends of a file that is, or should be, UTF-8."""
    content = b"".join(line for _, line in raw(path))
    mark = "with" if content.startswith(codecs.BOM_UTF8) else "without"
    ends, returns = content.count(b"\n"), content.count(b"\r\n")
    kind = f"{returns} CRLF, {ends - returns} LF" if 0 < returns < ends else "LF"
    return f"UTF-8 {mark} byte order mark, line ends {'CRLF' if 0 < returns == ends else kind}"


def _read(held: Held, scheme: str, strict: bool) -> Reading:
    labels, faults = Counter[str](), []
    for part, sentence in held:
        try:
            tags = to_bio(sentence.tags, scheme, strict)
        except Malformed as fault:
            line = sentence.lines[fault.place - 1]
            faults.append((part, Oddity("illegal tags", line, str(fault))))
        else:
            labels.update(tag[2:] for tag in tags if tag.startswith("B-"))
    return Reading(scheme, labels, faults)


def _scheme(auto: bool, reading: Reading) -> str:
    if not auto:
        return f"{reading.scheme}, as named"
    if not reading.faults:
        return f"{reading.scheme}, the one that all tags keep to"
    count = len(reading.faults)
    return f"none; {reading.scheme} is nearest, but for {count:,} sentences"


def _sizes(held: Held) -> Facts:
    sentences = [sentence for _, sentence in held]
    lengths = [len(sentence.tokens) for sentence in sentences]
    part, longest = max(held, key=lambda each: len(each[1].tokens))
    distinct = len({tuple(sentence.tokens) for sentence in sentences})
    words = {word for sentence in sentences for word in sentence.tokens}
    where = f"{max(lengths)} in {_place(part)} {_number(part, longest.line)}"
    return [
        ("sentences", f"{len(sentences):,}, of them {distinct:,} distinct"),
        ("words", f"{sum(lengths):,}, of them {len(words):,} distinct"),
        ("lengths", f"median {median(lengths):g} words, longest {where}"),
    ]


def _labels(counts: Counter[str]) -> Facts:
    spans = ", ".join(f"{label} {count:,}" for label, count in counts.most_common())
    return [("labels", f"{len(counts):,} types, spans of each: {spans}" if spans else "none")]


def _skipped(part: Part, sentences: Sequence[Sentence]) -> Iterator[Oddity]:
    """Lines with something in them that are no part of a sentence, up to the last that is."""
    if part.path is None:
        return
    words = {number for sentence in sentences for number in sentence.lines}
    last = max(words, default=0)  # what comes then may be the fault that stopped the reading
    for number, text in lines(part.path):
        if number > last:
            break
        if text.strip() and number not in words:
            document = text.lstrip().startswith(DOCUMENT)
            other = "empty sentences" if part.format == "JSONL" else "comment lines"
            yield Oddity(f"{DOCUMENT} lines" if document else other, number)


def _warnings(odd: Iterable[tuple[Part, Oddity]]) -> list[str]:
    """A line for each kind: how many, and the first few."""
    kinds: dict[str, list[str]] = {}
    for part, oddity in odd:
        what = f" ({oddity.what})" if oddity.what else ""
        kind = f"{oddity.kind}, in {_place(part)}"
        kinds.setdefault(kind, []).append(f"{_number(part, oddity.number)}{what}")
    return [f"{len(places):,} {kind} {_some(places)}" for kind, places in kinds.items()]


def _some(texts: Sequence[str]) -> str:
    """The first few."""
    return ", ".join(texts[:SHOWN]) + (", …" if len(texts) > SHOWN else "")


def _place(part: Part) -> str:
    return "line" if part.path else "row"


def _number(part: Part, number: int) -> str:
    return f"{number}" if part.path else f"{number} of {part.split}"
