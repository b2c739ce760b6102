"""What cannot be right about a card, though every value is of its type."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePosixPath

from bench.data.card import GENERATORS, Card, File, Recipe

WORDS = {"parallel": ["tags", "tokens"], "columns": ["sentences"], "fmtod": ["sentences"]}
"""The roles of a split's files, sorted, by the reader of tagging that takes them."""
ROLES = {
    "flickr8k": {"captions": 1, "split": 99, "images": 99},
    "coco": {"captions": 99, "images": 99},
}
"""The files that a reader of captions takes: their roles, and how many of each at most."""
SPLITTING = {"flickr8k": "split", "coco": "captions"}
"""The role whose files are those of a split."""


def faults(card: Card) -> Iterator[tuple[str, str]]:
    """Each key whose value cannot be right, and why."""
    if card.name != card.folder.name:
        yield "name", f"is {card.name!r}, but the folder is called {card.folder.name!r}"
    yield from (_tag_faults if card.kind == "tagging" else _caption_faults)(card)
    if (card.reader in GENERATORS) == bool(card.all_files):
        wanted = "no files" if card.all_files else "files"
        yield "files", f"is wrong: the reader '{card.reader}' takes {wanted}"
    if card.variant or card.partial:
        yield "variant", "and 'partial' belong to variants and protocols"
    for where, files in _places(card):
        for i, file in enumerate(files):
            yield from ((f"{where}[{i}].{key}", fault) for key, fault in _file_faults(file))
    stated = {*card.counts, *(split for each in card.variants.values() for split in each.counts)}
    if stated - set(card.splits):
        yield "counts", f"should name splits only, which are {', '.join(card.splits)}"
    if [recipe.default for recipe in card.protocols.values()].count(True) != 1:
        yield "protocols", "should hold exactly one with default = true"
    for name, recipe in card.protocols.items():
        for fault in _recipe_faults(recipe, card.splits):
            yield f"protocols.{name}", fault
        if recipe.variant not in (card.variants or ("",)):
            yield f"protocols.{name}", f"names no variant of the card: {recipe.variant!r}"


def _tag_faults(card: Card) -> Iterator[tuple[str, str]]:
    if card.tags[:1] != ("O",) or len(set(card.tags)) != len(card.tags):
        yield "tags", "should begin with O and name each tag once"
    for tag in card.tags[1:]:
        if not re.fullmatch(r"[BI]-\S+", tag):
            yield "tags", f"holds {tag!r}, which is neither O nor B-… nor I-…"
    if card.reader == "grammar" and card.grammar.utterances < 1:
        yield "grammar", "needs at least one utterance"
    one, other = card.columns.word, card.columns.tag
    if card.reader == "columns" and (min(one, other) < 1 or one == other):
        yield "columns", "should name two columns, counted from 1: of the words and of the tags"
    for split in card.splits if card.files and card.reader in WORDS else ():
        if sorted(file.role for file in card.files if file.split == split) != WORDS[card.reader]:
            asked = " and one of ".join(reversed(WORDS[card.reader]))
            yield "files", f"should give the split {split!r} one file of {asked}"


def _caption_faults(card: Card) -> Iterator[tuple[str, str]]:
    if card.image_size < 8:
        yield "image_size", "should be at least 8 pixels"
    if card.reader == "scene" and card.scene.images < 1:
        yield "scene", "needs at least one image"
    if any(recipe.unit == "words" for recipe in card.protocols.values()):
        yield "protocols", "cannot count words: a caption's words are not known before its reveal"
    for name in card.variants or ("",) if card.reader in ROLES else ():
        found = Counter[str](file.role for file in card.of(name).files)
        wanted = ROLES[card.reader]
        if set(found) != set(wanted) or any(found[role] > most for role, most in wanted.items()):
            asked = ", ".join(f"{role} (at most {most})" for role, most in wanted.items())
            yield "files", f"should have the roles {asked}, and no others"
    for file in card.all_files if card.reader in ROLES else ():
        if (not file.split) == (file.role == SPLITTING[card.reader]):
            yield "files", f"should name a split where the role is {SPLITTING[card.reader]}, only"


def _places(card: Card) -> Iterator[tuple[str, tuple[File, ...]]]:
    yield "files", card.files
    for name, variant in card.variants.items():
        yield f"variants.{name}.files", variant.files


def _file_faults(file: File) -> Iterator[tuple[str, str]]:
    for key, path in (("path", file.path), ("member", file.member)):
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or "\\" in path:
            yield key, f"is {path!r}, which may lead out of the data root"
    if not re.match(r"https?://", file.url) and not (file.sha256 and not file.url):
        yield "url", f"is {file.url!r}, which is not an http(s) address"
    if file.sha256 and not re.fullmatch(r"[0-9a-f]{64}", file.sha256):
        yield "sha256", "should be 64 hexadecimal digits in lower case"


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
    if bool(recipe.targets) == bool(recipe.shares):
        yield "needs either targets or shares"
    if not _climbs((0, *(recipe.targets or recipe.shares))):
        yield "has targets or shares that do not rise from above 0"
    if recipe.shares and recipe.shares[-1] > 1:
        yield "asks for more than the whole pool: its last share is above 1"


def _climbs(numbers: tuple[float, ...]) -> bool:
    return all(low < high for low, high in pairwise(numbers))
