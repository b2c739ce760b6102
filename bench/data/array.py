"""Arrays on disk that do not fit in memory, written as they are made."""

import hashlib
import io
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from bench.error import StorageError


def write(target: Path, count: int, blocks: Iterable[np.ndarray[Any, Any]], doing: str) -> str:
    """Write blocks of rows [b, …], `count` rows in all, as one .npy [count, …].

    The rows' shape and type are those of the first block. The file is written aside and takes its
    place when all rows are there; of memory no more than one block is held. A bar with `doing` in
    front of it is shown while standard error is a terminal. Returns the SHA-256 of the file;
    StorageError when it cannot be written.
    """
    from rich.console import Console
    from rich.progress import Progress

    aside = target.with_name(f".{target.name}.tmp")
    console = Console(stderr=True)
    quiet = not console.is_terminal
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file, Progress(console=console, disable=quiet) as bar:
            task = bar.add_task(doing, total=count)
            digest = hashlib.sha256()
            for rows, part in _parts(count, blocks):
                digest.update(part)
                file.write(part)
                bar.advance(task, rows)
        aside.replace(target)
    except OSError as error:
        raise StorageError(
            f"{target} cannot be written: {error.strerror or error}; free space or name another "
            "folder, then run the same command again."
        ) from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    return digest.hexdigest()


def _parts(count: int, blocks: Iterable[np.ndarray[Any, Any]]) -> Iterable[tuple[int, bytes]]:
    """The bytes of a .npy, and how many rows each part holds: first a header, then the blocks."""
    rest = iter(blocks)
    first = next(rest)
    head = io.BytesIO()
    layout = {"shape": (count, *first.shape[1:]), "fortran_order": False}
    descr = np.lib.format.dtype_to_descr(first.dtype)
    np.lib.format.write_array_header_1_0(head, {**layout, "descr": descr})
    yield 0, head.getvalue()
    for block in chain([first], rest):
        yield len(block), block.tobytes()
