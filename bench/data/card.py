"""A task's card: where its data is, what it holds, how it is split; typed and checked."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args, get_origin, get_type_hints

from bench.error import DataError, UsageError
from bench.spec import nearest


@dataclass(frozen=True)
class File:
    """One pinned source file; `path` is relative to the data root."""

    split: str
    role: Literal["tokens", "tags"]
    path: str
    url: str
    sha256: str


@dataclass(frozen=True)
class Counts:
    """What a split holds, counted by hand once: the reader must find the same."""

    sentences: int
    tokens: int


@dataclass(frozen=True)
class Grammar:
    """What a generated corpus is drawn with; its one split is called `all`."""

    seed: int = 0
    utterances: int = 0


@dataclass(frozen=True)
class Recipe:
    """How a protocol splits the corpus and spends the budget.

    `pool` and `test` are either both sizes, drawn per seed from all splits, or both names of
    splits, the same for every seed; `distinct` keeps the first row of each text. The cumulative
    targets are `targets`, or `rounds` equal steps of `share` of the pool's own unit.
    """

    unit: Literal["items", "words"]
    pool: int | str
    test: int | str
    seeds: int
    strategies: tuple[str, ...]
    targets: tuple[int, ...] = ()
    share: float = 0.0
    rounds: int = 0
    distinct: bool = False
    default: bool = False


@dataclass(frozen=True)
class Card:
    """`datasets/<name>/card.toml`, checked; `folder` is where it was found."""

    folder: Path
    name: str
    title: str
    synthetic: bool
    citation: str
    licence: str
    reader: Literal["parallel", "grammar"]
    tag_scheme: Literal["BIO"]
    tags: tuple[str, ...]
    protocols: dict[str, Recipe]
    files: tuple[File, ...] = ()
    counts: dict[str, Counts] = field(default_factory=dict)
    grammar: Grammar = Grammar()

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits, in the order of the corpus' rows."""
        return tuple(dict.fromkeys(file.split for file in self.files)) or ("all",)

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
    card: Card = _build(Card, table, path, "", folder=path.parent)
    for key, fault in _faults(card):
        raise DataError(f"{path}: '{key}' {fault}.")
    return card


def _build(kind: Any, table: dict[str, object], path: Path, prefix: str, **given: object) -> Any:
    """An instance of the dataclass `kind` from a TOML table, every key known and typed."""
    hints = get_type_hints(kind)
    known = {item.name: item for item in fields(kind) if item.name not in given}
    for key in table:
        if key not in known:
            raise DataError(f"{path}: unknown key '{prefix}{key}'.{nearest(key, known)}")
    for name, item in known.items():
        if name not in table and item.default is MISSING and item.default_factory is MISSING:
            raise DataError(f"{path}: key '{prefix}{name}' is missing.")
    values = {key: _convert(v, hints[key], path, f"{prefix}{key}") for key, v in table.items()}
    return kind(**given, **values)


def _convert(value: Any, hint: Any, path: Path, key: str) -> Any:
    """The TOML value as the type `hint` wants it; DataError when it is of another type."""
    kind, inner = get_origin(hint), get_args(hint)
    if is_dataclass(hint) and isinstance(value, dict):
        return _build(hint, value, path, f"{key}.")
    if kind is tuple and isinstance(value, list):
        parts = enumerate(value)
        return tuple(_convert(part, inner[0], path, f"{key}[{i}]") for i, part in parts)
    if kind is dict and isinstance(value, dict):
        return {k: _convert(v, inner[1], path, f"{key}.{k}") for k, v in value.items()}
    if kind is Literal:
        if value in inner:
            return value
        raise DataError(f"{path}: '{key}' is {value!r}.{nearest(str(value), inner)}")
    wanted = inner if kind is not None and kind not in (tuple, dict) else (hint,)
    if type(value) in wanted:  # exact: in Python, but not on a card, true is an integer
        return value
    raise DataError(f"{path}: '{key}' should be {_spoken(hint)}, but is {value!r}.")


def _spoken(hint: Any) -> str:
    words = {str: "text", int: "a whole number", float: "a decimal number", bool: "true or false"}
    if get_origin(hint) is tuple:
        return "a list"
    if get_origin(hint) is dict or is_dataclass(hint):
        return "a table"
    return " or ".join(words[kind] for kind in get_args(hint) or (hint,))


def _faults(card: Card) -> Iterator[tuple[str, str]]:
    """Each key whose value cannot be right, and why."""
    if card.name != card.folder.name:
        yield "name", f"is {card.name!r}, but the folder is called {card.folder.name!r}"
    if card.tags[:1] != ("O",) or len(set(card.tags)) != len(card.tags):
        yield "tags", "should begin with O and name each tag once"
    for tag in card.tags[1:]:
        if not re.fullmatch(r"[BI]-\S+", tag):
            yield "tags", f"holds {tag!r}, which is neither O nor B-… nor I-…"
    if card.reader == "parallel":
        yield from _file_faults(card)
    elif card.files or card.grammar.utterances < 1:
        yield "grammar", "needs at least one utterance and no files, as the reader is 'grammar'"
    if set(card.counts) - set(card.splits):
        yield "counts", f"should name splits only, which are {', '.join(card.splits)}"
    if [recipe.default for recipe in card.protocols.values()].count(True) != 1:
        yield "protocols", "should hold exactly one with default = true"
    for name, recipe in card.protocols.items():
        for fault in _recipe_faults(recipe, card.splits):
            yield f"protocols.{name}", fault


def _file_faults(card: Card) -> Iterator[tuple[str, str]]:
    if not card.files:
        yield "files", "is missing, as the reader is 'parallel'"
    for split in card.splits:
        if sorted(file.role for file in card.files if file.split == split) != ["tags", "tokens"]:
            yield "files", f"should give the split {split!r} one file of tokens and one of tags"
    for i, file in enumerate(card.files):
        pure = PurePosixPath(file.path)
        if pure.is_absolute() or ".." in pure.parts or "\\" in file.path:
            yield f"files[{i}].path", f"is {file.path!r}, which may lead out of the data root"
        if not re.match(r"https?://", file.url):
            yield f"files[{i}].url", f"is {file.url!r}, which is not an http(s) address"
        if not re.fullmatch(r"[0-9a-f]{64}", file.sha256):
            yield f"files[{i}].sha256", "should be 64 hexadecimal digits in lower case"


def _recipe_faults(recipe: Recipe, splits: tuple[str, ...]) -> Iterator[str]:
    sides = (recipe.pool, recipe.test)
    if isinstance(recipe.pool, str) != isinstance(recipe.test, str):
        yield "should give pool and test both as sizes or both as names of splits"
    if any(side not in splits if isinstance(side, str) else side < 1 for side in sides):
        yield f"has a size below 1, or a split other than {', '.join(splits)}"
    if recipe.pool == recipe.test and isinstance(recipe.pool, str):
        yield "has the same split as pool and test"
    if recipe.unit == "words" and isinstance(recipe.pool, int):
        yield "counts words, so its pool should be a split: drawn pools differ in words"
    if recipe.seeds < 1 or not recipe.strategies:
        yield "needs at least one seed and one strategy"
    if bool(recipe.targets) == bool(recipe.share or recipe.rounds):
        yield "needs either targets or both share and rounds"
    if recipe.targets and not _climbs((0, *recipe.targets)):
        yield "has targets that do not rise from above 0"
    if not recipe.targets and not (recipe.share > 0 < recipe.rounds):
        yield "needs share and rounds above 0"
    if recipe.share * recipe.rounds > 1:
        yield "asks for more than the whole pool: share times rounds is above 1"


def _climbs(numbers: tuple[int, ...]) -> bool:
    return all(low < high for low, high in pairwise(numbers))
