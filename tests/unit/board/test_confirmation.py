from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.board.confirmation import confirm, repeated, shifted
from bench.rows.schema import Row

Make = Callable[..., list[Row]]
HERE = '{"cpu":"a","numpy":"1","threads":1,"torch":"2"}'
THERE = HERE.replace('"a"', '"b"')


@pytest.fixture
def stored(make_run: Make) -> list[Row]:
    return make_run("lc", 0, [0.5, 0.6], environment=HERE)


def found(stored: list[Row], number: int = 1, **changes: Any) -> list[Row]:
    """The refit of the rows, one of them with other values."""
    return [replace(row, **changes) if row.round == number else row for row in stored]


def test_the_same_scores_are_identical(stored: list[Row]) -> None:
    again = [replace(row, fit_seconds=99.0, selected=(), code_digest="x") for row in stored]
    result = confirm(stored, again, [])
    assert (result.verdict, result.rounds, result.gap) == ("identical", 2, 0.0)


def test_the_same_scores_of_another_machine_are_identical_too(stored: list[Row]) -> None:
    again = [replace(row, environment=THERE) for row in stored]
    assert confirm(stored, again, []).verdict == "identical"


@pytest.mark.parametrize(
    "changes",
    [{"score": 0.6000000001}, {"metrics": {"f1": 0.7}}, {"own_score": 0.1}, {"own_metrics": {}}],
)
def test_on_one_kind_of_cpu_no_bit_may_differ(stored: list[Row], changes: dict[str, Any]) -> None:
    result = confirm(stored, found(stored, **changes), [stored])
    assert result.verdict == "differs"
    assert result.reason == f"{next(iter(changes))} of round 1, on the same kind of CPU"


@pytest.mark.parametrize("name", ["items", "words", "entities", "duplicates", "labels", "initial"])
def test_counts_must_be_those_of_the_ids_anywhere(stored: list[Row], name: str) -> None:
    other = {"labels": {"a": 1}, "initial": (9,)}.get(name, 7)
    again = [replace(row, environment=THERE) for row in found(stored, 0, **{name: other})]
    result = confirm(stored, again, [])
    assert result.verdict == "differs"
    assert result.reason == f"{name} of round 0 is not what the seed and the ids give"


def test_elsewhere_twice_the_spread_over_seeds_is_left(stored: list[Row], make_run: Make) -> None:
    others = [make_run("lc", 1, [0.5, 0.7])]  # spreads: 0 and 0.0707
    for gap, verdict in ((0.14, "within"), (0.1415, "differs")):
        again = found(stored, score=0.6 + gap, environment=THERE)
        result = confirm(stored, again, others)
        assert result.verdict == verdict
        assert result.gap == pytest.approx(gap)
    again = found(stored, 0, score=0.51, environment=THERE)
    assert confirm(stored, again, others).verdict == "differs"


def test_the_own_model_is_judged_as_well(make_run: Make) -> None:
    stored = make_run("alise", 0, [0.5, 0.6], environment=HERE, own_score=0.4, own_metrics={})
    others = [make_run("alise", 1, [0.6, 0.7])]
    for gap, verdict in ((0.1, "within"), (0.2, "differs")):
        again = found(stored, own_score=0.4 + gap, environment=THERE)
        assert confirm(stored, again, others).verdict == verdict


def test_without_other_seeds_nothing_is_judged(stored: list[Row], make_run: Make) -> None:
    again = found(stored, score=0.61, environment=THERE)
    assert confirm(stored, again, []).verdict == "unjudged"
    result = confirm(stored, again, [make_run("lc", 1, [0.5])])
    assert result.verdict == "unjudged"
    assert "round 1" in result.reason


def test_a_gpu_is_never_the_same_kind_of_cpu(make_run: Make) -> None:
    stored = make_run("lc", 0, [0.5, 0.6], environment=HERE, device="cuda H200")
    others = [make_run("lc", 1, [0.6, 0.7])]
    assert confirm(stored, found(stored, score=0.61), others).verdict == "within"


def chosen(stored: list[Row], **changes: Any) -> list[Row]:
    """Another run that selected other items in its first round."""
    return found(stored, 0, selected=(4, 3), **changes)


def test_another_run_that_selects_the_same_is_identical(stored: list[Row]) -> None:
    again = [replace(row, score=0.1, environment=THERE) for row in stored]
    assert repeated(stored, again, []).verdict == "identical"


def test_on_one_kind_of_cpu_another_run_must_select_the_same(
    stored: list[Row], make_run: Make
) -> None:
    result = repeated(stored, chosen(stored), [make_run("lc", 1, [0.4, 0.7])])
    assert result.verdict == "differs"
    assert result.reason == "selected of round 0 is not the same"


def test_elsewhere_the_scores_of_another_run_decide(stored: list[Row], make_run: Make) -> None:
    others = [make_run("lc", 1, [0.6, 0.7])]  # spreads: 0.0707 each
    for gap, verdict in ((0.14, "within"), (0.15, "differs")):
        again = chosen(stored, environment=THERE)
        again[1] = replace(again[1], score=0.6 + gap, environment=THERE)
        result = repeated(stored, again, others)
        assert (result.verdict, result.rounds) == (verdict, 2)
        assert result.gap == pytest.approx(gap)


def test_another_initial_set_is_wrong_anywhere(stored: list[Row], make_run: Make) -> None:
    again = found(stored, 0, initial=(9,), environment=THERE)
    result = repeated(stored, again, [make_run("lc", 1, [0.6, 0.7])])
    assert (result.verdict, result.reason) == ("differs", "initial of round 0 is not the same")


def test_another_run_must_get_as_far(stored: list[Row]) -> None:
    result = repeated(stored, stored[:1], [])
    assert (result.verdict, result.reason) == ("differs", "1 of 2 rounds were reached")


def test_scores_that_are_all_off_one_way_are_noticed(make_run: Make) -> None:
    refits = [make_run("lc", seed, [0.5, 0.6 + 0.01 * seed]) for seed in range(5)]
    assert shifted(refits, refits) == ""
    raised = [[cell[0], replace(cell[1], score=(cell[1].score or 0) + 0.02)] for cell in refits]
    assert shifted(raised, refits).startswith(
        "round 1: the mean score is off by +0.0200, over 0.01"
    )
    turned = [
        [cell[0], replace(cell[1], score=(cell[1].score or 0) + s)]
        for cell, s in zip(refits, (0.02, -0.02, 0.02, -0.02, 0.0), strict=True)
    ]
    assert shifted(turned, refits) == ""
    assert shifted(raised[:1], refits[:1]) == ""


def test_a_score_that_is_no_number_is_within_nothing(stored: list[Row], make_run: Make) -> None:
    others = [make_run("lc", 1, [0.4, 0.9])]
    again = found(stored, score=float("nan"), environment=THERE)
    assert confirm(stored, again, others).verdict == "differs"


def test_an_environment_that_is_no_object_is_of_no_machine(stored: list[Row]) -> None:
    strange = [replace(row, environment="[]") for row in stored]
    assert confirm(strange, found(stored, score=0.9), []).verdict == "unjudged"
