"""A task: a corpus and a protocol, dealt anew for each seed."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import torch

from bench.data import card as cards
from bench.data import corpus as corpora
from bench.data import feature
from bench.data.card import Card, Recipe
from bench.data.corpus import Corpus
from bench.data.judge import Judge
from bench.data.kind import Kind
from bench.data.oracle import Oracle
from bench.data.pool import Pool
from bench.data.table import take
from bench.error import UsageError


@dataclass(frozen=True)
class Protocol:
    """What is spent and compared: cumulative targets in `unit`, default seeds and strategies."""

    name: str
    unit: Literal["items", "words"]
    targets: tuple[int, ...]
    seeds: int
    strategies: tuple[str, ...]


class Deal(NamedTuple):
    """One seed's split, in the hands that may hold it."""

    pool: Pool
    oracle: Oracle
    judge: Judge
    kind: Kind


@dataclass(frozen=True)
class Task:
    """A card's corpus under one protocol; `deal` is the only way to its items."""

    card: Card
    protocol: Protocol
    corpus: Corpus = field(repr=False)

    @property
    def kind(self) -> Kind:
        """What the items and labels are."""
        return self.corpus.kind

    @property
    def settings(self) -> dict[str, object]:
        """What decides, beside the corpus, how it is split, spent and labelled."""
        recipe = self.card.recipe(self.protocol.name)
        return {
            "unit": self.protocol.unit,
            "targets": self.protocol.targets,
            "pool": recipe.pool,
            "test": recipe.test,
            "distinct": recipe.distinct,
            **({"each": recipe.each} if recipe.each else {}),
            **self.kind.settings,
        }

    @property
    def whole(self) -> int:
        """What pays for the whole pool in the protocol's unit: of a drawn one, for any."""
        recipe = self.card.recipe(self.protocol.name)
        if recipe.unit == "words" and isinstance(recipe.pool, int):
            return _words(self.corpus, _drawable(recipe, self.corpus))
        return _size(recipe, self.corpus)

    @property
    def data_digest(self) -> str:
        """SHA-256 over the corpus' content: splits, inputs and labels."""
        return self.corpus.digest

    def deal(self, generator: torch.Generator) -> Deal:
        """The split of one seed; a protocol of fixed splits draws nothing from the generator."""
        recipe, corpus, kind = self.card.recipe(self.protocol.name), self.corpus, self.kind
        pool, test = split(recipe, corpus, generator)
        # Sentences of the pool alone; images too, though their file holds those of the test split.
        inputs = take(corpus.inputs, pool)
        costs = kind.words(inputs) if recipe.unit == "words" else torch.ones_like(pool)
        judge = Judge(take(corpus.inputs, test), take(corpus.labels, test), kind)
        return Deal(Pool(pool, inputs, costs), Oracle(corpus.labels, pool), judge, kind)


def load(
    name: str, protocol: str | None = None, data_root: Path | None = None, features: str = ""
) -> Task:
    """The task `name` under a protocol, by default its card's; `features` stand for its images.

    UsageError, with the nearest names, for an unknown task or protocol; DataError or StorageError
    where the data cannot be had (see `bench.data.fetch`, `reader` and `corpus`).
    """
    card = cards.load(name)
    card = card.of(card.recipe(protocol or card.default).variant)
    corpus = corpora.load(card, data_root)
    return made(card, feature.read(corpus, features) if features else corpus, protocol)


def made(card: Card, corpus: Corpus, protocol: str | None = None) -> Task:
    """The task of a card (of one variant) and its corpus; UsageError as `load`."""
    chosen = protocol or card.default
    recipe = card.recipe(chosen)
    targets = _targets(recipe, corpus, f"{card.name}, protocol {chosen}")
    spent = Protocol(chosen, recipe.unit, targets, recipe.seeds, recipe.strategies)
    return Task(card, spent, corpus)


def split(
    recipe: Recipe, corpus: Corpus, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ascending ids of pool and test: the recipe's named splits, or drawn without overlap."""
    if isinstance(recipe.pool, str):
        return corpus.rows(recipe.pool, recipe.distinct), _tested(recipe, corpus)
    if isinstance(recipe.test, int):
        return draw(_drawable(recipe, corpus), recipe.pool, recipe.test, generator)
    pool, _ = draw(_drawable(recipe, corpus), recipe.pool, 0, generator)
    return pool, _tested(recipe, corpus)


def draw(
    ids: torch.Tensor, pool: int, test: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """`pool` and `test` of the ids at random, disjoint, each ascending.

    The test split is drawn first, so that it does not depend on the size of the pool.
    """
    order = ids[torch.randperm(len(ids), generator=generator)]
    return order[test : test + pool].sort().values, order[:test].sort().values


def _tested(recipe: Recipe, corpus: Corpus) -> torch.Tensor:
    """The ids of a test split that is named."""
    return corpus.rows(str(recipe.test), recipe.distinct)


def _drawable(recipe: Recipe, corpus: Corpus) -> torch.Tensor:
    """The ids that a drawn pool is of: all, but those of a test split that is named."""
    rows = corpus.rows(None, recipe.distinct)
    if isinstance(recipe.test, int):
        return rows
    return rows[~torch.isin(rows, _tested(recipe, corpus))]


def _targets(recipe: Recipe, corpus: Corpus, where: str) -> tuple[int, ...]:
    """The cumulative targets in the recipe's unit; UsageError when the corpus is too small."""
    if isinstance(recipe.pool, int):
        have, drawn = len(_drawable(recipe, corpus)), isinstance(recipe.test, int)
        need = recipe.pool + (int(recipe.test) if drawn else 0)
        if have < need:
            who = "pool and test need" if drawn else "the pool needs"
            raise UsageError(f"{where}: {who} {need} items, there are {have}.")
    size = _size(recipe, corpus)
    targets = recipe.targets or tuple(round(share * size) for share in recipe.shares)
    if targets[-1] > size:
        raise UsageError(f"{where}: the last target is {targets[-1]}, but the pool holds {size}.")
    return targets


def _size(recipe: Recipe, corpus: Corpus) -> int:
    """The pool's size in the recipe's unit; of a drawn one the words to be expected.

    So that the targets are the same for every seed, though drawn pools differ in words.
    """
    if isinstance(recipe.pool, int):
        if recipe.unit == "items":
            return recipe.pool
        rows = _drawable(recipe, corpus)
        return round(_words(corpus, rows) * recipe.pool / len(rows))
    rows = corpus.rows(recipe.pool, recipe.distinct)
    return len(rows) if recipe.unit == "items" else _words(corpus, rows)


def _words(corpus: Corpus, rows: torch.Tensor) -> int:
    return int(corpus.kind.words(take(corpus.inputs, rows)).sum())
