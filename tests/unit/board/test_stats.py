import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference

from bench.board.stats import Difference, Spread, paired, spread


def test_spread_by_hand() -> None:
    assert spread([1.0, 2.0, 3.0]) == Spread(2.0, 1.0, 3)
    assert spread([0.5]) == Spread(0.5, None, 1)


def test_no_interval_from_one_pair() -> None:
    result = paired([0.75], [0.5])
    assert result == Difference(0.25, None, None, 1)
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


def test_an_interval_is_open_when_it_includes_zero() -> None:
    assert paired([0.9, 0.8], [0.8, 0.9]).open
    assert paired([0.5, 0.6], [0.5, 0.6]).open
    assert paired([0.90, 0.91, 0.92], [0.80, 0.81, 0.821]).open is False
