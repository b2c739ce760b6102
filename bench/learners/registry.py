"""All learners by name: their kind of task, their settings, their signals."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.data.kind import Kind
from bench.data.table import Inputs
from bench.error import UsageError
from bench.learners.captioning import captioner
from bench.learners.captioning import config as captioning
from bench.learners.captioning import signal as of_images
from bench.learners.config import Config
from bench.learners.family import Family
from bench.learners.learner import LENGTHS
from bench.learners.objective import ADDS
from bench.learners.tagging import config as tagging
from bench.learners.tagging import model as taggers
from bench.learners.tagging import signal as of_sentences
from bench.learners.tagging import tagger
from bench.spec import Spec, nearest


class Group(NamedTuple):
    """The learners of one kind of task: each name in a line, the first one the default."""

    about: dict[str, str]
    config: type[Config]
    make: Callable[..., Family]
    signals: frozenset[str]


GROUPS = {
    "tagging": Group(
        about=taggers.KINDS,
        config=tagging.Config,
        make=tagger.make,
        signals=frozenset({*of_sentences.SIGNALS, LENGTHS}),
    ),
    "captioning": Group(
        about=captioner.KINDS,
        config=captioning.Config,
        make=captioner.make,
        signals=frozenset(of_images.SIGNALS),
    ),
}


def names() -> list[str]:
    """All learners."""
    return sorted(name for group in GROUPS.values() for name in group.about)


def describe(name: str) -> str:
    """A learner in one line."""
    return GROUPS[kind(name)].about[name]


def kind(name: str) -> str:
    """The kind of task that a learner is for; UsageError for an unknown name."""
    for found, group in GROUPS.items():
        if name in group.about:
            return found
    raise UsageError(f"There is no learner '{name}'.{nearest(name, names())}")


def default(kind: str) -> str:
    """The learner of a kind of task where none is named."""
    return next(iter(GROUPS[kind].about))


def config(spec: Spec) -> Config:
    """A learner's settings; UsageError for an unknown learner, parameter or value."""
    return GROUPS[kind(spec.name)].config.of(spec)


def make(spec: Spec, task: Kind, pool: Inputs, embeddings: Sequence[Path] = ()) -> Family:
    """The family of a learner for the inputs of a pool; `embeddings`: files, see `tagger.make`."""
    return GROUPS[task.name].make(spec, task, pool, *embeddings)


def signals(name: str | None = None, objective: str = "supervised") -> frozenset[str]:
    """The signals a learner offers after training for an objective; of any learner without one."""
    groups = GROUPS.values() if name is None else [GROUPS[kind(name)]]
    gained = frozenset[str]().union(*ADDS.values()) - ADDS[objective]
    return frozenset[str]().union(*(group.signals for group in groups)) - gained
