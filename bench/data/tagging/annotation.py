"""Chosen sentences as a file to annotate, in order, each with its rank and where it came from."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from bench.data.tagging.column import Sentence
from bench.error import StorageError, UsageError

OPEN = "_"
"""What stands where a tag is to be written."""


def columns(chosen: Sequence[Sentence]) -> Iterator[str]:
    """`word TAB _`, a blank line after a sentence, a comment before it; a line each."""
    for rank, sentence in enumerate(chosen, start=1):
        yield f"# rank = {rank}, line = {sentence.line}, words = {len(sentence.tokens)}"
        yield from (f"{word}\t{OPEN}" for word in sentence.tokens)
        yield ""


def jsonl(chosen: Sequence[Sentence], word: str, tag: str) -> Iterator[str]:
    """An object a line, with rank, line, and lists under the keys of words and tags."""
    for rank, sentence in enumerate(chosen, start=1):
        place = {"rank": rank, "line": sentence.line}
        tags = [OPEN] * len(sentence.tokens)
        yield json.dumps({**place, word: sentence.tokens, tag: tags}, ensure_ascii=False)


def check(path: Path) -> None:
    """UsageError when there is a file already: it may hold somebody's work."""
    if path.exists():
        raise UsageError(f"{path} is there already; move it, or name another file with --out.")


def write(path: Path, lines: Iterator[str]) -> None:
    """Write a new file; UsageError as `check`, StorageError when the disk refuses."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
    except FileExistsError:
        check(path)
    except OSError as reason:
        with suppress(OSError):
            path.unlink(missing_ok=True)  # half a file would stop the next attempt
        raise StorageError(f"Cannot write {path}: {reason.strerror}.") from reason
