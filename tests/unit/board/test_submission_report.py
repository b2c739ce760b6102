import re
from collections.abc import Callable
from typing import Any

import pytest

from bench.board import compare, leaderboard, submission_report
from bench.board.submission import Manifest
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]


@pytest.fixture
def manifest() -> Manifest:
    return Manifest(
        **dict.fromkeys(("schema_version", "rules_version", "bench_version", "code_digest"), "1"),
        strategy="my_own",
        params={"by": "a|b"},
        file="my_own.py",
        sha256="ab" * 32,
        task="atis",
        protocol="alise",
        learner="tagger",
        learner_params={},
        seeds=[0, 1, 2, 3, 4],
        rows={},
    )


def board(make_run: Make, gain: float, seeds: int = 5) -> tuple[Any, Any]:
    """A board of random and another, and what is said of the two."""
    rows = [
        row
        for seed in range(seeds)
        for name, more in (("random", 0.0), ("my_own", gain + seed / 1000))
        for row in make_run(name, seed, [0.5, 0.6 + more])
    ]
    table = schema.to_table(rows)
    ((line,),) = (each.lines for each in compare.strategies(table, "random", "my_own"))
    return leaderboard.build(table), line


@pytest.mark.parametrize("text", ["x", "`", "```", "```\n# mine\n````", "'''`````'''\n"])
def test_a_source_cannot_end_its_fence(text: str) -> None:
    first, *inside, last = submission_report.fence(text).splitlines()
    assert "\n".join(inside) == text.rstrip("\n")
    assert re.fullmatch("`{3,}python", first)
    assert last == first.removesuffix("python")
    assert not any(line.strip().startswith(last) for line in inside)


def test_the_page_says_who_what_and_shows_the_file(manifest: Manifest, make_run: Make) -> None:
    boards, line = board(make_run, 0.1)
    told = submission_report.verdict("my_own", boards, line)
    text = '"""Mine (you 2026)."""\nneeds = ()\n# ``` | <script>\n'
    page = submission_report.page(manifest, ("latent",), text, ["is <b>blind</b>"], told, boards)
    assert page.startswith("# my_own[by=a\\|b]\n\n**my_own on atis, alise: rank 1 of 2; area ")
    assert f"| SHA-256 | {'ab' * 32} |" in page
    assert f"| size | {len(text)} bytes, 3 lines |" in page
    assert "| asks for | latent |" in page
    assert '| parameters | {"by": "a\\|b"} |' in page
    assert "| seeds | 0, 1, 2, 3, 4 |" in page
    assert "- is \\<b>blind\\</b>\n" in page
    assert "# Leaderboard" not in page
    assert "**What it picks**" in page
    assert page.endswith(f"````python\n{text}````\n")


@pytest.mark.parametrize(
    ("gain", "seeds", "told"),
    [
        (0.1, 5, r"rank 1 of 2; area 0\.601 .*, \+0\.051 .* against random: better\."),
        (-0.1, 5, r"rank 2 of 2; .* against random: worse\."),
        (-0.002, 5, r"rank 1–2 of 2; .* against random: no difference shown\."),
        (0.1, 2, r"without a rank; .* against random: "),
    ],
)
def test_the_verdict_is_that_of_the_board(
    make_run: Make, gain: float, seeds: int, told: str
) -> None:
    found = submission_report.verdict("my_own", *board(make_run, gain, seeds))
    assert re.search(f"^my_own on atis, alise: {told}", found), found
