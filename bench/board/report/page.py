"""The page: its data, its style and its scripts in one file, which asks for nothing else."""

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import vl_convert

from bench.board.leaderboard import Board
from bench.board.overall import overall
from bench.board.report import board as tables
from bench.board.report import chart, provenance, summary
from bench.board.report.name import Name, names, slug, title

_SCRIPTS = ("node.js", "table.js", "chart.js", "board.js")


def page(boards: Sequence[Board], base: Path) -> str:
    """The page of the boards; `base` is the folder it will be in, to which links are relative.

    The same bytes from the same boards. Whatever a result file says stays a text: data are JSON in
    which no tag can begin, and a browser runs only the two scripts whose digests the page names.
    """
    library, script = _library(), _inline("\n".join(map(_own, _SCRIPTS)))
    parts = {
        "scripts": f"{_digest(library)} {_digest(script)}",
        "style": _own("style.css"),
        "data": _json(_data(boards, base)),
        "library": library,
        "script": script,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _own("page.html"))


@cache
def _library() -> str:
    """Vega, Vega-Lite and vega-embed, in one script; bundling takes seconds."""
    return _inline(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def _data(boards: Sequence[Board], base: Path) -> dict[str, Any]:
    environments = sorted({each.origin.environment for board in boards for each in board.cells})
    named = names([board.place for board in boards])
    return {
        "overall": [summary.standings(each).plain() for each in overall(boards)],
        "index": summary.index(boards, [*map(title, named)]).plain(),
        "boards": [
            _board(board, name, base, environments)
            for board, name in zip(boards, named, strict=True)
        ],
        "environments": environments,
        "charts": chart.specs(),
    }


def _board(board: Board, name: Name, base: Path, environments: Sequence[str]) -> dict[str, Any]:
    missing = [tables.incomplete(board).plain()] if board.incomplete else []
    return {
        "slug": slug(name),
        "title": title(name),
        "marks": summary.marks(board),
        "facts": summary.facts(board),
        "strategies": chart.marks(board),
        "tables": [
            *(each.plain() for each in tables.tables(board)),
            *missing,
            provenance.cells(board, base, environments),
        ],
        "charts": chart.data(board),
    }


def _own(name: str) -> str:
    return (files("bench.board.report") / name).read_text(encoding="utf-8").strip()


def _json(data: Any) -> str:
    """JSON in which nothing is a tag to HTML."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _inline(script: str) -> str:
    """A script as it may stand in HTML, where the two could only be in strings."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--").strip()


def _digest(script: str) -> str:
    """What a content security policy calls a script."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
