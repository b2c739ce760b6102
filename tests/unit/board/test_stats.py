from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate
from scipy import stats as reference

from bench.board.stats import (
    WILCOXON_SEEDS,
    Difference,
    Estimate,
    Values,
    draws,
    estimate,
    front,
    holm,
    iqm,
    order,
    paired,
    ranks,
    stratified,
    student,
    wins,
)
from bench.board.wilcoxon import signed_ranks


def test_estimate_by_hand() -> None:
    half = 4.302652729911275 / 3**0.5  # the 97.5 % point of Student's t with two degrees of freedom
    expected = Estimate(2.0, 1.0, pytest.approx(2 - half), pytest.approx(2 + half), 3)
    assert estimate([1.0, 2.0, 3.0]) == expected
    assert estimate([0.5]) == Estimate(0.5, None, None, None, 1)


def test_equal_values_have_no_deviation() -> None:
    found = estimate([0.1, 0.1, 0.1])  # of which the mean is not quite 0.1
    assert found.std == 0.0
    assert found.low == found.high == pytest.approx(0.1)


def test_no_interval_from_one_pair() -> None:
    result = paired([0.75], [0.5])
    assert result == Difference(0.25, None, None, None, 1, 1.0, None, None)
    assert result.open is None


_PAIRS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=9)


@given(_PAIRS)
def test_interval_is_scipys(pairs: list[tuple[float, float]]) -> None:
    ours, theirs = zip(*pairs, strict=True)
    result = paired(ours, theirs)
    gaps = [one - two for one, two in pairs]
    if max(gaps) - min(gaps) < 1e-6:
        return  # scipy divides by the deviation
    expected = reference.ttest_rel(ours, theirs).confidence_interval(0.95)
    assert (result.low, result.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert result.mean == pytest.approx(sum(gaps) / len(gaps))
    assert result.std == pytest.approx(np.std(gaps, ddof=1), abs=1e-9)


def test_an_interval_is_open_when_it_includes_zero() -> None:
    assert paired([0.9, 0.8], [0.8, 0.9]).open
    assert paired([0.5, 0.6], [0.5, 0.6]).open
    assert paired([0.90, 0.91, 0.92], [0.80, 0.81, 0.821]).open is False


def test_equal_differences_are_certain() -> None:
    found = paired([0.9, 0.8, 0.7], [0.8, 0.7, 0.6])  # 0.1 each, but for round-off
    assert found.std == found.detectable == 0.0
    assert found.low == found.high == pytest.approx(0.1)
    assert found.open is False
    same = paired([0.3] * 8, [0.1 + 0.2] * 8)  # 0 each, but for round-off
    assert same == Difference(0.0, 0.0, 0.0, 0.0, 8, 0.5, 0.0, 1.0)
    assert same.open


def test_improvement_is_the_share_of_pairs_won() -> None:
    assert paired([1, 1, 1, 0], [0, 0, 0, 1]).improvement == 0.75
    assert paired([1, 1, 1, 1], [0, 1, 2, 3]).improvement == 1.5 / 4
    assert paired([0.1 + 0.2], [0.3]).improvement == 0.5


@pytest.mark.parametrize("n", [2, 3, 5, 10, 50])
def test_what_is_detectable_is_found_with_80_percent_power(n: int) -> None:
    """The t test's power, integrated over the deviation that it finds."""
    gaps = np.resize([-1.0, 1.0], n) - np.resize([-1.0, 1.0], n).mean()
    effect = paired(0.02 * gaps / gaps.std(ddof=1), np.zeros(n)).detectable
    assert effect is not None
    shift, point = effect / 0.02 * n**0.5, reference.t.ppf(0.975, n - 1) / (n - 1) ** 0.5

    def found(std: float) -> float:
        outside = reference.norm.sf(point * std - shift) + reference.norm.cdf(-point * std - shift)
        return float(reference.chi.pdf(std, n - 1) * outside)

    assert integrate.quad(found, 0, 20)[0] == pytest.approx(0.8, abs=1e-5)


def test_wilcoxon_from_eight_pairs_on() -> None:
    gaps = np.random.default_rng(0).normal(size=WILCOXON_SEEDS)
    assert paired(gaps, 0 * gaps).p == pytest.approx(signed_ranks(gaps[None])[0]) != 1
    assert paired(gaps[1:], 0 * gaps[1:]).p is None


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([None, 0.5, None, 0.9]) == [None, 1.0, None, 1.0]
    assert holm([None]) == [None]
    assert holm([]) == []


_CHANCES = st.lists(st.none() | st.floats(0, 1), max_size=8)


@given(_CHANCES, st.floats(0.001, 0.999))
def test_holm_is_its_step_down_procedure(p: list[float | None], level: float) -> None:
    family = sorted(each for each in p if each is not None)
    limits = [level / (len(family) - step) for step in range(len(family))]
    held = [one > two for one, two in zip(family, limits, strict=True)]
    rejected = family[: held.index(True) if True in held else len(family)]
    for before, after in zip(p, holm(p), strict=True):
        if before is None or after is None:
            assert before is after
        elif abs(after - level) > 1e-9:  # else round-off decides
            assert (after < level) == (before in rejected)


@given(_CHANCES)
def test_holm_keeps_the_order_and_lowers_nothing(p: list[float | None]) -> None:
    pairs = [(one, two) for one, two in zip(p, holm(p), strict=True) if one is not None]
    assert all(two is not None and one <= two <= 1 for one, two in pairs)
    adjusted = [two for _, two in sorted(pairs, key=lambda pair: pair[0])]
    assert adjusted == sorted(adjusted)


@st.composite
def _matrix(draw: st.DrawFn, gaps: bool = True) -> Values:
    """Some strategies that differ and some that do not, and seeds that some of them lack."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    shape = draw(st.integers(1, 7)), draw(st.integers(4, 12))
    matrix = rng.integers(0, 4, size=(shape[0], 1)) + rng.normal(size=shape[1])
    matrix = matrix + 0.5 * rng.normal(size=shape)
    return np.where(rng.random(shape) < draw(st.floats(0, 0.6)) * gaps, np.nan, matrix)


def _told(matrix: Values, one: int, two: int) -> tuple[float, float] | None:
    """scipy's mean difference and p over the seeds of both; None for fewer than five."""
    both = ~np.isnan(matrix[one] - matrix[two])
    if both.sum() < 5:
        return None
    ours, theirs = matrix[one, both], matrix[two, both]
    return float((ours - theirs).mean()), float(reference.ttest_rel(ours, theirs).pvalue)


@given(_matrix())
def test_order_is_scipys_t_tests_with_holm(matrix: Values) -> None:
    pairs = [(one, two) for one in range(len(matrix)) for two in range(one)]
    tests = [_told(matrix, one, two) for one, two in pairs]
    told = order(matrix)
    assert told.dtype == np.int8
    assert told.shape == (len(matrix), len(matrix))
    assert (told == -told.T).all()
    for (one, two), test, p in zip(pairs, tests, holm([t and t[1] for t in tests]), strict=True):
        expected = 0 if test is None or p is None or p > 0.05 else np.sign(test[0])
        assert told[one, two] == expected


@given(_matrix(), st.permutations(range(12)))
def test_nothing_depends_on_the_order_of_strategies(matrix: Values, mixed: list[int]) -> None:
    places = [each for each in mixed if each < len(matrix)]
    assert (order(matrix[places]) == order(matrix)[np.ix_(places, places)]).all()
    assert (wins(matrix[places]) == wins(matrix)[np.ix_(places, places)]).all()
    assert ranks(matrix[places]) == [ranks(matrix)[place] for place in places]


@given(_matrix(), st.permutations(range(12)))
def test_nothing_depends_on_the_order_of_seeds(matrix: Values, mixed: list[int]) -> None:
    places = [each for each in mixed if each < matrix.shape[1]]
    assert (order(matrix[:, places]) == order(matrix)).all()
    assert (wins(matrix[:, places]) == wins(matrix)).all()


def test_what_differs_by_no_more_than_round_off_is_equal() -> None:
    matrix = np.array([[0.3] * 5, [0.1 + 0.2] * 5])
    assert not order(matrix).any()
    assert not wins(matrix).any()


@pytest.mark.parametrize("gap", [0.1, 0.25])  # of the second no round-off remains
def test_a_constant_difference_is_told(gap: float) -> None:
    higher = np.array([0.125, 0.5, 0.75, 0.5, 0.25]) + gap
    matrix = np.array([higher - gap, higher, higher])
    assert order(matrix).tolist() == [[0, -1, -1], [1, 0, 0], [1, 0, 0]]
    assert ranks(matrix) == [(3, 3), (1, 2), (1, 2)]


def test_strategies_without_common_seeds_are_not_told_apart() -> None:
    matrix = np.array([[0.1, 0.2, np.nan, np.nan], [np.nan, 0.9, 0.9, 0.8], [np.nan] * 4])
    assert not order(matrix).any()
    assert ranks(matrix) == [(1, 3)] * 3
    assert wins(matrix).tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]


def test_a_pair_that_cannot_be_compared_is_none_of_the_family() -> None:
    two = np.array([[0.50, 0.52, 0.51, 0.55, 0.53], [0.60, 0.54, 0.64, 0.57, 0.62]])
    assert 0.05 / 6 < reference.ttest_rel(*two).pvalue < 0.05
    assert order(two)[1, 0] == 1
    assert order(np.vstack([two, np.full((3, 5), np.nan)]))[1, 0] == 1
    third = 0.5 + np.array([0.0, 0.1, -0.3, 0.2, -0.1])
    assert order(np.vstack([two, third, -third]))[1, 0] == 0  # six pairs


def test_a_board_of_one_or_none() -> None:
    assert ranks(np.array([[0.1, 0.2]])) == [(1, 1)]
    assert ranks(np.zeros((0, 5))) == []
    assert order(np.zeros((0, 5))).shape == wins(np.zeros((0, 5))).shape == (0, 0)
    assert ranks(np.zeros((2, 0))) == [(1, 2)] * 2


@given(_matrix(gaps=False))
def test_a_rank_interval_contains_the_rank_by_mean(matrix: Values) -> None:
    by_mean = reference.rankdata(-matrix.mean(axis=1))
    found = ranks(matrix)
    assert all(low <= rank <= high for (low, high), rank in zip(found, by_mean, strict=True))
    assert min(low for low, _ in found) == 1
    assert max(high for _, high in found) == len(matrix)


@given(_matrix())
def test_wins_are_counted(matrix: Values) -> None:
    found = wins(matrix)
    assert found.dtype == np.int64
    for one, ours in enumerate(matrix):
        for two, theirs in enumerate(matrix):
            assert found[one, two] == sum(a > b for a, b in zip(ours, theirs, strict=True))


_SCORES = st.lists(st.lists(st.floats(-1, 1), min_size=1, max_size=8), min_size=1, max_size=4)


def test_iqm_by_hand() -> None:
    assert iqm([np.array([9.0, 1.0, 2.0]), np.array([-5.0])]) == 1.5
    assert iqm([np.array([1.0, 2.0, 6.0])]) == 3.0  # three have no whole quarter
    assert isinstance(iqm([np.array([1.0])]), float)


@given(_SCORES)
def test_iqm_is_scipys_trimmed_mean(scores: list[list[float]]) -> None:
    tasks = [np.array(each) for each in scores]
    expected = reference.trim_mean(np.concatenate(tasks), 0.25)
    assert iqm(tasks) == pytest.approx(expected)
    twice = iqm([np.stack([task, task + 1]) for task in tasks])
    assert twice == pytest.approx([expected, expected + 1])


def _mean(scores: Sequence[Values]) -> Values:
    return np.asarray(np.concatenate(scores, axis=-1).mean(axis=-1))


def test_seeds_are_drawn_again_within_their_task() -> None:
    rng = np.random.default_rng(0)
    constant = [np.zeros(3), np.ones(5)]
    assert stratified(constant, _mean, draws([3, 5], rng)) == (0.625, 0.625)
    drawn: list[Sequence[Values]] = []

    def note(scores: Sequence[Values]) -> Values:
        drawn.append(scores)
        return _mean(scores)

    stratified([np.arange(5.0), np.arange(5.0) + 10], note, draws([5, 5], rng, resamples=300))
    one, two = (np.concatenate(each) for each in zip(*drawn, strict=True))
    assert one.shape == two.shape == (300, 5)
    assert np.unique(one).tolist() == [0, 1, 2, 3, 4]
    assert np.unique(two).tolist() == [10, 11, 12, 13, 14]
    assert ((one + 10) != two).any()  # the tasks' draws are their own
    assert len(np.unique(one, axis=0)) > 250  # and so is each resample's


def test_the_interval_is_scipys_percentile_bootstrap() -> None:
    values = np.random.default_rng(1).exponential(size=12)
    drawn = draws([12], np.random.default_rng(0), resamples=20_000)
    found = stratified([values], _mean, drawn)
    expected = reference.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(5)
    ).confidence_interval
    assert found == pytest.approx((expected.low, expected.high), abs=0.03)
    again = draws([12], np.random.default_rng(0), resamples=20_000)
    assert stratified([values], _mean, again) == found


_POINTS = st.lists(
    st.tuples(*[st.integers(0, 4).map(float) | st.just(float("nan"))] * 2), max_size=9
)


@given(_POINTS)
def test_front_by_brute_force(points: list[tuple[float, float]]) -> None:
    cost, value = np.array(points).reshape(-1, 2).T

    def beaten(mine: tuple[float, float]) -> bool:
        return any(
            c <= mine[0] and v >= mine[1] and (c < mine[0] or v > mine[1]) for c, v in points
        )

    expected = [not np.isnan(each).any() and not beaten(each) for each in points]
    assert front(cost, value).tolist() == expected


def test_the_p_of_a_difference_is_scipys() -> None:
    ours, theirs = [0.5, 0.7, 0.6, 0.9], [0.4, 0.5, 0.65, 0.6]
    assert student(paired(ours, theirs)) == pytest.approx(reference.ttest_rel(ours, theirs).pvalue)
    assert student(paired([0.5], [0.4])) is None
    assert student(paired([0.5, 0.6], [0.5, 0.6])) == 1
    assert student(paired([0.5, 0.75], [0.25, 0.5])) == 0
