"""Pictures in folders and zip archives: found by name, decoded, and made small."""

import base64
import hashlib
import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.data import array
from bench.data.extra import need
from bench.error import DataError, UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

_SUFFIXES = {".jpg", ".jpeg", ".png"}


def present(source: Path) -> set[str]:
    """The base names of all pictures (.jpg, .jpeg, .png) in a folder or a .zip, at any depth."""
    with Album([source]) as album:
        return set(album)


def thumbnails(sources: Sequence[Path], names: Sequence[str], size: int, target: Path) -> list[str]:
    """Write the named pictures as one .npy, uint8 [N, 3, size, size] in RGB, `size` in pixels.

    The shorter side is resized to `size` (Lanczos) and the middle of the longer one kept. Returns
    the SHA-256 of each picture's file, by which equal pictures are known. DataError, before
    anything is written, for a picture that is missing, and with nothing left behind for one that
    is broken; UsageError without Pillow; StorageError when `target` cannot be written.
    """
    digests: list[str] = []

    def blocks() -> Iterator[np.ndarray[Any, np.dtype[np.uint8]]]:
        for name in names:
            image, digest = album.read(name)
            digests.append(digest)
            yield _squared(image, size)

    with Album(sources) as album:
        album.expect(names)
        array.write(target, len(names), blocks(), "pictures")
    return digests


def data_uri(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> str:
    """Pixels [3, H, W] as a PNG inside a data URI; UsageError without Pillow."""
    image = need("PIL.Image", "caption").fromarray(pixels.transpose(1, 2, 0))
    image.save(buffer := io.BytesIO(), "png")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


class Album:
    """The pictures of some folders and zip archives, by base name; a context that closes them."""

    def __init__(self, sources: Sequence[Path]) -> None:
        self._sources = sources
        self._open = ExitStack()
        self._places: dict[str, tuple[zipfile.ZipFile | None, str]] = {}
        try:
            for source in sources:
                self._add(source)
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> "Album":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._open.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def expect(self, names: Sequence[str]) -> None:
        """DataError when a picture is missing, UsageError when none is named."""
        missing = [name for name in names if name not in self._places]
        if missing:
            raise DataError(
                f"{len(missing)} of {len(names)} pictures, first '{missing[0]}', are not in "
                f"{self._spoken()}; add them or name the folder or .zip that holds them."
            )
        if not names:
            raise UsageError("No picture is named, so there is nothing to read.")

    def read(self, name: str) -> "tuple[Image, str]":
        """A picture in RGB, upright, on white where it is transparent; its file's SHA-256.

        DataError when it is broken, UsageError without Pillow.
        """
        module = need("PIL.Image", "caption")
        archive, place = self._places[name]
        try:
            content = archive.read(place) if archive else Path(place).read_bytes()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # damaged notes of a camera are no damaged picture
                warnings.simplefilter("error", module.DecompressionBombWarning)
                image = _rgb(module.open(io.BytesIO(content), formats=("JPEG", "PNG")))
        except Exception as error:  # decoders of damaged bytes raise nearly anything
            where = f"{archive.filename}, {place}" if archive else place
            raise DataError(
                f"Picture '{name}' ({where}) is broken: {type(error).__name__}: {error}; "
                "replace the file."
            ) from error
        return image, hashlib.sha256(content).hexdigest()

    def _add(self, source: Path) -> None:
        try:
            if source.is_dir():
                for path in sorted(source.rglob("*")):
                    self._place(path.name, None, str(path))
            else:
                archive = self._open.enter_context(zipfile.ZipFile(source))
                for entry in archive.namelist():
                    self._place(PurePosixPath(entry).name, archive, entry)
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(
                f"Pictures cannot be read from {source} ({error}); name a folder or a .zip."
            ) from error

    def _place(self, name: str, archive: zipfile.ZipFile | None, place: str) -> None:
        # A name that begins with a dot is what some systems keep beside the picture.
        if Path(name).suffix.lower() not in _SUFFIXES or name.startswith("."):
            return
        if name in self._places:
            raise DataError(
                f"{self._spoken()}: picture '{name}' is there twice, as {self._places[name][1]} "
                f"and as {place}; remove one."
            )
        self._places[name] = (archive, place)

    def _spoken(self) -> str:
        return ", ".join(map(str, self._sources)) or "any folder or .zip"


def _rgb(image: "Image") -> "Image":
    from PIL import Image, ImageOps

    image.load()
    if image.mode.startswith("I;16"):  # Pillow would clip 16 bits to 8
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    return image.convert("RGB")


def _squared(image: "Image", size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    from PIL import Image, ImageOps

    square = ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)
    return np.asarray(square).transpose(2, 0, 1)[None]
