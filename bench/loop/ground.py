"""Small tasks to hold a strategy to its contract on: one of each kind, where a fit takes a moment.

They are embedded ones, which need no files; of texts there is none, so that sentences are made up.
"""

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import torch

from bench.data import own
from bench.data.own import Own
from bench.data.task import Task
from bench.learners import registry
from bench.loop import fit, harness
from bench.loop.budget import Budget, SelectionError
from bench.loop.event import Reporter
from bench.loop.fit import FitStore
from bench.loop.plan import Cell, Request
from bench.loop.strategy import Strategy
from bench.loop.view import View
from bench.rows.schema import SERIAL, Row
from bench.spec import Spec

TINY = {"batch_size": 16, "decoder": 8, "embedding": 8, "epochs": 1, "hidden": 8, "width": 2}
"""Settings with which a learner that has them is fitted in a moment."""
_WORDS = (("a", "the", "one", "every"), ("old", "small", "very small", "red", "rather odd"))
_NOUNS = {
    "sea": ("boat", "whale", "sailor", "wave", "harbour", "tide"),
    "sky": ("bird", "kite", "cloud", "pilot", "star", "storm"),
    "town": ("tram", "baker", "tower", "street", "clock", "market"),
}
_ENDS = ("waits", "is gone again", "was there before all others", "turns", "comes back")


@dataclass(frozen=True)
class Call:
    """What a strategy was asked, and what it answered."""

    view: View
    budget: Budget
    answer: Any


@dataclass(frozen=True)
class Ground:
    """A small task of a kind, under one protocol, with all learners that may be tried on it."""

    kind: str
    task: str | Own
    learners: tuple[str, ...]
    protocol: str | None = None
    data_root: Path | None = None

    def missing(self, found: Strategy) -> list[str]:
        """The signals that a strategy needs and no learner here offers."""
        return min((found.missing(learner) for learner in self.learners), key=len)

    def cell(
        self, found: Strategy, out: Path, learner: str = "", rounds: int | None = None
    ) -> Cell:
        """The first seed of a strategy, whatever it was loaded from."""
        named = tiny(learner or self._fitting(found))
        text = str(found.spec)
        options = (rounds, 1, "cpu", out, self.data_root)
        request = Request(self.task, self.protocol, named, (text,), 1, *options)
        cell = Cell(request, text, 0)
        vars(cell)["chooser"] = found  # where the cached property keeps it
        return cell

    def load(self, found: Strategy) -> Task:
        """The task, as a strategy's cells have it."""
        return self.cell(found, Path()).task

    def run(
        self,
        found: Strategy,
        learner: str = "",
        rounds: int | None = None,
        labels: Mapping[int, list[str]] | None = None,
    ) -> list[Row]:
        """A strategy's rows, made by the harness; `labels` stand for the task's, by id.

        SelectionError where the strategy fails.
        """
        with TemporaryDirectory() as name:
            cell = self.cell(found, Path(name), learner, rounds)
            if labels:
                vars(cell)["task"] = relabelled(cell.task, labels)
            report = Reporter(cell.name, cell.rounds, cell.config.duration, lambda event: None)
            rows = harness.run(cell, FitStore(fit.home(cell.request.out, SERIAL)), SERIAL, report)
        if rows[-1].error:
            raise SelectionError(rows[-1].error)
        return rows

    def calls(self, found: Strategy, learner: str = "", rounds: int | None = 1) -> list[Call]:
        """What a strategy is asked in its first rounds, and answers; errors as of `run`."""
        heard: list[Call] = []

        def select(view: View, budget: Budget, rng: torch.Generator, **params: Any) -> Any:
            heard.append(Call(view, budget, found.select(view, budget, rng, **params)))
            return heard[-1].answer

        self.run(replace(found, select=select), learner, rounds)
        return heard

    def _fitting(self, found: Strategy) -> str:
        """The first learner that offers what a strategy needs."""
        return next(name for name in self.learners if not found.missing(name))


def tiny(learner: str) -> Spec:
    """A learner of few parameters."""
    known = registry.config(Spec(learner)).record()
    return Spec.of(learner, {key: value for key, value in TINY.items() if key in known})


def relabelled(task: Task, labels: Mapping[int, list[str]]) -> Task:
    """A task with other labels for some items; its digest says nothing of it."""
    rows = task.corpus.labels.to_pylist()
    rows = [labels.get(number, row) for number, row in enumerate(rows)]
    column = pa.chunked_array([pa.array(rows, task.corpus.labels.type)])
    return replace(task, corpus=replace(task.corpus, labels=column))


@contextmanager
def embedded() -> Iterator[list[Ground]]:
    """A ground of each kind; of classification, one for each thing that is read."""
    seeing, reading = (registry.names("classification", each) for each in ("images", "sentences"))
    with TemporaryDirectory() as name:
        yield [
            Ground("tagging", "flights", tuple(registry.names("tagging")), "smoke"),
            Ground("captioning", "shapes", tuple(registry.names("captioning")), "smoke"),
            Ground("images", "digits", tuple(seeing), "smoke"),
            Ground("texts", _texts(Path(name) / "texts.csv"), tuple(reading)),
        ]


def _texts(path: Path) -> Own:
    """A file of some hundred sentences whose nouns tell their classes."""
    lines = ((name, *parts) for name in _NOUNS for parts in product(*_WORDS, _NOUNS[name], _ENDS))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("text", "label"))
        table.writerows((" ".join(parts), name) for name, *parts in list(lines)[::3])
    return own.named(str(path), text="text", label="label")
