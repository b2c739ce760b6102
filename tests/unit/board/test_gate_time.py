import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp, ttest_rel

from bench.board import gate_time
from bench.board.gate_time import adjusted, slower
from bench.board.stats import holm

WOBBLE = (0.9, 1.0, 1.1, 1.0, 0.95, 1.05, 1.0, 0.98, 1.02, 1.0)
PAIRS = st.lists(st.tuples(st.floats(0.01, 100), st.floats(0.01, 100)), min_size=2, max_size=8)


def times(factor: float, passes: float = 4.0) -> list[tuple[float, float]]:
    return [(passes, passes * factor * each) for each in WOBBLE]


def test_a_ratio_by_hand() -> None:
    assert gate_time.ratio([(1, 2), (4, 2)]) == pytest.approx(1)  # 2 and 1/2
    assert gate_time.ratio([(1, 2), (1, 8)]) == pytest.approx(4)  # √16
    assert gate_time.ratio([]) == 1
    assert gate_time.medians([(1, 2), (4, 2), (9, 5)]) == (4, 2)


def test_p_is_that_of_a_paired_t_test_of_logarithms() -> None:
    found = times(1.5)
    before, after = ([math.log(pair[side]) for pair in found] for side in (0, 1))
    (p,) = adjusted([found], ["lc"])
    assert p == pytest.approx(gate_time.ALONE * ttest_rel(after, before).pvalue)


def test_half_as_much_again_is_slower_and_the_same_is_not() -> None:
    for factor, told in ((1.5, True), (1.2, False), (1.0, False), (0.5, False)):
        (p,) = adjusted([times(factor)], ["lc"])
        assert slower(times(factor), p) == told


def test_a_ratio_alone_is_not_enough() -> None:
    wild = [(1.0, 20.0), (20.0, 1.0), (1.0, 3.0), (1.0, 2.0)]
    (p,) = adjusted([wild], ["lc"])
    assert gate_time.ratio(wild) > gate_time.RATIO
    assert not slower(wild, p)


def test_what_takes_next_to_nothing_is_never_slower() -> None:
    """`random` at three times its hundredth of a pass."""
    found = times(3, passes=0.01)
    (p,) = adjusted([found], ["random"])
    assert p is not None
    assert p < gate_time.LEVEL
    assert not slower(found, p)


def test_without_pairs_there_is_no_p() -> None:
    assert adjusted([[], [(1.0, 2.0)], times(1.5)], ["a", "b", "c"])[:2] == [None, None]
    assert not slower([], None)
    assert adjusted([], []) == []


def test_every_line_and_every_strategy_of_several_are_one_family() -> None:
    lines = [times(1.5), times(1.05), times(1.0), times(1.1)]
    joint = lines[0] + lines[1] + lines[2]
    logs = [[math.log(two / one) for one, two in each] for each in (*lines, joint)]
    expected = holm([float(ttest_1samp(each, 0).pvalue) for each in logs])
    assert gate_time.ratio(joint) < gate_time.RATIO  # so that no line is judged by it
    found = adjusted(lines, ["lc", "lc", "lc", "nse"])
    assert found == pytest.approx([min(1, gate_time.ALONE * (p or 0)) for p in expected[:4]])


def test_three_tasks_tell_more_than_one() -> None:
    noisy = [(1.0, 1.5 * math.exp(0.2 * at)) for at in (-1, 1, -1, 1, 0)]
    (alone,) = adjusted([noisy], ["lc"])
    together = adjusted([noisy] * 3, ["lc"] * 3)
    assert alone is not None
    assert alone > gate_time.LEVEL
    assert not slower(noisy, alone)
    assert all(slower(noisy, p) for p in together)


def test_a_strategy_that_is_faster_elsewhere_is_judged_by_its_task() -> None:
    """All its times together say p < 0.001, and that they are faster."""
    noisy, fast = [(1.0, 1.5 * math.exp(0.2 * at)) for at in (-1, 1, -1, 1, 0)], times(0.2)
    (p, *_) = adjusted([noisy, fast, fast], ["lc"] * 3)
    assert p is not None
    assert p > gate_time.LEVEL


@given(PAIRS, st.floats(0.1, 10))
def test_units_do_not_matter(pairs: list[tuple[float, float]], unit: float) -> None:
    scaled = [(one * unit, two * unit) for one, two in pairs]
    assert gate_time.ratio(scaled) == pytest.approx(gate_time.ratio(pairs))


@given(PAIRS)
def test_both_ways_cannot_be_slower(pairs: list[tuple[float, float]]) -> None:
    back = [(two, one) for one, two in pairs]
    told = [slower(each, *adjusted([each], ["lc"])) for each in (pairs, back)]
    assert sum(told) < 2
