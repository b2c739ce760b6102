"""Readers of classification: from a card and its files to checked parts of the corpus."""

from collections import Counter
from pathlib import Path

from bench.data.card import Card
from bench.data.classification import cifar, digits, idx, jpeg, line
from bench.data.classification.part import Part, Pictures
from bench.error import DataError


def read(card: Card, files: dict[str, Path]) -> list[Part]:
    """All parts of a corpus, split by split in the card's order.

    `files` maps the card's paths to where they lie. DataError names the file, the place and the
    reason of the first fault, or the split whose counts are not those the card states.
    """
    readers = {
        "digits": digits.read,
        "idx": idx.read,
        "cifar": cifar.read,
        "jpeg": jpeg.read,
        "lines": line.read,
    }
    parts = list(readers[card.reader](card, files))
    _check(card, parts)
    return parts


def _check(card: Card, parts: list[Part]) -> None:
    """DataError unless each split holds what the card states."""
    images, sentences, words = Counter[str](), Counter[str](), Counter[str]()
    for part in parts:
        if isinstance(part.inputs, Pictures):
            images[part.split] += len(part.labels)
        else:
            sentences[part.split] += len(part.labels)
            words[part.split] += sum(map(len, part.inputs))
    for split, stated in card.counts.items():
        found = images[split], sentences[split], words[split]
        wanted = stated.images, stated.sentences, stated.tokens
        if found != wanted:
            raise DataError(
                f"{card.name}, split {split}: {found} images, sentences and words were read, but "
                f"the card states {wanted}; mend the card or take the files it names."
            )
