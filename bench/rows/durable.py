"""Files and folders that outlive a power cut: whole or not there at all."""

import os
from contextlib import suppress
from pathlib import Path


def replace(path: Path, content: bytes) -> None:
    """Write aside, then rename; OSError when the disk refuses, with nothing left of it."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        make(path.parent)
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync(path.parent)
    except OSError:
        _discard(temporary)
        raise


def make(folder: Path) -> None:
    """Make a folder and those above it."""
    if not folder.is_dir():
        make(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)  # a new folder is durable only when its parent is


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _discard(temporary: Path) -> None:
    with suppress(OSError):  # the disk already said no; the next write overwrites it
        temporary.unlink(missing_ok=True)
