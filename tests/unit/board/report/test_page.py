import json
import random
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bench.board.leaderboard import Board
from bench.board.report import provenance
from bench.board.report.page import page
from bench.rows.schema import Row

Make = Callable[..., list[Row]]
EVIL = "</script><script>alert(1)</script><!-- {{style}} \u2028"


class Seen(HTMLParser):
    """The tags of a page, its attributes, and what its scripts say."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, list[str]] = {}
        self.scripts: list[str] = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")
        if tag == "script":
            self.scripts.append("")
        self.inside = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.scripts[-1] += data


def read(text: str) -> dict[str, Any]:
    """The data that a page has."""
    found = json.loads(Seen(text).scripts[0])
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def evil(make_run: Make) -> str:
    """The page of results in which every text is an attack."""
    from bench.board import leaderboard
    from bench.rows import schema

    names = {"task": EVIL, "protocol": EVIL, "learner": EVIL, "device": EVIL}
    texts = {"code_digest": EVIL, "bench_version": EVIL, "executor": EVIL, "isolation": EVIL}
    rows = make_run(EVIL, 0, [0.5, 0.6], **names, **texts, labels={EVIL: 1})
    failed = replace(make_run("lc", 0, [0.5], **names)[0], status="failed", error=EVIL)
    boards = leaderboard.build(schema.to_table([*rows, failed]))
    return page(boards, Path("results"))


def test_no_text_becomes_markup(evil: str, boards: list[Board]) -> None:
    plain = Seen(page(boards, Path()))
    seen = Seen(evil)
    assert seen.tags == plain.tags
    assert len(seen.scripts) == 3
    data = read(evil)
    assert data["boards"][0]["strategies"][0]["name"] == EVIL
    assert "{{style}}" in seen.scripts[0]


def test_only_the_two_scripts_of_the_page_are_run(evil: str) -> None:
    seen = Seen(evil)
    (policy,) = (text for text in seen.attributes["content"] if text.startswith("default-src"))
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in seen.scripts[1:]]
    assert rules["script-src"] == " ".join(f"'sha256-{each}'" for each in hashes)
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert set(rules) == {
        *("default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"),
    }


def test_nothing_is_fetched(evil: str) -> None:
    seen = Seen(evil)
    assert "src" not in seen.attributes
    assert seen.attributes["href"] == ["data:,", "#board"]
    style = re.search(r"<style>(.*?)</style>", evil, re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_the_same_bytes_from_the_same_rows(make_run: Make) -> None:
    from bench.board import leaderboard
    from bench.rows import schema

    rows = [
        row
        for name in ("random", "lc", "margin")
        for seed in range(2)
        for row in make_run(name, seed, [0.5, 0.6 + 0.01 * seed])
    ]
    expected = page(leaderboard.build(schema.to_table(rows)), Path())
    random.Random(0).shuffle(rows)
    assert page(leaderboard.build(schema.to_table(rows)), Path()) == expected


def test_the_page_is_small(boards: list[Board]) -> None:
    text = page(boards, Path())
    assert len(text.encode()) - len(Seen(text).scripts[0].encode()) < 1_000_000
    assert text.count("window.vegaEmbed") == 1


def test_no_boards() -> None:
    assert read(page([], Path()))["boards"] == []


def test_every_cell_has_its_provenance(boards: list[Board]) -> None:
    data = read(page(boards, Path("results/pages")))
    assert data["environments"] == ['{"a":1}', "{}"]
    table = data["boards"][0]["tables"][-1]
    columns = {each["name"]: each for each in table["columns"]}
    assert len(table["of"]) == len(boards[0].cells) == 22
    assert columns["rows"]["folders"]["table"] == ["../atis%20100%25/"]
    assert "lc-seed3.parquet" in columns["rows"]["texts"]
    assert set(columns["created"]["texts"]) == {"2026-01-01 00:00:00"}
    assert set(columns["environment"]["texts"]) == {2}
    names = [columns["strategy"]["table"][code] for code in columns["strategy"]["codes"]]
    entries = [each.strategy for each in boards[0].entries]
    for name, of in zip(names, table["of"], strict=True):
        assert of == ([entries.index(name)] if name in entries else [])
    assert columns["status"]["table"] == ["failed", "ok"]


def test_links_are_relative_to_the_page(boards: list[Board]) -> None:
    def link(file: str, base: str) -> str:
        cell = replace(boards[1].cells[0], origin=boards[1].cells[0].origin._replace(file=file))
        plain = provenance.cells(replace(boards[1], cells=(cell,)), Path(base), ["{}", '{"a":1}'])
        (column,) = (each for each in plain["columns"] if each["name"] == "rows")
        return str(column["folders"]["table"][0])

    assert link("results/a/b.parquet", "results") == "a/"
    assert link("results/b.parquet", "results") == "./"
    assert link("b.parquet", "out") == "../"
    assert link("javascript:alert(1)/b.parquet", ".") == "javascript%3Aalert%281%29/"
    assert link(str(Path("a/b.parquet").absolute()), ".") == "a/"


def test_rows_of_no_file_have_no_link(boards: list[Board]) -> None:
    cell = replace(boards[1].cells[0], origin=boards[1].cells[0].origin._replace(file=""))
    plain = provenance.cells(replace(boards[1], cells=(cell,)), Path(), ["{}", '{"a":1}'])
    assert "rows" not in [each["name"] for each in plain["columns"]]
