import json
import random
from collections.abc import Callable
from dataclasses import asdict, replace
from io import StringIO

import pytest
from rich.console import Console

from bench.board import leaderboard, number, render
from bench.board.entry import Reach
from bench.board.leaderboard import Board
from bench.board.stats import Difference, Spread
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]


def build(rows: list[Row]) -> list[Board]:
    return leaderboard.build(schema.to_table(rows))


@pytest.fixture
def rows(make_run: Make) -> list[Row]:
    """Two tasks, own scores, a variant, a failed run, few seeds, a shorter strategy."""
    cells = [
        make_run(name, seed, [0.5 + 0.01 * seed + gain * step for step in range(9)])
        for name, gain in (("random", 0.04), ("lc", 0.05), ("nse", 0.049))
        for seed in (0, 1)
    ]
    own = {"own_score": 0.9, "own_metrics": {"f1": 0.9}}
    failed = make_run("margin", 3, [0.5])
    failed[0] = replace(failed[0], status="failed", error="bad | id\nTraceback …")
    cells += [
        make_run("alise", 0, [0.5] * 9, **own),
        make_run("nse", 0, [0.5] * 3, params='{"normalize":true}', executor="process"),
        make_run("full", 0, [0.85]),
        make_run("random", 0, [0.5, 0.6], task="flights", synthetic=True, unit="words"),
        failed,
    ]
    return [row for cell in cells for row in cell]


def test_markdown_depends_on_nothing_but_the_rows(rows: list[Row]) -> None:
    expected = render.markdown(build(rows))
    for seed in range(3):
        shuffled = list(rows)
        random.Random(seed).shuffle(shuffled)
        assert render.markdown(build(shuffled)) == expected
    later = [replace(row, created=row.created.replace(year=2030)) for row in rows]
    assert render.markdown(build(later)) == expected


def test_markdown_says_what_it_must(rows: list[Row]) -> None:
    page = render.markdown(build(rows))
    for line in (
        "## atis · alise · tagger · cpu",
        "## flights · alise · tagger · cpu · synthetic",
        "Rules 1.2, data abcdef12, config abcdef12, budget in items.",
        "1 failed: margin seed 3, bad \\| id.",
    ):
        assert f"\n{line}\n" in page
    assert "| ● lc | 2† | 0.505 ± 0.007 |" in page
    assert "| nse[normalize=true] (to 900) | 1† |" in page
    assert "| alise, own |  | 0.900 |" in page
    assert "| vs random | words to 98 % of full |" in page
    assert "mean ± standard deviation over seeds." in page
    assert "not reached" in page
    assert "nan" not in page
    assert "None" not in page


def test_markdown_tables_are_rectangular(rows: list[Row]) -> None:
    blocks = render.markdown(build(rows)).split("\n\n")
    tables = [block.splitlines() for block in blocks if block.startswith("|")]
    assert len(tables) == 6
    for table in tables:
        assert len({line.replace("\\|", "").count("|") for line in table}) == 1


def test_no_boards_and_no_entries(make_run: Make) -> None:
    assert render.markdown([]).startswith("# Leaderboard")
    assert json.loads(render.json([])) == []
    page = render.markdown(build(make_run("full", 0, [0.9])))
    assert "No strategy has a finished run." in page


def test_json_has_the_same_numbers(rows: list[Row]) -> None:
    boards = build(rows)
    plain = json.loads(render.json(boards))
    assert [board["task"] for board in plain] == ["atis", "flights"]
    assert plain[0]["entries"][0]["scores"][0]["mean"] == boards[0].entries[0].scores[0].mean
    assert plain[0]["entries"][0]["cost"]["speedup_lc"] == 1.0
    gap = boards[0].entries[0].against_random_by_words
    assert gap is not None
    assert plain[0]["entries"][0]["against_random_by_words"] == asdict(gap)
    assert plain[1]["full"] is None
    assert plain[1]["synthetic"] is True


def test_the_terminal_table_is_plain_and_fits(rows: list[Row]) -> None:
    stream = StringIO()
    Console(file=stream, width=100).print(render.table(build(rows)))
    text = stream.getvalue()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100
    assert "nse[normalize=true] (to 900)" in text
    assert "[+0." in text
    assert "synthetic" in text
    assert "mean over seeds (± standard deviation: beside areas and words" in text.replace(
        "\n", " "
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (0.0, "0"),
        (1234.5, "1,200"),
        (123.0, "120"),
        (99.6, "100"),
        (12.34, "12"),
        (9.96, "10"),
        (1.0, "1.0"),
        (0.0123, "0.012"),
        (0.00099, "0.00099"),
    ],
)
def test_two_significant_digits(value: float | None, text: str) -> None:
    assert number.significant(value) == text


def test_other_numbers() -> None:
    assert number.score(Spread(0.9126, 0.0041, 3)) == "0.913 ± 0.004"
    assert number.score(Spread(0.9126, None, 1)) == "0.913"
    assert number.score(Spread(0.9126, 0.0041, 3), deviation=False) == "0.913"
    assert number.difference(Difference(0.012, -0.003, 0.027, 3)) == "+0.012 [-0.003, +0.027]"
    assert number.difference(Difference(-0.012, None, None, 1)) == "-0.012"
    assert number.reach(Reach(Spread(12345.4, 678.2, 3), 3, 3)) == "12,345 ± 678"
    assert number.reach(Reach(None, 0, 3)) == "not reached"
    assert number.reach(Reach(None, 2, 3)) == "reached by 2 of 3"
    assert number.score(None) == number.difference(None) == number.reach(None) == "—"


def test_where_inputs_have_no_words_there_is_no_table_of_them(make_run: Make) -> None:
    scores = [0.5, 0.6, 0.7]
    cells = [make_run(name, 0, scores, task="mnist", words=0) for name in ("random", "lc")]
    page = render.markdown(build([row for cell in cells for row in cell]))
    assert "Score at each budget (items)" in page
    assert "equal words**" not in page
    (cost,) = (line for line in page.splitlines() if line.startswith("| lc | 2"))
    assert cost.split("|")[-3].strip() == number.NONE
    worded = render.markdown(build(make_run("random", 0, scores)))
    assert "**Score at equal words**" in worded
