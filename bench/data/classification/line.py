"""Reader of text files with a sentence a line, after the number of its class: `4 where is perth`.

Words are parted by blanks and tabs alone: in latin-1, bytes of words can look like other spaces.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.data.card import Card
from bench.data.classification.part import Part
from bench.data.line import AGAIN, located, raw


def read(card: Card, files: dict[str, Path]) -> Iterator[Part]:
    """The sentences of each file; DataError names the file and the first line at fault.

    A line that is not in the card's encoding, or has an unknown class or no text.
    """
    for file in card.files:
        rows = list(sentences(files[file.path], card.encoding, card.classes))
        yield Part(file.split, [words for words, _ in rows], [name for _, name in rows])


def sentences(path: Path, encoding: str, classes: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    """The words and the class of each line; DataError as `read`."""
    numbers = {str(number): name for number, name in enumerate(classes)}
    for place, line in raw(path):
        label, *words = re.findall(r"[^ \t]+", _text(line, path, place, encoding)) or [""]
        if label not in numbers:
            reason = f"it begins with '{label}', not with a class, 0 to {len(classes) - 1}"
            raise located(path, place, reason, AGAIN)
        if not words:
            raise located(path, place, "the text is empty", AGAIN)
        yield words, numbers[label]


def _text(line: bytes, path: Path, place: int, encoding: str) -> str:
    try:
        return line.removesuffix(b"\n").removesuffix(b"\r").decode(encoding)
    except UnicodeDecodeError as error:
        reason = f"byte {error.start + 1} is not {encoding.upper()}"
        remedy = "state the encoding on the card or fetch the file again"
        raise located(path, place, reason, remedy) from None
