"""Cards made up for a user's own data: their name, and where their test split comes from."""

import re
from dataclasses import replace
from pathlib import Path

from bench.data.card import Recipe
from bench.data.corpus import Corpus
from bench.error import DataError

SHARES = tuple(share / 100 for share in range(2, 21, 2))
"""The shares of the pool's words that its default protocol spends."""


def stem(name: str) -> str:
    """A name that is legal everywhere, from that of a file."""
    return legal(Path(name.removesuffix(".gz")).stem)


def legal(name: str) -> str:
    """The name with a dash for what is not legal everywhere; `data` where nothing is left."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "data"


def divided(recipe: Recipe, share: float, data: str, corpus: Corpus, noun: str) -> Recipe:
    """The splits train and test that the data has, or a share of the distinct items drawn for test.

    Of distinct ones, so that no input of the test split is in the pool. DataError when there are
    fewer than two; `noun` is what messages call an item.
    """
    if {"train", "test"} <= set(corpus.splits.to_pylist()):
        return replace(recipe, pool="train", test="test", distinct=False)
    count = len(corpus.rows(distinct=True))
    if count < 2:
        raise DataError(f"{data} holds one {noun}; pool and test split take one each.")
    test = max(1, round(count * share))
    return replace(recipe, pool=count - test, test=test, distinct=True)


def told(recipe: Recipe, corpus: Corpus, noun: str) -> str:
    """Where the test split comes from, for the card's title."""
    if not recipe.distinct:
        return f"test split of {len(corpus.rows('test')):,} {noun}s"
    count = len(corpus.rows(distinct=True))
    return f"{recipe.test:,} of {count:,} distinct {noun}s are drawn for test"
