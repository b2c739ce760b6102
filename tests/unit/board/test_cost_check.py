import json
from collections.abc import Sequence

import pytest
from rich.console import Console

from bench.board import error_render
from bench.board.cost import EVALUATION, FIT, OWN, PASS, QUERY, Like, Sample
from bench.board.cost_check import Error, check

LIKE = Like("cpu", "atis", "tagger", "{}", "tagging", "lc", "lc", "beam")


def cell(task: str, seed: int, slow: float = 1.0, **changes: str) -> list[Sample]:
    """A fit of 10 s, a query of 4 passes of 1 s on 100 words, a test of 1 s; or `slow` times it."""
    like = LIKE._replace(task=task, **changes)
    parts = ((FIT, 10, 10 * slow), (PASS, 100, slow), (EVALUATION, 5, slow))
    made = [Sample(part, like, task, seed, size, value) for part, size, value in parts]
    return [*made, Sample(QUERY, like, task, seed, slow, 4 * slow, 100)]


def found(errors: Sequence[Error], without: str, part: str) -> Error:
    (error,) = (each for each in errors if (each.without, each.part) == (without, part))
    return error


def test_errors_by_hand() -> None:
    """One seed of three takes twice as long: from the others it is predicted at half."""
    errors = check([*cell("atis", 0), *cell("atis", 1), *cell("atis", 2, slow=2)])
    seed = found(errors, "a seed of a board", "total")
    # From a fast and the slow one the other fast one is predicted at the mean of 1 and 2, scaled.
    assert (seed.count, seed.unknown) == (3, 0)
    assert seed.worst == pytest.approx(0.5)
    assert seed.median > 1


def test_a_query_is_predicted_from_a_predicted_pass() -> None:
    errors = check([*cell("atis", 0), *cell("atis", 1)])
    assert found(errors, "a seed of a board", "acquisition").median == pytest.approx(1)
    # On two seeds of three pass and query take twice as long: six such passes against 4 + 2.
    errors = check([*cell("atis", 0), *cell("atis", 1, slow=2), *cell("atis", 2, slow=2)])
    assert found(errors, "a seed of a board", "acquisition").worst == pytest.approx(2)


def test_what_is_left_out_is_not_learned_from() -> None:
    """A task 3 times as slow is predicted by the other: 1/3 and 3; a board is the same here."""
    errors = check([*cell("atis", 0), *cell("atis", 1), *cell("snips", 0, 3), *cell("snips", 1, 3)])
    for without in ("a task", "a board"):
        total = found(errors, without, "total")
        assert total.count == 2
        assert total.worst in (pytest.approx(1 / 3), pytest.approx(3))
        assert total.median == pytest.approx((3 + 1 / 3) / 2)
    assert found(errors, "a seed of a board", "total").worst == pytest.approx(1)


def test_a_strategy_left_out_is_learned_from_others_alone() -> None:
    other = [each for each in cell("atis", 0, strategy="nse", name="nse") if each.part == QUERY]
    errors = check([*cell("atis", 0), *(each._replace(value=40) for each in other)])
    alone = found(errors, "a strategy", "acquisition")
    # 4 s and 40 s, each beside two passes of 1 s: predicted by the other one.
    assert alone.worst in (pytest.approx(42 / 6), pytest.approx(6 / 42))
    assert {each.part for each in errors if each.without == "a strategy"} == {"acquisition"}


def test_what_cannot_be_predicted_is_counted_and_in_no_total() -> None:
    errors = check([*cell("atis", 0), *cell("shapes", 0, kind="captioning", learner="captioner")])
    assert not [each for each in errors if each.without in ("a board", "a task")]
    lone = [*cell("atis", 0), *cell("snips", 0), *cell("shapes", 0, kind="c", learner="captioner")]
    total = found(check(lone), "a task", "total")
    assert (total.count, total.unknown) == (2, 1)


def test_a_total_wants_all_of_its_parts() -> None:
    """Only one of two tasks has an own fit: without it no row tells what that takes."""
    own = cell("atis", 0)[0]._replace(part=OWN)
    errors = check([*cell("atis", 0), own, *cell("snips", 0)])
    assert (found(errors, "a task", "fit").count, found(errors, "a task", "fit").unknown) == (2, 0)
    assert (found(errors, "a task", "total").count, found(errors, "a task", "total").unknown) == (
        1,
        1,
    )
    assert not [each for each in errors if (each.without, each.part) == ("a task", OWN)]


def test_within_counts_what_lies_in_the_range() -> None:
    """Of two groups each is predicted by one, whose range is a factor of 3: 2 is in it, 4 not."""
    for slow, within in ((2, 1), (4, 0)):
        errors = check([*cell("atis", 0), *cell("atis", 1, slow=slow)])
        assert found(errors, "a seed of a board", "fit").within == within


def test_rendered() -> None:
    errors = check([*cell("atis", 0), *cell("atis", 1, slow=2)])
    console = Console(width=100)
    with console.capture() as capture:
        console.print(error_render.table(errors))
    text = capture.get()
    assert max(map(len, text.splitlines())) <= 100
    assert "a seed of a board" in text
    assert json.loads(error_render.json(errors))[0]["without"] == "a seed of a board"
    assert error_render.markdown(errors).startswith("| left out | part |")
