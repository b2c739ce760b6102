"""A strategy file in a place of its own, where nobody changes it while it runs."""

from pathlib import Path

from bench.error import StorageError, UsageError
from bench.loop import strategy
from bench.loop.source import Source, read
from bench.rows.schema import FULL


def settle(found: Source, folder: Path) -> str:
    """The name by which a file is to be loaded: of its copy in a folder, or of a bundled one.

    UsageError for a name that is none, or that another strategy has; StorageError when the copy
    cannot be made.
    """
    name = found.path.stem
    if found.path.suffix != ".py" or not (name.isascii() and name.isidentifier()):
        raise UsageError(
            f"'{found.path.name}' cannot be a strategy's file; rename it: letters, digits and _, "
            "as in my_strategy.py."
        )
    bundled = strategy.folder() / f"{name}.py"
    if bundled.is_file() and read(bundled).digest == found.digest:
        return name
    if bundled.is_file() or name == FULL:
        raise UsageError(f"{found.path}: the name '{name}' is taken; rename the file.")
    path = folder / f"{name}.py"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found.content)
    except OSError as reason:
        raise StorageError(f"Cannot write {path}: {reason.strerror}.") from reason
    return str(path)
