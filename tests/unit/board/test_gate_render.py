from collections.abc import Callable, Sequence
from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bench.board import gate, gate_render
from bench.board.gate import Line, Verdict
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]


@pytest.fixture
def found(make_run: Make) -> list[Line]:
    """One that is the same, one that is changed, one that failed, one that is new."""
    before = [row for name in ("lc", "nse", "mine") for row in make_run(name, 0, (0.5, 0.6))]
    after = [*make_run("lc", 0, (0.5, 0.6)), *make_run("nse", 0, (0.5, 0.7))]
    failed = make_run("mine", 0, (0.5,), status="failed", error="50 %, a: b", selected=())
    after += [*failed, *make_run("new", 0, (0.5, 0.6))]
    return gate.check(*map(schema.to_table, (before, after)))


def text(lines: Sequence[Line]) -> str:
    stream = StringIO()
    Console(file=stream, width=100).print(gate_render.table(lines))
    return stream.getvalue()


def test_people_get_a_line_each_and_what_to_do(found: list[Line]) -> None:
    shown = text(found)
    assert "atis · alise · tagger · cpu" in shown
    rows = [line.split()[:2] for line in shown.splitlines() if line.startswith(" ")]
    for row in (["lc", "same"], ["nse", "changed"], ["mine", "failed"], ["new", "new"]):
        assert row in rows
    assert "atis nse: in 1 of 1 seeds, the first in seed 0, round 1: score 0.6 became 0.7" in shown
    assert "raises the rules' version: revert it, or raise" in shown
    assert "4 compared: 1 failed, 1 changed, 1 new, 1 same; time compared of 2" in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_every_verdict_that_is_told_says_what_to_do() -> None:
    assert set(gate_render.REMEDY) == set(Verdict) - {Verdict.SAME, Verdict.ALIKE}
    assert all(
        "renew the baseline" in gate_render.REMEDY[each]
        for each in (Verdict.CHANGED, Verdict.WORSE, Verdict.SLOWER, Verdict.NEW, Verdict.MISSING)
    )


def test_the_summary_says_of_whom_no_time_was_compared(found: list[Line]) -> None:
    said = gate_render.summary(found)
    assert said.endswith(
        "time compared of 2 (the others: no round timed alone on the machine on both sides)."
    )
    assert gate_render.summary([replace(x, untimed="") for x in found]).endswith("of 2.")


def test_annotations_to_the_letter(found: list[Line]) -> None:
    failed, changed, new, counted = gate_render.github(found, {"nse", "lc"}).splitlines()
    assert failed == (
        "::error title=atis mine%3A failed::seed 0 failed, the first in round 0: 50 %25, a: b. "
        "See the column `error` of its rows."
    )
    assert changed.startswith("::error title=atis nse%3A changed,file=strategies/nse.py::in 1 of")
    assert new.startswith("::notice title=atis new%3A new::seed 0, not in the baseline. ")
    assert counted.startswith("::notice title=bench check::4 compared: 1 failed, 1 changed")


def unescaped(text: str) -> str:
    """As GitHub's runner reads a property, the percent sign last."""
    for code, mark in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")):
        text = text.replace(code, mark)
    return text.replace("%25", "%")


@given(st.text(st.sampled_from("a:%,;\r\n 23ACD05")))
def test_escaping_can_be_undone_and_leaves_no_mark(text: str) -> None:
    data, value = gate_render._data(text), gate_render._property(text)
    assert not set(data) & set("\r\n")
    assert not set(value) & set("\r\n:,")
    assert data.count("%25") == text.count("%")
    assert unescaped(value) == text


def test_a_name_cannot_end_a_property_or_a_command(found: list[Line]) -> None:
    named = replace(found[1], strategy="x,file=y::z\n::error::w")
    (line, _) = gate_render.github([named]).splitlines()
    title = line.removeprefix("::error title=").partition("::")[0]
    assert unescaped(title) == f"atis {named.strategy}: {named.verdict}"
