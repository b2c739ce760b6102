"""A task's card: where its data is, what it holds, how it is split; typed and checked."""

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from bench.data import typed
from bench.error import DataError, UsageError
from bench.spec import nearest

Reader = Literal[
    "parallel",
    "columns",
    "fmtod",
    "grammar",
    "flickr8k",
    "coco",
    "scene",
    "digits",
    "idx",
    "cifar",
    "jpeg",
    "lines",
]
KINDS: dict[Reader, str] = {
    "parallel": "tagging",
    "columns": "tagging",
    "fmtod": "tagging",
    "grammar": "tagging",
    "flickr8k": "captioning",
    "coco": "captioning",
    "scene": "captioning",
    "digits": "classification",
    "idx": "classification",
    "cifar": "classification",
    "jpeg": "classification",
    "lines": "classification",
}
"""What each reader gives: the kind of task."""
GENERATORS = ("grammar", "scene")
"""The readers that make their data up."""
EMBEDDED = (*GENERATORS, "digits")
"""The readers that need no files."""


@dataclass(frozen=True)
class File:
    """One source file; `path` is relative to the data root.

    `member` is a path inside it where it is a zip. `content` pins, in place of `sha256`, what a
    .gz holds, where its copies were packed differently. Without either, the digest of the first
    download is recorded and checked from then on.
    """

    role: Literal["tokens", "tags", "sentences", "captions", "split", "images", "labels"]
    path: str
    url: str
    split: str = ""
    member: str = ""
    sha256: str = ""
    content: str = ""

    @property
    def pinned(self) -> bool:
        """Whether the card states a digest."""
        return bool(self.sha256 or self.content)


@dataclass(frozen=True)
class Counts:
    """What a split holds, counted by hand once: the reader must find the same.

    `sentences` are captions where a label is some; `tokens` of 0 are then not stated.
    """

    sentences: int = 0
    tokens: int = 0
    images: int = 0


@dataclass(frozen=True)
class Layout:
    """Of column files: the columns of words and tags, counted from 1, and the tags' scheme."""

    word: int = 0
    tag: int = 0
    scheme: Literal["bio", "iob1", "iobes"] = "bio"


@dataclass(frozen=True)
class Grammar:
    """What a generated corpus is drawn with; its one split is called `all`."""

    seed: int = 0
    utterances: int = 0


@dataclass(frozen=True)
class Scene:
    """What a generated set of pictures is drawn with; its one split is called `all`."""

    seed: int = 0
    images: int = 0


@dataclass(frozen=True)
class Variant:
    """Files and counts of one form in which a corpus is to be had.

    `partial`: of the items, only those whose image the files hold.
    """

    files: tuple[File, ...]
    counts: dict[str, Counts] = field(default_factory=dict)
    partial: bool = False


@dataclass(frozen=True)
class Recipe:
    """How a protocol splits the corpus and spends the budget.

    `pool` and `test` are both sizes, drawn per seed from all splits, or both names of splits, the
    same for every seed; or the pool is a size, drawn per seed from all splits but the one that is
    named for test. `distinct` keeps the first row of each text. The cumulative targets are
    `targets`, or `shares` of the pool in the unit. `variant` is one of the card's.
    Without `strategies`, all bundled ones are compared, as far as they apply.
    `learner` is the default one ('': that of the kind); `settings` are what the protocol sets for
    any learner, beside what a user sets. With `each`, the initial set, for which the first target
    pays, is that many random items of each class.
    """

    unit: Literal["items", "words"]
    pool: int | str
    test: int | str
    seeds: int
    strategies: tuple[str, ...] = ()
    targets: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()
    learner: str = ""
    settings: dict[str, int | float | str] = field(default_factory=dict)
    variant: str = ""
    distinct: bool = False
    default: bool = False
    each: int = 0


@dataclass(frozen=True)
class Card:
    """`datasets/<name>/card.toml`, checked; `folder` is where it was found.

    `classes` are in the order of the files' label numbers; `remark` is said before every run.
    `variant` is empty on a card as loaded, whose `files` are those of all variants.
    """

    folder: Path
    name: str
    title: str
    synthetic: bool
    citation: str
    licence: str
    reader: Reader
    protocols: dict[str, Recipe]
    tag_scheme: Literal["BIO"] = "BIO"
    tags: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    remark: str = ""
    image_size: int = 0
    files: tuple[File, ...] = ()
    counts: dict[str, Counts] = field(default_factory=dict)
    columns: Layout = Layout()
    grammar: Grammar = Grammar()
    scene: Scene = Scene()
    variants: dict[str, Variant] = field(default_factory=dict)
    variant: str = ""
    partial: bool = False

    @property
    def kind(self) -> str:
        """The kind of task: `tagging`, `captioning` or `classification`."""
        return KINDS[self.reader]

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits, in the order of the corpus' rows.

        Those of the files; where a file holds several, those whose counts are stated.
        """
        named = dict.fromkeys(each.split for each in self.all_files if each.split)
        return tuple(named) or tuple(self.counts) or ("all",)

    @property
    def all_files(self) -> tuple[File, ...]:
        """The files, and those of every variant."""
        return (*self.files, *(file for each in self.variants.values() for file in each.files))

    def of(self, variant: str) -> "Card":
        """The card with the files and counts of one variant alone; '' where it has none."""
        if not self.variants:
            return self
        chosen = self.variants[variant]
        return replace(
            self,
            files=(*self.files, *chosen.files),
            counts=chosen.counts,
            partial=chosen.partial,
            variant=variant,
            variants={},
        )

    @property
    def default(self) -> str:
        """The name of the default protocol."""
        return next(name for name, recipe in self.protocols.items() if recipe.default)

    def recipe(self, protocol: str) -> Recipe:
        """A protocol's recipe; UsageError with the nearest names when there is none."""
        if protocol not in self.protocols:
            near = nearest(protocol, self.protocols)
            raise UsageError(f"Task {self.name} has no protocol '{protocol}'.{near}")
        return self.protocols[protocol]


def folder() -> Path:
    """The folder of all cards: inside an installed wheel, or the checkout's `datasets/`."""
    package = Path(__file__).resolve().parents[1]
    packed = package / "_datasets"
    return packed if packed.is_dir() else package.parent / "datasets"


def names() -> list[str]:
    """The names of all tasks, sorted."""
    return sorted(path.parent.name for path in folder().glob("*/card.toml"))


def load(name: str) -> Card:
    """The card of a task; UsageError for an unknown name, DataError for a faulty card."""
    if name not in names():
        raise UsageError(f"There is no task '{name}'.{nearest(name, names())}")
    path = folder() / name / "card.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path} is not legal TOML: {error}.") from error
    from bench.data.fault import faults  # which reads cards

    card: Card = typed.build(Card, table, path, folder=path.parent)
    for key, fault in faults(card):
        raise DataError(f"{path}: '{key}' {fault}.")
    return card
