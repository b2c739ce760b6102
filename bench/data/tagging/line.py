"""Text files line by line, whatever system wrote them: UTF-8, plain or gzipped."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from bench.error import DataError


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Each line's number, from 1, and its text without its ending (LF or CRLF) or byte order mark.

    A name that ends in .gz is that of a gzipped file. DataError: the file cannot be read, or a line
    is not UTF-8, or holds a character that ends lines elsewhere or no text at all (CR, NUL).
    """
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                yield number, _text(line, path, number)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        after = f" after line {number}" if number else ""
        raise DataError(f"{path} cannot be read{after}: {reason}; name a whole file.") from error


def located(path: Path, number: int, reason: str, remedy: str = "mend the line") -> DataError:
    """The error that says which line is at fault, why, and what to do."""
    return DataError(f"{path}, line {number}: {reason}; {remedy}.")


def _text(line: bytes, path: Path, number: int) -> str:
    try:
        text = line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError as error:
        reason = f"byte {error.start + 1} is not UTF-8"
        raise located(path, number, reason, "save the file as UTF-8") from None
    for character, name in (("\r", "carriage return"), ("\0", "zero byte")):
        if character in text:
            reason = f"character {text.index(character) + 1} is a {name}"
            raise located(path, number, reason, "save the file as plain text with ordinary lines")
    return text.removeprefix("\ufeff") if number == 1 else text
