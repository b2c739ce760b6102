from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.board import pick
from bench.board.lists import Lists
from bench.board.pick import OTHER, Picks, bought, common, overlaps, picks, shares
from bench.board.run import Run, runs
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]


@pytest.fixture(scope="session")
def chose(make_run: Make) -> Callable[..., Run]:
    """A run that selected these ids in its rounds, after which nothing comes."""
    (usual,) = runs(schema.to_table(make_run("lc", 0, [0.5] * 4)))

    def make(seed: int, *rounds: Sequence[int]) -> Run:
        column = pa.chunked_array([[list(ids) for ids in rounds]], pa.list_(pa.int32()))
        chosen = Lists.of(column, np.arange(len(rounds)))
        return replace(usual.cut(len(rounds)), seed=seed, chosen=chosen)

    return make


@pytest.fixture(scope="session")
def revealed(make_run: Make) -> Callable[..., Run]:
    """A run with these counts of labels by round."""

    def make(seed: int, *rounds: dict[str, int]) -> Run:
        cell = make_run("lc", seed, [0.5] * len(rounds))
        rows = [replace(row, labels=labels) for row, labels in zip(cell, rounds, strict=True)]
        (run,) = runs(schema.to_table(rows))
        return run

    return make


def test_jaccard_by_hand(chose: Callable[..., Run]) -> None:
    one = [chose(0, [1, 2], [3, 4], []), chose(1, [7], [8], [])]
    two = [chose(0, [2, 3], [9], []), chose(1, [5], [6], [])]
    # Seed 0: 2 and 3 of 1, 2, 3, 4, 9. Seed 1: nothing.
    assert overlaps({"lc": one, "nse": two}) == {("lc", "nse"): pytest.approx((2 / 5 + 0) / 2)}
    assert overlaps({"lc": one[:1], "nse": two}) == {("lc", "nse"): pytest.approx(2 / 5)}
    assert overlaps({"lc": one[:1], "nse": two[1:]}) == {("lc", "nse"): None}
    assert overlaps({"lc": one, "same": one}) == {("lc", "same"): 1.0}
    assert overlaps({}) == overlaps({"lc": one}) == {}


def test_only_the_rounds_that_both_have_count(chose: Callable[..., Run]) -> None:
    long = [chose(0, [1, 2], [3, 4], [5, 6], [])]
    short = [chose(0, [1, 2], [4, 7])]
    found = overlaps({"lc": long, "nse": short, "again": long})
    assert found["lc", "nse"] == found["nse", "again"] == pytest.approx(3 / 5)
    assert found["lc", "again"] == 1.0


def test_where_nothing_was_selected_there_is_no_jaccard(chose: Callable[..., Run]) -> None:
    none, some = chose(0, [], []), chose(0, [1], [])
    found = overlaps({"a": [none], "b": [none], "c": [some]})
    assert found == {("a", "b"): None, ("a", "c"): 0.0, ("b", "c"): 0.0}
    # A seed in which neither selected says nothing; the other does.
    more = [none, chose(1, [1], [])]
    assert overlaps({"a": more, "b": more}) == {("a", "b"): 1.0}


def test_nine_of_ten_are_near(chose: Callable[..., Run]) -> None:
    one, two = [chose(0, range(10))], [chose(0, range(9))]
    (share,) = overlaps({"lc": one, "nse": two}).values()
    assert share == 0.9
    assert share >= pick.NEAR


_IDS = st.sets(st.integers(0, 30), max_size=8)
_STRATEGY = st.integers(1, 3).flatmap(  # of so many rounds, by seed
    lambda rounds: st.dictionaries(
        st.integers(0, 3), st.lists(_IDS, min_size=rounds, max_size=rounds), min_size=1
    )
)


@given(st.lists(_STRATEGY, min_size=2, max_size=4))
def test_jaccard_is_that_of_sets(
    chose: Callable[..., Run], selected: list[dict[int, list[set[int]]]]
) -> None:
    strategies = {
        f"s{number}": [chose(seed, *map(sorted, ids)) for seed, ids in each.items()]
        for number, each in enumerate(selected)
    }
    expected = {}
    for one, two in combinations(range(len(selected)), 2):
        shares = [
            _jaccard(ids, selected[two][seed])
            for seed, ids in selected[one].items()
            if seed in selected[two]
        ]
        known = [share for share in shares if share is not None]
        expected[f"s{one}", f"s{two}"] = sum(known) / len(known) if known else None
    found = overlaps(strategies)
    assert list(found) == list(expected)
    for pair, share in expected.items():
        assert found[pair] == (None if share is None else pytest.approx(share, abs=1e-12))


def _jaccard(one: list[set[int]], two: list[set[int]]) -> float | None:
    rounds = min(len(one), len(two))
    ours, theirs = set().union(*one[:rounds]), set().union(*two[:rounds])
    return len(ours & theirs) / len(ours | theirs) if ours | theirs else None


def test_bought_is_what_came_after_the_initial_set(revealed: Callable[..., Run]) -> None:
    one = revealed(
        0,
        {"city": 5, "date": 2},
        {"city": 6, "date": 2, "time": 1},
        {"city": 9, "date": 2, "time": 4},
    )
    assert dict(+bought([one])) == {"city": 4, "time": 4}  # and no date, which came before
    two = revealed(1, {"city": 1}, {"city": 2, "date": 7})
    assert bought([one, two]) == Counter(city=5, time=4, date=7)
    assert bought([one.cut(2)]) == Counter(city=1, time=1)
    assert bought([one.cut(1)]) == bought([revealed(2, {}, {})]) == bought([]) == Counter()


def test_the_common_labels_are_ten_by_frequency_then_name() -> None:
    count = {f"l{number:02}": 100 - number for number in range(12)}
    assert common(count) == tuple(f"l{number:02}" for number in range(10))
    assert common({"b": 1, "c": 2, "a": 1}) == ("c", "a", "b")
    assert common({}) == ()


def test_shares_of_labels_by_hand(revealed: Callable[..., Run]) -> None:
    first = revealed(0, {"city": 1}, {"city": 4, "date": 1})
    second = revealed(1, {"date": 3}, {"date": 3, "time": 2, "toe": 2})
    # Bought: 3 times city, once date, twice time, twice toe.
    both = shares(bought([first, second]), ["time", "city", "fare"])
    assert both == {"time": 2 / 8, "city": 3 / 8, "fare": 0.0, OTHER: 3 / 8}
    assert list(both) == ["time", "city", "fare", OTHER]
    assert shares(bought([first]), ["city", "date"]) == {"city": 0.75, "date": 0.25}
    assert shares(bought([first.cut(1)]), ["city"]) is None
    assert shares(bought([revealed(0, {}, {})]), []) is None


def test_lengths_and_duplicates_by_hand(make_run: Make) -> None:
    def run(seed: int, words: tuple[int, ...], items: tuple[int, ...], double: int) -> Run:
        rows = [
            replace(row, words=w, items=i, duplicates=double)
            for row, w, i in zip(
                make_run("lc", seed, [0.5] * len(words)), words, items, strict=True
            )
        ]
        (found,) = runs(schema.to_table(rows))
        return found

    # 90 words in 10 items and 240 in 20: 9 and 12; 3 of 15 and 10 of 40 are duplicates.
    one, two = run(0, (40, 90, 130), (5, 9, 15), 3), run(1, (100, 200, 340), (20, 30, 40), 10)
    assert picks([one, two], None) == Picks(10.5, pytest.approx((0.2 + 0.25) / 2), None)
    assert picks([one.cut(1)], None).words_per_item is None
    assert picks([run(0, (0, 0), (10, 20), 0)], None) == Picks(0.0, 0.0, None)
    assert picks([run(0, (0,), (0,), 0)], None) == Picks(None, 0.0, None)
