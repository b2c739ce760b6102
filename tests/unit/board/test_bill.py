import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bench.board import bill_render
from bench.board.bill import Asked, Bill, Job, Made, Step, bill
from bench.board.cost import EVALUATION, FIT, OWN, PASS, QUERY, ROWS, Costs, Like, Sample

LC = Like("cpu", "atis", "tagger", "{}", "tagging", "lc", "lc", "beam")
ALISE = LC._replace(strategy="alise", name="alise", needs="discriminator")
PER = {FIT: 1.0, OWN: 2.0, PASS: 0.01, QUERY: 3.0, EVALUATION: 0.1, ROWS: 5.0}
"""Seconds (of rows: bytes) for a size of 1, a query of 1 pass."""


@pytest.fixture(scope="module")
def costs() -> Costs:
    found = [
        Sample(part, like, "board", seed, 1.0, per)
        for part, per in PER.items()
        for like in (LC, ALISE)
        for seed in (0, 1)
    ]
    return Costs(found)


def cell(like: Like, seed: int, own: bool = False) -> Job:
    """Rounds at 10 and 20 of 100; the first's fits are the seed's."""
    first = Step(10, 90, 5, True, ("fit", seed), ("own", seed) if own else None)
    name = (like.strategy, seed)
    last = Step(20, 80, 5, False, ("fit", name), ("own", name) if own else None)
    return Job(like, 20, [first, last])


def asked(jobs: Sequence[Job], workers: int = 1, kept: Sequence[object] = ()) -> Asked:
    return Asked("atis", "cpu", jobs, workers, 0, kept, Made(1000, 1100))  # type: ignore[arg-type]


JOBS = [cell(LC, 0), cell(ALISE, 0, own=True), cell(LC, 1)]


def test_a_bill_by_hand(costs: Costs) -> None:
    found = bill(asked(JOBS), costs)
    assert (found.cells, found.fits, found.own_fits, found.shared) == (3, 5, 2, 1)
    seconds = {part: cost.value for part, cost in found.parts.items()}
    assert seconds == {
        "fit": pytest.approx(10 + 10 + 3 * 20),
        "own fit": pytest.approx(2 * 10 + 2 * 20),
        "acquisition": pytest.approx(3 * (3 + 2) * 0.9),
        "evaluation": pytest.approx((5 + 2) * 0.5),
    }
    assert found.seconds.value == pytest.approx(sum(seconds.values()))
    assert found.wall.value == pytest.approx(found.seconds.value)
    assert found.longest.value == pytest.approx(30 + 60 + 4.5 + 4 * 0.5)
    assert found.rows_bytes.value == pytest.approx(3 * 20 * 5)
    assert found.fits_bytes == 5 * 1000 + 2 * 1100
    assert found.notes == []


def test_what_is_kept_is_not_trained_again(costs: Costs) -> None:
    whole, found = bill(asked(JOBS), costs), bill(asked(JOBS, kept=[("fit", 0)]), costs)
    assert (found.fits, found.kept) == (whole.fits - 1, 1)
    assert whole.seconds.value - found.seconds.value == pytest.approx(10 + 0.5)
    assert found.wall.value == pytest.approx(found.seconds.value)


def test_an_own_model_may_be_kept_too(costs: Costs) -> None:
    found = bill(asked(JOBS, kept=[("own", 0)]), costs)
    assert (found.fits, found.own_fits, found.kept) == (5, 1, 1)
    assert found.fits_bytes == 5 * 1000 + 1100


def test_nothing_to_do_costs_nothing(costs: Costs) -> None:
    found = bill(asked([]), costs)
    assert (found.seconds.value, found.wall.value, found.fits_bytes) == (0, 0, 0)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=9, unique=True))
def test_workers_help_up_to_the_longest_cell(costs: Costs, cells: list[tuple[bool, int]]) -> None:
    jobs = [cell(ALISE if own else LC, seed, own) for own, seed in cells]
    walls = [bill(asked(jobs, workers), costs) for workers in (1, 2, 4, 16)]
    assert all(each.longest.value <= each.wall.value * (1 + 1e-9) for each in walls)
    assert all(each.wall.value <= walls[0].wall.value * (1 + 1e-9) for each in walls)
    if len(jobs) > 3:
        assert walls[-1].wall.value < walls[0].wall.value


def test_what_was_never_run_is_told(costs: Costs) -> None:
    mine = cell(LC._replace(strategy="mine", name="mine"), 0)
    (note,) = bill(asked([mine]), costs).notes
    assert note.startswith("query of mine: never run like this; learned from 2 rows of the same")
    elsewhere = cell(LC._replace(task="snips", device="cuda A"), 0)
    assert all("another device" in note for note in bill(asked([elsewhere]), costs).notes)


def test_models_whose_size_is_not_known_are_a_dash(costs: Costs) -> None:
    found = bill(Asked("atis", "cpu", JOBS, 1), costs)
    assert found.fits_bytes is None
    assert "models in .fits —" in shown(found)


def shown(found: Bill) -> str:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(bill_render.table(found))
    return capture.get()


def test_the_table_fits_and_says_the_unit(costs: Costs) -> None:
    text = shown(bill(asked(JOBS, 2), costs))
    assert max(map(len, text.splitlines())) <= 100
    for part in ("core-hours", "own fit", "Models to train: 5 and 2 own", "on 2 workers"):
        assert part in text
    cuda = Asked("atis", "cuda H100", JOBS, 1)
    assert "GPU-hours" in shown(bill(cuda, costs))


def test_json_has_every_number(costs: Costs) -> None:
    found = bill(asked(JOBS), costs)
    data = json.loads(bill_render.json(found))
    assert data["wall"] == {
        "value": found.wall.value,
        "low": found.wall.low,
        "high": found.wall.high,
    }
    assert data["parts"]["own fit"]["value"] == pytest.approx(60)
    assert "own fit" in bill_render.markdown(found)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0, "0 s"), (0.42, "0.42 s"), (59.4, "59 s"), (59.6, "1 min"), (200, "3 min 20 s")),
        *((3600, "1 h"), (4830, "1 h 20 min"), (86400 * 2 + 3600 * 3, "2 d 3 h")),
    ],
)
def test_durations_in_words(seconds: float, text: str) -> None:
    assert bill_render.duration(seconds) == text
