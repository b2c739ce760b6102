"""What cannot be right about a card, though every value is of its type."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePosixPath

from bench.data.card import EMBEDDED, Card, File, Recipe

SPLITS = {
    "parallel": ["tags", "tokens"],
    "columns": ["sentences"],
    "fmtod": ["sentences"],
    "idx": ["images", "labels"],
    "lines": ["sentences"],
}
"""The roles of a split's files, sorted, by the reader that takes them."""
ARCHIVES = ("cifar", "jpeg")
"""The readers of one file that holds all splits."""
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
    of_kind = {
        "tagging": _tag_faults,
        "captioning": _caption_faults,
        "classification": _class_faults,
    }
    yield from of_kind[card.kind](card)
    if (card.reader in EMBEDDED) == bool(card.all_files):
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
        if recipe.each and not _starts_with_each(recipe, card):
            wanted = "its first target, in items, 'each' times their number"
            yield f"protocols.{name}", f"has 'each', so its items should have classes and {wanted}"


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
    yield from _split_faults(card)


def _split_faults(card: Card) -> Iterator[tuple[str, str]]:
    for split in card.splits if card.files and card.reader in SPLITS else ():
        if sorted(file.role for file in card.files if file.split == split) != SPLITS[card.reader]:
            asked = " and one of ".join(reversed(SPLITS[card.reader]))
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


def _class_faults(card: Card) -> Iterator[tuple[str, str]]:
    if len(card.classes) < 2 or len(set(card.classes)) != len(card.classes):
        yield "classes", "should name two classes or more, each once"
    yield from _split_faults(card)
    if card.reader in ARCHIVES:
        if [(file.role, file.split) for file in card.files] != [("images", "")]:
            yield "files", "should be one of images, without a split"
        if set(card.counts) != {"train", "test"}:
            yield "counts", "should state those of train and test, which the file holds"
    if card.reader == "lines":
        return
    if card.image_size < 8:
        yield "image_size", "should be at least 8 pixels"
    if any(recipe.unit == "words" for recipe in card.protocols.values()):
        yield "protocols", "cannot count words: images have none"


def _places(card: Card) -> Iterator[tuple[str, tuple[File, ...]]]:
    yield "files", card.files
    for name, variant in card.variants.items():
        yield f"variants.{name}.files", variant.files


def _file_faults(file: File) -> Iterator[tuple[str, str]]:
    for key, path in (("path", file.path), ("member", file.member)):
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or "\\" in path:
            yield key, f"is {path!r}, which may lead out of the data root"
    if not re.match(r"https?://", file.url) and not (file.pinned and not file.url):
        yield "url", f"is {file.url!r}, which is not an http(s) address"
    for key, digest in (("sha256", file.sha256), ("content", file.content)):
        if digest and not re.fullmatch(r"[0-9a-f]{64}", digest):
            yield key, "should be 64 hexadecimal digits in lower case"
    if file.content and (file.sha256 or not file.path.endswith(".gz")):
        yield "content", "pins what a .gz holds, in place of sha256"


def _recipe_faults(recipe: Recipe, splits: tuple[str, ...]) -> Iterator[str]:
    sides = (recipe.pool, recipe.test)
    if isinstance(recipe.pool, str) and isinstance(recipe.test, int):
        yield "should name the test split too, as its pool is a split"
    if isinstance(recipe.pool, int) and isinstance(recipe.test, str) and len(splits) < 2:
        yield "leaves no split to draw the pool from"
    if any(side not in splits if isinstance(side, str) else side < 1 for side in sides):
        yield f"has a size below 1, or a split other than {', '.join(splits)}"
    if recipe.pool == recipe.test and isinstance(recipe.pool, str):
        yield "has the same split as pool and test"
    if recipe.unit == "words" and isinstance(recipe.pool, int) and recipe.targets:
        yield "counts words of a drawn pool, so it needs shares: drawn pools differ in words"
    if recipe.seeds < 1:
        yield "needs at least one seed"
    if bool(recipe.targets) == bool(recipe.shares):
        yield "needs either targets or shares"
    if not _climbs((0, *(recipe.targets or recipe.shares))):
        yield "has targets or shares that do not rise from above 0"
    if recipe.shares and recipe.shares[-1] > 1:
        yield "asks for more than the whole pool: its last share is above 1"


def _starts_with_each(recipe: Recipe, card: Card) -> bool:
    fits = card.kind == "classification" and recipe.unit == "items"
    return fits and recipe.targets[:1] == (recipe.each * len(card.classes),)


def _climbs(numbers: tuple[float, ...]) -> bool:
    return all(low < high for low, high in pairwise(numbers))
