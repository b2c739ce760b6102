"""Files that a request names where it is made, carried to where its cells run, by their content.

Strategy files and own data travel. Word vectors and `--data-root` are large: they lie at one path
on every node.
"""

import hashlib
import os
import tempfile
from dataclasses import replace
from pathlib import Path

from bench.data import fetch
from bench.data.own import Own
from bench.data.tagging.hub import PREFIX
from bench.loop.plan import Cell, Request
from bench.loop.strategy import folder
from bench.spec import Spec

Files = dict[str, bytes]
"""Contents by a relative path, which begins with the digest of the content."""


class Parcel:
    """A request as another machine can read it, and the files that go with it."""

    def __init__(self, request: Request) -> None:
        self.files: Files = {}
        self.request = replace(
            request,
            task=request.task if isinstance(request.task, str) else self._data(request.task),
            strategies=None,  # each cell names its own
            data_root=request.data_root and request.data_root.resolve(),
            embeddings=tuple(path.resolve() for path in request.embeddings),
            fleet=None,
            device=request.fleet.device if request.fleet else request.device,
        )

    def strategy(self, cell: Cell) -> str:
        """A cell's strategy under the name that it travels by."""
        spec = Spec.parse(cell.strategy)
        if not spec.name.endswith(".py"):
            return cell.strategy
        path = Path(spec.name).resolve()
        if path.parent == folder().resolve():
            return str(replace(spec, name=path.stem))
        return str(replace(spec, name=self._file(spec.name)))

    def _data(self, own: Own) -> Own:
        if own.data.startswith(PREFIX):
            path, colon, config = own.data.removeprefix(PREFIX).partition(":")
            there = str(Path(path).expanduser().resolve()) if path[:1] in (".", "~") else path
            return replace(own, data=f"{PREFIX}{there}{colon}{config}")
        return replace(own, data=self._file(own.data), test=own.test and self._file(own.test))

    def _file(self, name: str) -> str:
        content = Path(name).read_bytes()
        there = f"{hashlib.sha256(content).hexdigest()[:16]}/{Path(name).name}"
        self.files[there] = content
        return there


def unpack(files: Files) -> None:
    """Write the files into the cache, unless they are there, and go to where their paths begin."""
    home = fetch.cache() / "carried"
    home.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = home / name
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(content)
            Path(file.name).replace(path)  # whole, whoever else does the same
    os.chdir(home)
