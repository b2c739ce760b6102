from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.board.confirmation import confirm
from bench.data.oracle import OracleError
from bench.loop.event import Event
from bench.loop.fit import FitStore
from bench.loop.refit import refit
from bench.rows.schema import Row


def ignore(event: Event) -> None:
    pass


def again(small: Any, rows: list[Row], notify: Any = ignore) -> list[Row]:
    fits = FitStore(Path(small.out / "other"))
    return list(refit(rows, fits, notify, small.request().data_root))


@pytest.mark.parametrize(
    ("kind", "strategy"),
    [
        *(("tagging", name) for name in ("random", "alise", "coreset", "full")),
        *(("captioning", "nse"), ("images", "alise"), ("texts", "lc")),
    ],
)
def test_every_round_comes_back_to_the_bit(
    smalls: dict[str, Any], kind: str, strategy: str
) -> None:
    small = smalls[kind]
    rows = small.run(small.cell(strategy, seed=1))
    result = confirm(rows, again(small, rows), [])
    assert (result.verdict, result.reason) == ("identical", "")
    assert result.rounds == len(rows) > (strategy != "full")


def test_no_strategy_is_asked(tiny: Any) -> None:
    rows = tiny.run(tiny.cell("random", rounds=2))
    renamed = [replace(row, strategy="gone") for row in rows]
    assert confirm(renamed, again(tiny, renamed), []).verdict == "identical"


def test_other_ids_give_other_scores(tiny: Any) -> None:
    rows = tiny.run(tiny.cell("lc", rounds=3))
    other = tiny.run(tiny.cell("random", rounds=3))
    forged = [replace(rows[0], selected=other[0].selected), *rows[1:]]
    result = confirm(forged, again(tiny, forged[:2]), [])
    assert result.verdict == "differs"


def test_the_initial_set_is_the_seeds_own(tiny: Any) -> None:
    rows = tiny.run(tiny.cell("random", rounds=1))
    forged = [replace(rows[0], initial=tuple(reversed(rows[0].initial)))]
    (found,) = again(tiny, forged)
    assert found.initial == rows[0].initial
    assert confirm(forged, [found], []).reason.startswith("initial of round 0")


def test_ids_that_cannot_be_revealed_are_an_error(tiny: Any) -> None:
    rows = tiny.run(tiny.cell("random", rounds=2))
    forged = [replace(rows[0], selected=rows[0].initial[:3]), *rows[1:]]
    with pytest.raises(OracleError):
        again(tiny, forged)


def test_it_tells_of_every_round(tiny: Any) -> None:
    rows = tiny.run(tiny.cell("lc[width=3]", rounds=2))
    events: list[Event] = []
    again(tiny, rows, events.append)
    kinds = [event.kind for event in events if event.kind != "epoch"]
    assert kinds == ["start", "round", "round", "done"]
    assert {(event.cell, event.rounds) for event in events} == {("lc[width=3] seed 0", 2)}
