"""Readers of caption corpora: from the published files to checked rows."""

import gzip
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.error import DataError

_KEY = re.compile(r"(.+)#(\d+)")


class Row(NamedTuple):
    """One image: its split, the name of its file, and its raw captions, each on one line."""

    split: str
    name: str
    captions: list[str]


def words(caption: str) -> list[str]:
    """The words of a caption: lower case, characters that are not alphanumeric dropped.

    As Karpathy and Fei-Fei (2015), section 4: a mark leaves no gap, so that "tri-colored" is
    `tricolored` and "don't" is `dont`. Letters and digits of every script are kept.
    """
    return "".join(c for c in caption.lower() if c.isalnum() or c.isspace()).split()


def flickr(captions: Path, splits: dict[str, Path]) -> list[Row]:
    """Flickr8k (Hodosh et al. 2013): its token file and a list of image names for each split.

    Rows follow the splits and their lists, captions their numbers; images in no split are left out.
    DataError names file and line of a malformed, duplicate or empty caption, of an image that is
    listed twice, and of one that is listed without captions.
    """
    known = _tokens(captions)
    rows: list[Row] = []
    seen: dict[str, str] = {}
    for split, path in splits.items():
        for number, line in _lines(path):
            name = line.strip()
            where = f"{path}, line {number}: "
            if name in seen:
                raise DataError(
                    f"{where}image '{name}' was listed before in split '{seen[name]}'; remove one."
                )
            if name not in known:
                raise DataError(
                    f"{where}image '{name}' has no captions in {captions}; remove the line or take "
                    "the token file that belongs to the list."
                )
            seen[name] = split
            rows.append(Row(split, name, [text for _, text in sorted(known[name].items())]))
    return rows


def coco(annotation: Path, split: str, member: str = "") -> list[Row]:
    """COCO captions (Chen et al. 2015): one annotation file of the 2014 or 2017 release.

    `annotation` is a .json, a .json.gz, a .zip with `member` inside, or the folder such a .zip was
    extracted to. Rows are sorted by image id, captions by annotation id; a row's name is the
    image's file name. DataError names the id of an image that is listed twice or without captions,
    of an annotation that is listed twice, without words, or of an unknown image.
    """
    path = annotation / member if annotation.is_dir() else annotation
    try:
        content = json.loads(_content(path, member).decode("utf-8"))
    except ValueError as error:  # of UTF-8 or of JSON
        raise DataError(_file(path, f"is not JSON in UTF-8 ({error})")) from None
    names = _names(content, path)
    notes = _notes(content, names, path)
    return [
        Row(split, name, [text for _, text in sorted(notes[image].items())])
        for image, name in sorted(names.items())
    ]


def _tokens(path: Path) -> dict[str, dict[int, str]]:
    """The captions of a token file by image name and number: `image.jpg#0<TAB>caption`."""
    found: dict[str, dict[int, str]] = {}
    for number, line in _lines(path):
        key, _, text = line.partition("\t")
        parts = _KEY.fullmatch(key)
        if parts is None:
            raise _fault(path, number, "expected image#number, a tab and a caption")
        notes = found.setdefault(parts[1], {})
        if int(parts[2]) in notes:
            raise _fault(path, number, f"caption '{key}' was given before")
        if not words(text):
            raise _fault(path, number, f"caption '{key}' has no words ({text!r})")
        notes[int(parts[2])] = " ".join(text.split())
    return found


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file, counted from 1; the last one may end in LF or not."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(_file(path, f"cannot be read ({error.strerror})")) from error
    for number, line in enumerate(content.removesuffix(b"\n").split(b"\n"), start=1):
        try:
            yield number, line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _fault(path, number, f"byte {error.start + 1} is not UTF-8") from None


def _content(path: Path, member: str) -> bytes:
    """The bytes of an annotation file, taken out of its .gz or .zip; nothing is extracted."""
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                return archive.read(member)
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except (KeyError, OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        reason = str(error.args[0]) if isinstance(error, KeyError) else str(error)
        raise DataError(_file(path, f"cannot be read ({reason})")) from error


def _names(content: Any, path: Path) -> dict[int, str]:
    """The file name of each image by its id."""
    names: dict[int, str] = {}
    for image in _entries(content, "images", path):
        id, name = _field(image, "id", int, path), _field(image, "file_name", str, path)
        if id in names:
            raise DataError(_file(path, f"has image {id} twice"))
        names[id] = name
    for name, times in Counter(names.values()).items():
        if times > 1:
            raise DataError(_file(path, f"has file name '{name}' for {times} images"))
    return names


def _notes(content: Any, names: dict[int, str], path: Path) -> dict[int, dict[int, str]]:
    """The captions of each image by annotation id."""
    found: dict[int, dict[int, str]] = {image: {} for image in names}
    seen: set[int] = set()
    for note in _entries(content, "annotations", path):
        id, image = _field(note, "id", int, path), _field(note, "image_id", int, path)
        text = _field(note, "caption", str, path)
        where = f"annotation {id} of image {image}"
        if image not in found:
            raise DataError(_file(path, f"has {where}, which is not among its images"))
        if id in seen:
            raise DataError(_file(path, f"has {where}, but annotation {id} was given before"))
        if not words(text):
            raise DataError(_file(path, f"has {where} without a word ({text!r})"))
        seen.add(id)
        found[image][id] = " ".join(text.split())
    for image, captions in found.items():
        if not captions:
            raise DataError(_file(path, f"has image {image} ({names[image]}) without captions"))
    return found


def _entries(content: Any, key: str, path: Path) -> list[Any]:
    entries = content.get(key) if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise DataError(_file(path, f"has no list '{key}', so it is no COCO caption file"))
    return entries


def _field(entry: Any, key: str, kind: type, path: Path) -> Any:
    value = entry.get(key) if isinstance(entry, dict) else None
    if type(value) is not kind:
        shown = json.dumps(entry)[:80]
        raise DataError(_file(path, f"has an entry without a legal '{key}': {shown}"))
    return value


def _file(path: Path, fault: str) -> str:
    return f"{path} {fault}; mend the file or fetch it again."


def _fault(path: Path, number: int, reason: str) -> DataError:
    return DataError(f"{path}, line {number}: {reason}; mend the line or fetch the file again.")
