import json
import random
from collections.abc import Callable
from dataclasses import asdict, fields, is_dataclass, replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from bench.board import leaderboard, number, render, sheet
from bench.board.entry import Reach
from bench.board.leaderboard import Board
from bench.board.overall import Overall, overall
from bench.board.rank import Pair
from bench.board.sheet import Sheet
from bench.board.stats import Difference, Estimate
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]


def build(rows: list[Row]) -> list[Board]:
    return leaderboard.build(schema.to_table(rows))


@pytest.fixture
def rows(make_run: Make) -> list[Row]:
    """Two tasks, ranks and few seeds, own scores, a variant, a failed run, a shorter strategy."""
    cells = [
        make_run(name, seed, [0.5 + 0.01 * easy + gain * step for step in range(9)])
        for name, gain in (("random", 0.04), ("lc", 0.05), ("nse", 0.0501))
        for seed, easy in enumerate(range(4, -1, -1) if name == "nse" else range(5))
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
    return [
        replace(
            row,
            labels={"from|city": 1 + row.round, "*": 2 + row.round},
            selected=(row.round + 100 * (row.strategy == "random"),),
        )
        for cell in cells
        for row in cell
    ]


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
    assert "| ● lc | 5 | 0.520 ± 0.016 |" in page
    assert "\n| random | 5 | 0.520 ± 0.016 |" in page
    assert "| alise | 1† | 0.500 |" in page
    assert "| nse[normalize=true] (to 900) | 1† |" in page
    assert "| alise, own |  | 0.900 |" in page
    assert "| full | 1 |  |  |" in page
    assert "| rank | area, 95 % | vs random | better | detectable | vs best |" in page
    assert "| strategy | 95 % of full | 98 % of full | 99 % of full |" in page
    assert lines(page, "Score at each budget (items)")["alise, own"][-1] == "0.900"  # its area
    assert "mean ± standard deviation over seeds." in page
    assert "not reached" in page
    assert "nan" not in page
    assert "None" not in page


def lines(page: str, title: str) -> dict[str, list[str]]:
    """A table of a page of markdown: cells by the first of their line."""
    table = page.partition(f"**{title}**\n\n")[2].partition("\n\n")[0].replace("\\|", "¦")
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    return {each[0]: each[1:] for each in cells}


def test_ranks_and_differences_stand_in_one_table(rows: list[Row]) -> None:
    found = lines(render.markdown(build(rows)), "Ranks and differences of areas")
    assert list(found)[2:] == [
        *("● nse", "● lc", "random", "alise"),
        "nse[normalize=true] (to 900)",
    ]
    # By hand: areas 0.7 + seed / 100 and 0.66 + seed / 100; half an interval over 0, 0.01 … 0.04
    # is t(0.975, 4) = 2.776445 times 0.0158114 / 5 ** 0.5 = 0.019632.
    lc = ["1–2", "0.720 [0.700, 0.740]", "+0.040 [+0.040, +0.040]", "100 %", "0.000"]
    assert found["● lc"][:5] == lc
    assert found["● nse"][0] == "1–3"  # nor is it told from random
    assert found["random"][:4] == ["2–3", "0.680 [0.660, 0.700]", "—", "—"]
    assert found["alise"][:4] == ["—", "0.500", "-0.160", "0 %"]
    assert [each[-1] for each in found.values()][2] == "—"


def test_the_words_table_and_the_costs(rows: list[Row]) -> None:
    page = render.markdown(build(rows))
    words = lines(page, "Score at equal words")
    assert words["strategy"][0] == "5,000"
    assert words["lc"][0] == f"{0.5 + 0.05 * 2 / 3 + 0.02:.3f} ± 0.016"
    assert words["nse[normalize=true]"][-2] == "—"
    full = lines(page, "Words to a share of the full-data score")
    assert full["alise"] == ["not reached"] * 3
    # Half of 0.95, 0.98 and 0.99 of 0.85 are above 0.5 + seed / 100: 3,000 words a step of 0.05.
    means = [3000 * (1 + (share * 0.85 - 0.52) / 0.05) for share in (0.95, 0.98, 0.99)]
    assert [each.partition(" ±")[0] for each in full["lc"]] == [f"{mean:,.0f}" for mean in means]
    costs = lines(page, "Cost")
    assert costs["◆ nse"] == ["2.0", "4.0", "1.0×", "1.0×", "90", "1.0×"]
    assert costs["lc"] == costs["◆ nse"]
    assert costs["nse[normalize=true]"] == ["—"] * 5 + ["1.0×"]


def test_the_front_that_is_marked_is_that_of_passes(rows: list[Row]) -> None:
    board = build(rows)[0]
    marks = ((True, False), (False, True))
    entries = tuple(
        replace(each, cost=replace(each.cost, front_seconds=seconds, front_passes=passes))
        for each, (seconds, passes) in zip(board.entries, marks, strict=False)
    )
    found = lines(render.markdown([replace(board, entries=entries)]), "Cost")
    assert list(found)[2:] == ["nse", "◆ lc"]


def test_what_is_picked(rows: list[Row]) -> None:
    found = lines(render.markdown(build(rows)), "What it picks")
    assert found["strategy"] == ["words/item", "duplicates", "same as", "\\*", "from¦city"]
    assert found["lc"] == ["10.0", "8.9 %", "alise, nse, nse[normalize=true]", "50.0 %", "50.0 %"]
    assert found["nse[normalize=true]"][2] == "alise, lc, nse"
    assert found["random"][2] == ""


def test_near_names_the_others_of_a_pair(rows: list[Row]) -> None:
    def pair(one: str, two: str, near: bool) -> Pair:
        return Pair(one, two, None, 0, 0, None, None, near)

    pairs = (pair("lc", "nse", True), pair("a", "lc", True), pair("lc", "b", False))
    board = replace(build(rows)[0], pairs=(*pairs, pair("a", "b", True)))
    assert sheet.near(board, "lc") == ["a", "nse"]
    assert sheet.near(board, "nse") == ["lc"]
    assert sheet.near(board, "c") == []


def test_standings_over_all_boards_come_first(rows: list[Row]) -> None:
    boards = build(rows)
    page = render.markdown(boards)
    title = "Over all boards with five seeds or more: cpu, rules 1.2"
    found = lines(page, title)
    assert page.index(title) < page.index("## atis")
    assert list(found)[2:] == ["nse", "lc"]
    ((_, lc),) = (each.standings for each in overall(boards))
    assert found["lc"] == [
        "1",
        f"{100 * lc.gain:+.1f} %",
        f"[{100 * lc.low:+.1f}, {100 * lc.high:+.1f}]",
        *("1", "0", "0"),
    ]
    counted = sheet.overall(Overall("cpu", "1.2", (replace(lc, better=3, open=2, worse=1),)))
    assert counted.header[-3:] == ("better", "open", "worse")
    assert counted.lines[0][-3:] == ("3", "2", "1")
    preliminary = [row for row in rows if row.seed < 4]
    assert "Over all boards" not in render.markdown(build(preliminary))


def test_p_values_are_shown_where_there_are_any(make_run: Make) -> None:
    cells = [
        make_run(name, seed, [score + seed / 100] * 3)
        for name, score in (("random", 0.5), ("lc", 0.6))
        for seed in range(8)
    ]
    page = render.markdown(build([row for cell in cells for row in cell]))
    found = lines(page, "Ranks and differences of areas")
    assert found["strategy"][3] == "p"
    assert found["● lc"][3] == "0.008"  # two in 2 ** 8
    assert found["random"][3] == "—"


def test_markdown_tables_are_rectangular(rows: list[Row]) -> None:
    blocks = render.markdown(build(rows)).split("\n\n")
    tables = [block.splitlines() for block in blocks if block.startswith("|")]
    assert len(tables) == 1 + 6 + 5  # over all; of atis; of flights, which has no full
    for table in tables:
        assert len(table) > 2
        assert len({line.replace("\\|", "").count("|") for line in table}) == 1


def test_no_boards_and_no_entries(make_run: Make) -> None:
    assert render.markdown([]).startswith("# Leaderboard")
    assert json.loads(render.json([])) == {"overall": [], "boards": []}
    page = render.markdown(build(make_run("full", 0, [0.9])))
    assert "No strategy has a finished run." in page


def plain(value: Any) -> Any:
    """A value as JSON has it: fields by name, tuples as lists, what has no name as it is."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "_asdict"):
        return {name: plain(each) for name, each in value._asdict().items()}
    return [plain(each) for each in value] if isinstance(value, tuple | list) else value


def test_json_is_the_dataclasses(rows: list[Row]) -> None:
    boards = build(rows)
    found = json.loads(render.json(boards))
    assert list(found) == ["overall", "boards"]
    assert found["overall"] == plain(overall(boards))
    for each, board in zip(found["boards"], boards, strict=True):
        expected = plain(board)
        expected |= expected.pop("place")
        for cell in expected["cells"]:
            cell |= cell.pop("origin")
        assert each == expected


def test_json_has_the_same_numbers(rows: list[Row]) -> None:
    boards = build(rows)
    found = json.loads(render.json(boards))["boards"]
    assert [board["task"] for board in found] == ["atis", "flights"]
    assert found[0]["entries"][0]["scores"][0]["mean"] == boards[0].entries[0].scores[0].mean
    assert found[0]["entries"][0]["cost"]["speedup_lc"] == 1.0
    assert found[0]["entries"][0]["rank"] == [1, 3]
    assert found[0]["pairs"][0]["one"] == "nse"
    assert found[0]["cells"][0]["file"] == ""
    gap = boards[0].entries[0].against_random_by_words
    assert gap is not None
    assert found[0]["entries"][0]["against_random_by_words"] == asdict(gap)
    assert found[1]["full"] is None
    assert found[1]["synthetic"] is True


def shown(boards: list[Board]) -> str:
    stream = StringIO()
    Console(file=stream, width=100).print(render.table(boards))
    return stream.getvalue()


def test_the_terminal_table_is_plain_and_fits(rows: list[Row]) -> None:
    text = shown(build(rows))
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100
    assert "nse[normalize=true] (to 900)" in text
    assert "[+0." in text
    assert "1–2" in text
    assert "from|city" not in text  # what is picked by label is for wider pages
    assert "Over all boards with five seeds" in text
    assert "synthetic" in text
    assert "mean over seeds (± standard deviation: beside areas and words" in text.replace(
        "\n", " "
    )


def test_long_names_and_large_numbers_fit_a_terminal(rows: list[Row]) -> None:
    params = '{"measure":"mutual_information","passes":100,"temperature":0.125}'
    more = [
        replace(row, strategy=name, params=params, seed=row.seed, words=10**7 * row.words)
        for row in rows
        for name in ("bald", "a_strategy_with_a_name_of_its_own")
        if row.strategy in ("lc", "random") and row.task == "atis"
    ]
    text = shown(build([*rows, *more]))
    assert max(map(len, text.splitlines())) <= 100
    assert text.count("● bald[measure=mutual") >= 2
    assert all(title in text for title in ("Ranks and differences", "Cost", "What it picks"))


def test_a_terminal_wraps_and_leaves_nothing_out() -> None:
    names = [f"strategy{number}" for number in range(20)]
    wide = Sheet("Title", ("strategy", "same as"), (("x" * 60, ", ".join(names)),))
    stream = StringIO()
    Console(file=stream, width=100).print(render.draw(wide))
    text = stream.getvalue()
    assert "x" * 60 in text
    assert all(name in text for name in names)


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
    some, one = Estimate(0.9126, 0.0041, 0.9079, 0.9172, 3), Estimate(0.9126, None, None, None, 1)
    assert number.score(some) == "0.913 ± 0.004"
    assert number.score(one) == "0.913"
    assert number.score(some, deviation=False) == "0.913"
    assert number.interval(some) == "0.913 [0.908, 0.917]"
    assert number.interval(one) == "0.913"
    gap = Difference(0.012, 0.01, -0.003, 0.027, 8, 0.8125, 0.0312, 0.0156)
    assert number.difference(gap) == "+0.012 [-0.003, +0.027]"
    assert number.improvement(gap) == "81 %"
    assert number.detectable(gap) == "0.031"
    assert number.probability(gap) == "0.016"
    assert number.probability(replace(gap, p=0.001)) == "0.001"
    assert number.probability(replace(gap, p=0.0009)) == "<0.001"
    single = Difference(-0.012, None, None, None, 1, 0.0, None, None)
    assert number.difference(single) == "-0.012"
    assert number.improvement(single) == "0 %"
    assert number.detectable(single) == number.probability(single) == "—"
    assert number.reach(Reach(0.98, Estimate(12345.4, 678.2, 1, 2, 3), 3, 3)) == "12,345 ± 678"
    assert number.reach(Reach(0.98, Estimate(12345.4, None, None, None, 1), 1, 1)) == "12,345"
    assert number.reach(Reach(0.98, None, 0, 3)) == "not reached"
    assert number.reach(Reach(0.98, None, 2, 3)) == "reached by 2 of 3"
    assert number.rank((1, 3)) == "1–3"
    assert number.rank((2, 2)) == "2"
    assert number.share(0.0417) == "4.2 %"
    assert number.share(0.95, 0) == "95 %"
    unknown = (
        *(number.score, number.interval, number.difference, number.reach, number.rank),
        *(number.improvement, number.detectable, number.probability),
    )
    assert {write(None) for write in unknown} == {"—"}


def test_where_inputs_have_no_words_there_is_no_table_of_them(make_run: Make) -> None:
    scores = [0.5, 0.6, 0.7]
    cells = [make_run(name, 0, scores, task="mnist", words=0) for name in ("random", "lc")]
    page = render.markdown(build([row for cell in cells for row in cell]))
    assert "Score at each budget (items)" in page
    assert "equal words**" not in page
    assert "full-data score**" not in page
    assert lines(page, "What it picks")["lc"][0] == number.NONE
    worded = render.markdown(build(make_run("random", 0, scores)))
    assert "**Score at equal words**" in worded
