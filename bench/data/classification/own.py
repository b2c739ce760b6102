"""A user's CSV file as a task: a card made up from what it holds, and its corpus."""

from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc

from bench.data import corpus as corpora
from bench.data import fetch, made
from bench.data.card import Card, Recipe
from bench.data.classification.kind import Classification
from bench.data.classification.sheet import Sheet, read
from bench.data.corpus import Corpus
from bench.error import DataError

WORDS = Recipe(
    unit="words",
    pool="train",
    test="test",
    seeds=5,
    strategies=("random", "lc", "entropy", "dal"),
    shares=made.SHARES,
    learner="tfidf-svm",
    default=True,
)
GUIDE = replace(
    WORDS,
    unit="items",
    shares=(),
    learner="tfidf-svm[stop_words=english]",
    each=100,
    default=False,
)
"""After 'A practical guide to Active Learning' (Bakker 2022): 100 of each class, then ROUNDS rounds
of ROUND texts each; its targets depend on the data."""
ROUND, ROUNDS = 1000, 30


def load(sheet: Sheet, protocol: str | None = None) -> tuple[Card, Corpus]:
    """The file as a card and its corpus, prepared on first use.

    The title says what was understood, for the protocol asked for. Errors as in `sheet.read` and
    `corpus.load`; DataError too when there are too few texts to split, or for the protocol.
    """
    name = made.stem(sheet.data)
    corpus = _prepared(sheet, name)
    classes = _classes(corpus)
    words = made.divided(WORDS, 0.2, sheet.data, corpus, "text")
    guide = _guide(sheet.data, corpus, len(classes))
    title = _told(words, sheet, corpus)
    if protocol == "guide":
        title = f"{_told(guide, sheet, corpus)}{_cut(guide, sheet.data, corpus)}"
    card = Card(
        folder=Path(sheet.data).parent,
        name=name,
        title=f"{title}.",
        synthetic=False,
        citation="",
        licence="",
        reader="lines",
        protocols={"words": words, "guide": guide},
        classes=classes,
    )
    return card, replace(corpus, kind=Classification(classes))


def _prepared(sheet: Sheet, name: str) -> Corpus:
    marks = (f"{split} {fetch.digest(path)}" for split, path in sheet.files.items())
    folder = corpora.home(name, (), "sheet", sheet.text, sheet.label, *marks)
    kind = Classification(())
    return corpora.prepared(folder, kind, lambda new: kind.write(read(sheet), new))


def _classes(corpus: Corpus) -> tuple[str, ...]:
    """The classes that there are, sorted."""
    return tuple(sorted(pc.unique(pc.list_flatten(corpus.labels)).to_pylist()))


def _guide(data: str, corpus: Corpus, classes: int) -> Recipe:
    """As many of the guide's rounds as the pool can fill, but at least one."""
    recipe = made.divided(GUIDE, 0.3, data, corpus, "text")
    start = recipe.each * classes
    ends = [start + ROUND * number for number in range(1, ROUNDS + 1)]
    full = [end for end in ends if end <= _pool(recipe, corpus)]
    return replace(recipe, targets=(start, *(full or ends[:1])))


def _cut(guide: Recipe, data: str, corpus: Corpus) -> str:
    """What of the guide's rounds is left out, if any; DataError when the pool fills none."""
    pool, rounds = _pool(guide, corpus), len(guide.targets) - 1
    if guide.targets[-1] > pool:
        raise DataError(
            f"{data}: the pool holds {pool:,} texts, but protocol guide starts with {guide.each} "
            f"of each class and takes {ROUND:,} a round, {guide.targets[-1]:,} at least; take more "
            "data, or --protocol words."
        )
    if rounds == ROUNDS:
        return ""
    return f"; {rounds} of the guide's {ROUNDS} rounds of {ROUND:,} fit the pool of {pool:,}"


def _pool(recipe: Recipe, corpus: Corpus) -> int:
    return recipe.pool if isinstance(recipe.pool, int) else len(corpus.rows(recipe.pool))


def _told(recipe: Recipe, sheet: Sheet, corpus: Corpus) -> str:
    words = int(corpus.kind.words(corpus.inputs).sum())
    return (
        f"{sheet.data}: {len(corpus.splits):,} texts, {words:,} words of column '{sheet.text}'; "
        f"{len(_classes(corpus))} classes of column '{sheet.label}'; "
        f"{made.told(recipe, corpus, 'text')}"
    )
