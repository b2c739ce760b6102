"""Source files by digest: from a folder that holds them, or downloaded once into the cache."""

import gzip
import hashlib
import os
import sys
import zlib
from pathlib import Path

import pooch
from filelock import FileLock

from bench.data.card import Card, File
from bench.error import DataError, StorageError

VARIABLE = "BENCH_DATA"


def cache() -> Path:
    """This user's cache folder; downloads and prepared corpora lie in it."""
    return Path(pooch.os_cache("labelworth"))


def fetch(card: Card, data_root: Path | None = None) -> dict[str, Path]:
    """The card's files, digests checked: the card's path of each, and where it lies.

    With a data root (the argument, else BENCH_DATA) the files are taken from there, and nothing is
    downloaded; without one, files that the cache lacks are. DataError: a file is missing and cannot
    be had, or its digest is not the card's. StorageError: the cache cannot be written.
    """
    root = _root(data_root)
    return {file.path: _given(file, root) if root else _cached(file, card) for file in card.files}


def verify(card: Card, data_root: Path | None = None) -> list[tuple[str, str]]:
    """Each file of the card and 'ok', 'missing' or 'wrong checksum: found …'; fetches nothing."""
    root = _root(data_root) or _downloads()
    found = [(file.path, _status(file, root / file.path)) for file in card.all_files]
    worst = dict(sorted(found, key=lambda each: each[1] != "ok"))  # of a zip with several members
    return [(path, worst[path]) for path in dict.fromkeys(path for path, _ in found)]


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _content(path: Path) -> str:
    """The SHA-256 of what a .gz holds; another text where it is damaged."""
    try:
        with gzip.open(path) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        return f"no whole .gz ({error})"


def _digests(file: File, path: Path) -> tuple[str | None, str | None]:
    """The digest that a file should have, None where that is not known, and the one it has."""
    if file.content:
        return file.content, _content(path)
    expected = file.sha256 or _recorded(path)
    return expected, digest(path) if expected else None


def _root(data_root: Path | None) -> Path | None:
    named = os.environ.get(VARIABLE)
    return data_root or (Path(named) if named else None)


def _downloads() -> Path:
    return cache() / "downloads"


def _status(file: File, path: Path) -> str:
    if _unpacked(file, path):
        return "ok"
    if not path.is_file():
        return "missing"
    expected, found = _digests(file, path)
    return "ok" if found == expected else f"wrong checksum: found {found}"


def _given(file: File, root: Path) -> Path:
    path = root / file.path
    if folder := _unpacked(file, path):
        return folder
    if not path.is_file():
        raise DataError(
            f"{path} is missing; {root} was named with --data-root or {VARIABLE} as the folder "
            f"that holds {file.path}. Put the file there ({file.url}), or name another folder, or "
            "name none, so that it is downloaded."
        )
    _check(file, path)
    return path


def _check(file: File, path: Path) -> None:
    """DataError when the digest is known and not that of the file."""
    expected, found = _digests(file, path)
    if found != expected:
        unpacked = " of its content, unpacked" if file.content else ""
        raise DataError(
            f"{path} has the wrong checksum{unpacked}: expected {expected}, found {found}; "
            f"replace it with {file.url or 'the one that the card describes'}."
        )


def fingerprint(file: File, path: Path) -> str:
    """What tells a source that lies at `path` from a changed one without a pinned digest.

    A file's digest, also of a member that lies unpacked; of a folder of images names and sizes.
    """
    path = path / file.member if path.is_dir() else path
    if path.is_file():
        return digest(path)
    inside = sorted(each for each in path.rglob("*") if each.is_file())
    return " ".join(f"{each.relative_to(path)} {each.stat().st_size}" for each in inside)


def _unpacked(file: File, path: Path) -> Path | None:
    """The folder with what a zip without a stated digest holds, where one lies in its place."""
    if file.sha256 or path.suffix != ".zip":
        return None
    if file.member:
        return path.parent if (path.parent / file.member).is_file() else None
    return path.with_suffix("") if path.with_suffix("").is_dir() else None


def _recorded(path: Path) -> str | None:
    """The digest that a downloaded file had at first."""
    record = path.with_name(f"{path.name}.sha256")
    return record.read_text().split()[0] if record.is_file() else None


def _record(path: Path) -> None:
    """Keep digest and size of a first download beside it."""
    record = path.with_name(f"{path.name}.sha256")
    if not record.is_file():
        record.write_text(f"{digest(path)} {path.stat().st_size}\n")


def _cached(file: File, card: Card) -> Path:
    """The file in the cache, downloaded first when it is not there or damaged."""
    import requests

    path = _downloads() / file.path
    if not file.url:
        raise DataError(
            f"{file.path} is not to be had from one address (see the card of {card.name}); name a "
            f"folder that holds it with --data-root or in {VARIABLE}."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f"{path.name}.lock")):  # of several processes one downloads
            if file.content:
                _packed(file, path)
            else:
                _retrieve(file, path, file.sha256 or _recorded(path))
            if not file.pinned:
                _record(path)
    except requests.RequestException as error:
        if error.response is not None:
            error.response.close()  # pooch leaves it open
        raise DataError(
            f"{file.path} is missing and {file.url} cannot be fetched ({_reason(error)}). Three "
            f"ways to provide it: run `bench data fetch {card.name}` with a network; name a folder "
            f"that holds it with --data-root; or name that folder in {VARIABLE}."
        ) from error
    except ValueError as error:  # pooch's sentence gives the digests expected and found
        raise DataError(f"{file.path} from {file.url}: {error}") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}.") from error
    return path


def _packed(file: File, path: Path) -> None:
    """Download a file whose content alone is pinned, unless it is there; a wrong one is not kept.

    DataError when what the address gives holds something else.
    """
    if path.is_file() and _content(path) == file.content:
        return
    path.unlink(missing_ok=True)
    _retrieve(file, path, None)
    if (found := _content(path)) != file.content:
        path.unlink()
        raise DataError(
            f"{file.path} from {file.url}: the digest of its content, unpacked, is {found}, not "
            f"{file.content}; it was not kept."
        )


def _retrieve(file: File, path: Path, expected: str | None) -> None:
    """Download a file unless it is there; ValueError when its digest is not as expected."""
    pooch.get_logger().setLevel("WARNING")  # the progress bar says it already
    pooch.retrieve(
        file.url,
        known_hash=f"sha256:{expected}" if expected else None,
        fname=path.name,
        path=path.parent,
        downloader=pooch.HTTPDownloader(progressbar=sys.stderr.isatty()),
    )


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".split("\n")[0]
