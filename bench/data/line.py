"""Text files line by line, whatever system wrote them: UTF-8, plain or gzipped."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from bench.error import DataError

AGAIN = "mend the line or fetch the file again"
"""What to do about a line of a published file."""


def raw(path: Path, wanted: str = "a whole file") -> Iterator[tuple[int, bytes]]:
    """Each line's number, from 1, and its bytes; a name in .gz is that of a gzipped file.

    DataError when the file cannot be read; it asks for what is `wanted`.
    """
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                yield number, line
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error, wanted, number) from error


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Each line's number, from 1, and its text without its ending (LF or CRLF) or byte order mark.

    DataError as `raw`, and where a line is not UTF-8, or holds a character that ends lines
    elsewhere or no text at all (CR, NUL).
    """
    for number, line in raw(path):
        yield number, _text(line, path, number)


def unreadable(path: Path, error: Exception, wanted: str, number: int = 0) -> DataError:
    """The error of a file that cannot be read, or not beyond a line."""
    reason = getattr(error, "strerror", None) or str(error)
    after = f" after line {number}" if number else ""
    return DataError(f"{path} cannot be read{after}: {reason}; name {wanted}.")


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
