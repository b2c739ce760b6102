import json
from collections.abc import Callable
from dataclasses import asdict, replace
from io import StringIO

import pytest
from rich.console import Console

from bench.board import compare, compare_render
from bench.board.compare import Comparison
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]
GAPS = {"lc": -0.05, "margin": 0.0, "nse": 0.06, "mnlp": 0.001}


def cells(make: Make, name: str, gap: float = 0, **changes: object) -> list[Row]:
    """Five seeds of fifteen rounds; the gap grows with the rounds, and varies by seed."""
    return [
        row
        for seed in range(5)
        for row in make(
            name,
            seed,
            [0.5 + 0.02 * at + gap * at / 14 * (1 + seed / 10) for at in range(15)],
            **changes,
        )
    ]


@pytest.fixture
def found(make_run: Make) -> list[Comparison]:
    """A task of every verdict, one that is identical and one of other rules."""
    before = [row for name in GAPS for row in cells(make_run, name)]
    after = [row for name, gap in GAPS.items() for row in cells(make_run, name, gap)]
    for number, row in enumerate(after):  # without a difference that could be shown
        if row.strategy == "mnlp" and row.seed % 2:
            after[number] = replace(row, score=row.score - 0.004)  # type: ignore[operator]
    before += make_run("longest", 0, [0.5, 0.6])
    same = cells(make_run, "lc", task="flights", synthetic=True)
    ruled = [cells(make_run, "lc", task="snips", rules_version=rules) for rules in ("0.9", "1.0")]
    tables = ([*before, *same, *ruled[0]], [*after, *same, *ruled[1]])
    return compare.folders(*map(schema.to_table, tables))


def text(found: list[Comparison]) -> str:
    stream = StringIO()
    Console(file=stream, width=100).print(compare_render.table(found, "one", "two[width=3]"))
    return stream.getvalue()


def test_verdicts_are_one_line_a_task(found: list[Comparison]) -> None:
    assert [compare_render.verdicts(each) for each in found] == [
        "1 worse (lc), 1 better (nse), 1 no difference shown, 1 identical, "
        "1 not comparable (longest: only in A)",
        "identical (5 seeds)",
        "not comparable (rules 0.9 and 1.0)",
    ]


def test_verdict_of_an_only_strategy_has_the_difference(make_run: Make) -> None:
    def said(one: list[Row], two: list[Row]) -> str:
        (found,) = compare.folders(schema.to_table(one), schema.to_table(two))
        return compare_render.verdicts(found)

    low = [make_run("lc", seed, [0.5, 0.6]) for seed in range(2)]
    high = [make_run("lc", seed, [0.6, 0.7]) for seed in range(2)]
    assert said(low[0] + low[1], high[0] + high[1]) == (
        "better† (+0.100 [+0.100, +0.100], 2 seeds)"
    )
    assert said(low[0], high[0]) == "no difference shown† (+0.100, one seed)"
    assert said(low[0], low[0]) == "identical† (one seed)"


def test_reasons_that_strategies_share_are_said_once(make_run: Make) -> None:
    one, two = (make_run(name, 0, [0.5, 0.6]) for name in ("lc", "nse"))
    moved = [replace(row, device="cuda") for row in (*one, *two)]
    (found,) = compare.folders(schema.to_table([*one, *two]), schema.to_table(moved))
    assert compare_render.verdicts(found) == "2 not comparable (lc, nse: device cpu and cuda)"
    (found,) = compare.folders(schema.to_table(one), schema.to_table(two))
    assert compare_render.verdicts(found) == ("2 not comparable (lc: only in A; nse: only in B)")


def test_the_terminal_table_is_plain_and_fits(found: list[Comparison]) -> None:
    shown = text(found)
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= 100
    lines = [line.rstrip() for line in shown.splitlines()]
    assert lines[:2] == ["A  one", "B  two[width=3]"]
    assert "longest: only in A." in lines
    at = lines.index("Verdicts on B against A")
    assert lines[at + 1].startswith("atis · alise · tagger · cpu: 1 worse (lc), ")
    assert "flights · alise · tagger · cpu · synthetic: identical (5 seeds)" in lines[at:]
    assert "snips · alise · tagger · cpu: not comparable (rules 0.9 and 1.0)" in lines[at:]


def test_tasks_where_nothing_differs_have_a_verdict_alone(found: list[Comparison]) -> None:
    lines = {line.rstrip() for line in text(found).splitlines()}
    titles = ("flights · alise · tagger · cpu · synthetic", "snips · alise · tagger · cpu")
    assert "atis · alise · tagger · cpu" in lines
    assert not {*titles} & lines
    page = compare_render.markdown(found, "one", "two")
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## atis · alise · tagger · cpu",
        "## Verdicts on B against A",
    ]


def test_an_identical_strategy_that_left_a_seed_out_says_so(make_run: Make) -> None:
    one, two = (make_run("lc", seed, [0.5, 0.6]) for seed in (0, 1))
    shown = text(compare.folders(schema.to_table([*one, *two]), schema.to_table(one)))
    assert "\nlc: seed 1 only in A. " in shown


def test_curves_are_of_those_that_are_better_or_worse(found: list[Comparison]) -> None:
    lines = text(found).splitlines()
    curves = [line.partition(":")[0] for line in lines if "score at each budget" in line]
    assert curves == ["lc", "nse"]
    at = lines.index(next(line for line in lines if line.startswith("lc: score")))
    budgets = [line.split()[0] for line in lines[at + 4 : at + 16]]
    assert len(budgets) == 12
    assert (budgets[0], budgets[-1]) == ("300", "4,500")


def test_an_only_strategy_has_its_curve_whatever_the_verdict(make_run: Make) -> None:
    one, two = (make_run("lc", 0, scores) for scores in ([0.5, 0.6, 0.7], [0.5, 0.65, 0.7]))
    shown = text(compare.folders(schema.to_table(one), schema.to_table(two)))
    lines = [line.strip() for line in shown.splitlines() if "│" in line]
    drawn = [line[line.index("│") + 1 : -1] for line in lines]
    assert {len(line) for line in drawn} == {28}
    # On an axis from 0.5 to 0.7: 0.6 is half-way, 0.65 three quarters.
    marks = [{mark: line.index(mark) for mark in line if mark != " "} for line in drawn]
    assert marks == [{"■": 0}, {"A": 14, "B": 20}, {"■": 27}]
    assert "0.500                    0.700" in shown


def test_a_flat_curve_can_be_drawn(make_run: Make) -> None:
    one = make_run("lc", 0, [0.5, 0.5])
    two = [replace(row, selected=(9,)) if row.selected else row for row in one]
    shown = text(compare.folders(schema.to_table(one), schema.to_table(two)))
    assert shown.count("│■" + " " * 27 + "│") == 2


def test_markdown_has_rectangular_tables(found: list[Comparison]) -> None:
    page = compare_render.markdown(found, "my_runs", "a|b")
    assert page.startswith("# Comparison\n\nA: my_runs  \nB: a\\|b\n")
    tables = [block.splitlines() for block in page.split("\n\n") if block.startswith("|")]
    assert [len(table) for table in tables] == [2 + 5, 2 + 4, 2 + 12, 2 + 12]
    for table in tables:
        assert len({line.count("|") for line in table}) == 1
    assert "│" not in page
    assert "| lc | 5 | 0.640 | 0.610 | -0.030 [-0.035, -0.025] | \\<0.001 | worse |" in page
    assert "| longest | — | — | — | — | — | not comparable |" in page
    assert "\n- snips · alise · tagger · cpu: not comparable (rules 0.9 and 1.0)\n" in page
    assert "None" not in page


def test_json_has_every_number(found: list[Comparison]) -> None:
    values = json.loads(compare_render.json(found, "one", "two"))
    assert (values["before"], values["after"]) == ("one", "two")
    atis, flights, snips = values["comparisons"]
    assert atis["before"] == atis["after"]
    assert (snips["before"]["rules"], snips["after"]["rules"]) == ("0.9", "1.0")
    assert (atis["unit"], flights["synthetic"]) == ("items", True)
    lines = {line["strategy"]: line for line in atis["lines"]}
    assert {name: line["verdict"] for name, line in lines.items()} == {
        "lc": "worse",
        "longest": "not comparable",
        "margin": "identical",
        "mnlp": "no difference shown",
        "nse": "better",
    }
    assert lines["longest"]["paired"] is None
    expected = found[0].lines[0].paired
    assert expected is not None
    assert lines["lc"]["paired"]["difference"] == asdict(expected.difference)
    assert len(lines["lc"]["paired"]["points"]) == 15


def test_nothing_to_compare_is_still_a_page() -> None:
    assert json.loads(compare_render.json([], "a", "b"))["comparisons"] == []
