"""A user's own data as a task: a card made up from what the data holds, and its corpus."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow.compute as pc

from bench.data import corpus as corpora
from bench.data import made
from bench.data.card import Card, Recipe
from bench.data.corpus import Corpus
from bench.data.tagging import hub
from bench.data.tagging.column import Sentence
from bench.data.tagging.kind import Tagging
from bench.data.tagging.reader import Row
from bench.data.tagging.scheme import Malformed, detect, to_bio
from bench.data.tagging.source import Part, Source, parts
from bench.error import DataError

STRATEGIES = ("random", "mnlp", "wbadge", "longest")
RECIPE = Recipe("words", "train", "test", 5, STRATEGIES, shares=made.SHARES, default=True)
PROTOCOL = "words"
NOTE = "scheme"
"""The file beside a prepared corpus that keeps the scheme of its source."""


def load(source: Source) -> tuple[Card, Corpus]:
    """The data as a card and its corpus, prepared on first use.

    The title says what was understood. Errors as in `parts`, `read` and `corpus.load`; DataError
    too when there are too few sentences to split.
    """
    found, name = parts(source), stem(source.data)
    marks = (f"{part.split} {part.fingerprint}" for part in found)
    folder = corpora.home(name, (), "own", source.columns, source.scheme, *marks)
    corpus = corpora.prepared(folder, Tagging(()), partial(_write, found, source.scheme))
    tags = inventory(pc.unique(pc.list_flatten(corpus.labels)).to_pylist())
    recipe = made.divided(RECIPE, 0.2, source.data, corpus, "sentence")
    card = Card(
        folder=Path(source.data).parent,
        name=name,
        title=_title(source, corpus, recipe, (folder / NOTE).read_text()),
        synthetic=False,
        citation="",
        licence="",
        reader="columns",
        protocols={PROTOCOL: recipe},
        tags=tags,
    )
    return card, replace(corpus, kind=Tagging(tags))


def stem(data: str) -> str:
    """A name that is legal everywhere, from that of a file, a folder or a data set."""
    if data.startswith(hub.PREFIX):
        path, _, config = data.removeprefix(hub.PREFIX).partition(":")
        name = "-".join(filter(None, [Path(path).resolve().name, config]))
        return made.legal(name)
    return made.stem(data)


def read(found: Sequence[Part], scheme: str) -> tuple[str, list[Row]]:
    """The scheme of the tags and all sentences in BIO2.

    DataError for the first line that cannot be read, for tags that keep to no scheme or not to the
    one named, for a part without a sentence, and where no word has a label.
    """
    held = [(part, sentence) for part in found for sentence in filled(part)]
    chosen = decide(held, scheme)
    rows = [bio(part, sentence, chosen) for part, sentence in held]
    labelled(found, rows)
    return chosen, rows


def filled(part: Part) -> list[Sentence]:
    """The sentences of a part; DataError when there is none."""
    held = list(part.sentences())
    if not held:
        raise DataError(f"{part.name} holds no sentence.")
    return held


def decide(held: Sequence[tuple[Part, Sentence]], scheme: str) -> str:
    """The scheme named, or the one that all tags keep to; DataError when there is none."""
    if scheme != "auto":
        return scheme
    try:
        return detect(sentence.tags for _, sentence in held)
    except Malformed as fault:
        part, sentence = held[fault.sentence - 1]
        number = f"sentence {fault.sentence}"  # of all parts together: the line says it better
        reason = str(fault).removeprefix(f"{number}: ").replace(f"not {number}", "not this one")
        remedy = "name the tags' column with --columns or their scheme with --scheme, or mend them"
        raise part.fault(sentence.lines[fault.place - 1], reason, remedy) from None


def bio(part: Part, sentence: Sentence, scheme: str) -> Row:
    """A sentence in BIO2; DataError when its tags are not of the scheme."""
    try:
        return Row(part.split, sentence.tokens, to_bio(sentence.tags, scheme))
    except Malformed as fault:
        raise part.fault(sentence.lines[fault.place - 1], str(fault)) from None


def inventory(tags: Iterable[str]) -> tuple[str, ...]:
    """O, then the tags that there are, by type."""
    return ("O", *sorted(set(tags) - {"O"}, key=lambda tag: (tag[2:], tag)))


def labelled(found: Sequence[Part], rows: Sequence[Row]) -> None:
    """DataError where no word has a label."""
    if all(tag == "O" for row in rows for tag in row.tags):
        names = ", ".join(part.name for part in found)
        raise DataError(f"{names}: every tag is O; name the tags' column with --columns.")


def _write(found: Sequence[Part], scheme: str, folder: Path) -> None:
    chosen, rows = read(found, scheme)
    Tagging(()).write(rows, folder)
    (folder / NOTE).write_text(chosen)


def _title(source: Source, corpus: Corpus, recipe: Recipe, scheme: str) -> str:
    tags = pc.list_flatten(corpus.labels)
    how = "the one that all tags keep to" if source.scheme == "auto" else "as named"
    return (
        f"{source.data}: {len(corpus.splits):,} sentences, {len(tags):,} words; "
        f"tags are {scheme.upper()}, {how}; {made.told(recipe, corpus, 'sentence')}."
    )
