"""Precomputed features in the files that others keep them in: .npy, .mat, .h5."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from bench.data.extra import need
from bench.error import BenchError, DataError

Array: TypeAlias = np.ndarray[Any, Any]

_BATCH = 32


class _Shelf(NamedTuple):
    """What a file holds: how many items, their names if it says them, and how some are had."""

    size: int
    names: list[str] | None
    take: Callable[[list[int]], list[Array]]


def read(path: Path, names: Sequence[str]) -> Iterator[Array]:
    """Blocks [b, L, D] of the features of the named pictures, in that order.

    - `.npy`: [N, L, D], [N, h, w, D] or [N, D];
    - `.mat`: `feats` [D, N], as Karpathy and Fei-Fei (2015) published them, version 5 or 7.3;
    - `.h5`, `.hdf5`: a dataset `features`, shaped as in a .npy, and perhaps a dataset `names`; or
      else a dataset for each picture, [L, D], [h, w, D] or [D], called by the picture's name.

    [h, w, D] becomes [h·w, D], and [D] becomes [1, D]. Names for a .npy or .mat may lie beside it,
    one a line, in a file called like it with .txt after it. Items are found by name where there are
    names; otherwise they must be as many as `names` and in that order. Only a .mat of version 5
    is held in memory as a whole. DataError for a file that cannot be read, an item that is missing
    or there twice, other shapes; UsageError when scipy or h5py is not there.
    """
    shelves = {".npy": _npy, ".mat": _mat, ".h5": _hdf, ".hdf5": _hdf}
    if path.suffix not in shelves:
        raise DataError(f"{path} is no feature file; name one that ends in {', '.join(shelves)}.")
    try:
        with ExitStack() as stack:
            shelf = shelves[path.suffix](path, stack)
            rows = _rows(shelf, names, path)
            shape: tuple[int, ...] | None = None
            for start in range(0, len(rows), _BATCH):
                items = shelf.take(rows[start : start + _BATCH])
                shape = shape or items[0].shape
                for name, item in zip(names[start:], items, strict=False):
                    _check(name, item, shape, path)
                yield np.stack([item.reshape(-1, item.shape[-1]) for item in items])
    except BenchError:
        raise
    except Exception as error:  # the libraries raise nearly anything on damaged files
        raise DataError(
            f"{path} cannot be read ({type(error).__name__}: {error}); mend or replace it."
        ) from error


def listed(path: Path) -> Path:
    """Where the names of a file's items may be listed."""
    return path.with_name(f"{path.name}.txt")


def _npy(path: Path, _: ExitStack) -> _Shelf:
    def held() -> Array:
        # Mapped anew for each batch, so that pages once read do not stay resident.
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
        return array

    return _Shelf(len(held()), _list(path), lambda rows: list(held()[rows]))


def _mat(path: Path, stack: ExitStack) -> _Shelf:
    try:
        table = need("scipy.io", "features").loadmat(path)
        held = table["feats"].T if "feats" in table else None
    except NotImplementedError:  # version 7.3 is HDF5, in which the order of axes is reversed
        table = _opened(path, stack)
        held = table.get("feats")
    if held is None or held.ndim != 2:
        found = ", ".join(key for key in table if not key.startswith("_")) or "nothing"
        raise DataError(f"{path} has no matrix 'feats' [D, N], but {found}; name another file.")
    return _Shelf(len(held), _list(path), lambda rows: [np.asarray(held[i]) for i in rows])


def _hdf(path: Path, stack: ExitStack) -> _Shelf:
    file = _opened(path, stack)
    if "features" not in file:
        keys = list(file)
        return _Shelf(len(keys), keys, lambda rows: [np.asarray(file[keys[i]]) for i in rows])
    held = file["features"]
    names = list(file["names"].asstr()[:]) if "names" in file else None
    return _Shelf(len(held), names, lambda rows: [held[i] for i in rows])


def _opened(path: Path, stack: ExitStack) -> Any:
    return stack.enter_context(need("h5py", "features").File(path, "r"))


def _list(path: Path) -> list[str] | None:
    notes = listed(path)
    return notes.read_text(encoding="utf-8").splitlines() if notes.is_file() else None


def _rows(shelf: _Shelf, names: Sequence[str], path: Path) -> list[int]:
    """Where each named item stands; DataError when that cannot be told."""
    own = names if shelf.names is None else shelf.names
    if len(own) != shelf.size:
        raise DataError(
            f"{path} has {shelf.size} items for {len(own)} names; take the file of these pictures, "
            f"or list the names of its items in {listed(path).name}."
        )
    for name, times in Counter(own).items():
        if times > 1:
            raise DataError(f"{path} has picture '{name}' {times} times; remove all but one.")
    place = {name: row for row, name in enumerate(own)}
    missing = [name for name in names if name not in place]
    if missing:
        raise DataError(
            f"{path} lacks {len(missing)} of {len(names)} pictures, first '{missing[0]}' (it has "
            f"such as {own[:2]}); rename or add them."
        )
    return [place[name] for name in names]


def _check(name: str, item: Array, shape: tuple[int, ...], path: Path) -> None:
    if item.dtype.kind not in "fiu":
        raise DataError(f"{path}, picture '{name}': features are {item.dtype}, not numbers.")
    if item.shape != shape or not 1 <= item.ndim <= 3 or 0 in item.shape:
        raise DataError(
            f"{path}, picture '{name}': features have shape {list(item.shape)}; expected [L, D], "
            "[h, w, D] or [D], the same for all pictures."
        )
