"""All learners by name: their kind of task, what they read, their settings, their signals."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from bench.data.image import Images
from bench.data.kind import Kind
from bench.data.table import Inputs
from bench.error import UsageError
from bench.learners.captioning import captioner
from bench.learners.captioning import config as captioning
from bench.learners.captioning import signal as of_images
from bench.learners.classification import classifier, lexical
from bench.learners.classification import config as classification
from bench.learners.classification import signal as of_classes
from bench.learners.config import Settings
from bench.learners.family import Family
from bench.learners.learner import LENGTHS
from bench.learners.objective import ADDS
from bench.learners.tagging import config as tagging
from bench.learners.tagging import model as taggers
from bench.learners.tagging import signal as of_sentences
from bench.learners.tagging import tagger
from bench.spec import Spec, nearest


class Entry(NamedTuple):
    """A learner: in one line, its kind of task, what its inputs are, and how it is made."""

    about: str
    kind: str
    reads: Literal["sentences", "images"]
    config: type[Settings]
    make: Callable[..., Family]
    signals: frozenset[str]


_TAGGING = frozenset({*of_sentences.SIGNALS, LENGTHS})
_CAPTIONING = frozenset(of_images.SIGNALS)
_SEEING = frozenset(of_classes.SIGNALS)
_READING = frozenset({*of_classes.SIGNALS, LENGTHS})
_LEXICAL = frozenset({*of_classes.PLAIN, LENGTHS})

LEARNERS = {
    **{
        name: Entry(about, "tagging", "sentences", tagging.Config, tagger.make, _TAGGING)
        for name, about in taggers.KINDS.items()
    },
    **{
        name: Entry(about, "captioning", "images", captioning.Config, captioner.make, _CAPTIONING)
        for name, about in captioner.KINDS.items()
    },
    **{
        name: Entry(
            *(each.about, "classification", "images"),
            *(each.config, classifier.seeing, _SEEING),
        )
        for name, each in classifier.VISION.items()
    },
    **{
        name: Entry(
            about, "classification", "sentences", classification.Texts, classifier.reading, _READING
        )
        for name, about in classifier.READING.items()
    },
    **{
        name: Entry(about, "classification", "sentences", lexical.Config, lexical.make, _LEXICAL)
        for name, about in lexical.KINDS.items()
    },
}
"""Every learner; the first one of a kind is its default."""


def names(kind: str = "", reads: str = "") -> list[str]:
    """All learners, or those of a kind of task, or of what they read, in order."""
    return [
        name
        for name, entry in LEARNERS.items()
        if kind in ("", entry.kind) and reads in ("", entry.reads)
    ]


def describe(name: str) -> str:
    """A learner in one line."""
    return _entry(name).about


def kind(name: str) -> str:
    """The kind of task that a learner is for; UsageError for an unknown name."""
    return _entry(name).kind


def default(kind: str) -> str:
    """The learner of a kind of task where none is named."""
    return names(kind)[0]


def config(spec: Spec) -> Settings:
    """A learner's settings; UsageError for an unknown learner, parameter or value."""
    return _entry(spec.name).config.of(spec)


def check(name: str, kind: str, task: str, inputs: Inputs | None = None) -> None:
    """UsageError for a learner that there is not, or that is for another kind of task or inputs."""
    reads = "" if inputs is None else "images" if isinstance(inputs, Images) else "sentences"
    entry = _entry(name)
    if entry.kind != kind or reads not in ("", entry.reads):
        raise UsageError(
            f"Learner '{name}' is for {entry.kind} of {entry.reads}, but '{task}' is {kind}"
            f"{f' of {reads}' if reads else ''}; take one of: {', '.join(names(kind, reads))}."
        )


def make(spec: Spec, task: Kind, pool: Inputs, embeddings: Sequence[Path] = ()) -> Family:
    """The family of a learner for the inputs of a pool; `embeddings`: files, see `tagger.make`."""
    return _entry(spec.name).make(spec, task, pool, *embeddings)


def signals(name: str | None = None, objective: str = "supervised") -> frozenset[str]:
    """The signals a learner offers after training for an objective; of any learner without one."""
    entries = LEARNERS.values() if name is None else [_entry(name)]
    gained = frozenset[str]().union(*ADDS.values()) - ADDS[objective]
    return frozenset[str]().union(*(entry.signals for entry in entries)) - gained


def _entry(name: str) -> Entry:
    if name not in LEARNERS:
        raise UsageError(f"There is no learner '{name}'.{nearest(name, names())}")
    return LEARNERS[name]
