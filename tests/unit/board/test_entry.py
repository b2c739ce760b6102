from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import trapezoid

from bench.board import curve, entry
from bench.board.entry import Reach
from bench.board.run import Run, runs
from bench.board.stats import Estimate
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., Run]


@pytest.fixture(scope="session")
def made(make_run: Callable[..., list[Row]]) -> Make:
    """A run with these scores; keyword arguments replace arrays."""

    def make(seed: int, scores: Sequence[float], **changes: Any) -> Run:
        (run,) = runs(schema.to_table(make_run("lc", seed, scores)))
        return replace(run, **{name: np.array(each, float) for name, each in changes.items()})

    return make


def test_areas_by_hand(made: Make) -> None:
    even = made(0, (0.5, 0.7, 0.8), own_score=[0.1, 0.2, 0.9])
    uneven = made(1, (0.5, 0.7, 0.8), items=[100, 200, 400], own_score=[0, 0, 0.6])
    assert entry.areas([even, uneven]) == pytest.approx((0.675, (0.6 + 2 * 0.75) / 3))
    assert entry.areas([even, uneven], "own_score") == pytest.approx((0.35, 0.2))
    assert entry.areas([even, uneven], rounds=2) == pytest.approx((0.6, 0.6))
    assert entry.areas([even, uneven], rounds=1) == (None, None)
    idle = made(2, (0.5, 0.7, 0.8), items=[300, 300, 300])
    assert entry.areas([even, idle]) == (pytest.approx(0.675), None)


def test_areas_are_in_the_unit_of_the_protocol(made: Make) -> None:
    run = made(0, (0.5, 0.7, 0.8), words=[100, 200, 400])
    assert entry.areas([run]) == pytest.approx((0.675,))
    assert entry.areas([replace(run, unit="words")]) == pytest.approx((0.7,))


_RUN = st.lists(st.tuples(st.integers(1, 500), st.floats(0, 1)), min_size=4, max_size=4)


@given(found=st.lists(_RUN, min_size=1, max_size=5), rounds=st.sampled_from([2, 3, 4, None]))
def test_areas_are_those_of_single_curves(
    made: Make, found: list[list[tuple[int, float]]], rounds: int | None
) -> None:
    usual = made(0, (0.5,) * 4)
    ours = [
        replace(
            usual,
            items=np.cumsum([float(x) for x, _ in each]),
            score=np.array([y for _, y in each]),
        )
        for each in found
    ]
    expected = [trapezoid(run.score[:rounds], run.items[:rounds]) for run in ours]
    spans = [run.items[:rounds][-1] - run.items[0] for run in ours]
    areas = entry.areas(ours, rounds=rounds)
    assert areas == pytest.approx([a / span for a, span in zip(expected, spans, strict=True)])
    assert areas == tuple(
        curve.area(run.items[:rounds], run.score[:rounds]) for run in ours
    )  # to the bit: who else is there changes nothing


def test_a_mean_area_needs_every_seed() -> None:
    found = entry.mean_area([0.5, 0.7])
    assert found is not None
    # t(0.975, 1) = 12.7062 times 0.141421 / 2 ** 0.5.
    assert (found.mean, found.std, found.n) == pytest.approx((0.6, 0.02**0.5, 2))
    assert (found.low, found.high) == pytest.approx((0.6 - 1.27062, 0.6 + 1.27062), abs=1e-5)
    assert entry.mean_area([0.5, None]) is None
    assert entry.mean_area([0.5]) == Estimate(0.5, None, None, None, 1)


def test_area_pairs_are_of_common_seeds_over_common_rounds(made: Make) -> None:
    ours = [made(seed, (0.5, 0.6 + seed / 10)) for seed in (0, 1, 2)]
    theirs = [made(seed, (0.2, 0.4, 1.0)) for seed in (2, 1, 7)]
    assert entry.area_pairs(ours, theirs) == [pytest.approx((0.6, 0.3)), pytest.approx((0.65, 0.3))]
    assert entry.area_pairs(theirs, ours) == [pytest.approx((0.3, 0.65)), pytest.approx((0.3, 0.6))]
    assert entry.area_pairs(ours[:1], theirs) == []
    assert entry.area_pairs([], theirs) == entry.area_pairs(ours, []) == []
    assert entry.area_pairs([made(0, (0.5,))], ours) == []  # one round is no curve


def test_differences_are_of_pairs(made: Make) -> None:
    ours = [made(seed, (0.5, 0.6 + seed / 10)) for seed in (0, 1, 2)]
    theirs = [made(seed, (0.2, 0.4, 1.0)) for seed in (2, 1)]
    gap = entry.difference(ours, theirs)
    assert gap is not None
    assert (gap.mean, gap.std, gap.n) == pytest.approx((0.325, 0.00125**0.5, 2))
    assert entry.difference(ours[:1], theirs) is None
    assert entry.difference_by_words(ours[:1], theirs) is None


def test_differences_by_words_are_over_the_words_that_a_seed_shares(made: Make) -> None:
    ours = [made(0, (0.5, 0.7), words=[100, 300]), made(1, (0.5, 0.7), words=[100, 200])]
    theirs = [made(0, (0.2, 0.6), words=[200, 400]), made(1, (0.2, 0.6), words=[200, 400])]
    gap = entry.difference_by_words(ours, theirs)
    assert gap is not None
    # Seed 0 from 200 to 300: (0.6 + 0.7) / 2 - (0.2 + 0.4) / 2. Seed 1 shares but a point.
    assert (gap.mean, gap.n) == (pytest.approx(0.35), 1)
    assert entry.difference_by_words(ours[1:], theirs) is None


def test_scores_at_words_are_never_extrapolated(made: Make) -> None:
    ours = [made(0, (0.5, 0.7), words=[100, 300]), made(1, (0.5, 0.7), words=[200, 400])]
    found = entry.by_words(ours, np.array([100.0, 200.0, 250.0, 300.0, 400.0]))
    means = [each and pytest.approx(each.mean) for each in found]
    assert means == [None, 0.55, 0.6, 0.65, None]
    assert [each.n for each in found if each] == [2, 2, 2]


def test_words_to_full_of_each_seed(made: Make) -> None:
    ours = [made(0, (0.5, 0.7), words=[100, 200]), made(1, (0.5, 0.9), words=[100, 200])]
    full = [made(0, (0.2, 0.7)), made(1, (0.2, 0.8))]
    found = entry.words_to_full(ours, full)
    assert found is not None
    # 95 % of 0.7 is 0.665, of 0.8 is 0.76: after 182.5 and 165 words.
    assert found[0].words is not None
    assert found[0].words.mean == pytest.approx((182.5 + 165) / 2)
    assert [(each.share, each.reached, each.n) for each in found] == [
        (share, 2, 2) for share in (0.95, 0.98, 0.99)
    ]
    assert entry.words_to_full(ours[:1], full[1:]) == tuple(
        Reach(share, None, 0, 1) for share in (0.95, 0.98, 0.99)
    )
    assert entry.words_to_full(ours, []) is None


def test_costs_of_runs_partly_timed(made: Make) -> None:
    nan = np.nan
    alone = made(
        0,
        (0.5, 0.6, 0.7),
        acquisition=[1, 5, nan],
        passes=[2, 9, nan],
        training=[10, 20, 30],
        fit=[10, 15, 25],
        own_fit=[0, 5, 5],
    )
    beside = made(
        1, (0.5, 0.6, 0.7), acquisition=[nan] * 3, passes=[4, nan, nan], training=[9, nan, 9]
    )
    cost = entry.cost([alone, beside], lc=8.0, nse=None)
    assert (cost.acquisition_seconds, cost.passes) == (3.0, 4.0)
    assert (cost.speedup_lc, cost.speedup_nse) == (2.0, None)
    assert cost.training_seconds == 60.0
    assert cost.training_ratio == pytest.approx((1.2 + 1) / 2)
    assert (cost.front_seconds, cost.front_passes) == (False, False)
    unknown = entry.cost([replace(beside, passes=np.full(3, nan))], lc=8.0, nse=8.0)
    assert (unknown.acquisition_seconds, unknown.passes, unknown.training_seconds) == (None,) * 3
    assert (unknown.speedup_lc, unknown.speedup_nse) == (None, None)
    assert entry.median_passes([]) is None
