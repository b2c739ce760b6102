from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wilcoxon

from bench.board import leaderboard, sheet
from bench.board.entry import Entry, Reach
from bench.board.leaderboard import Board, Incomplete, Source
from bench.board.rank import Pair
from bench.board.run import Origin
from bench.board.stats import Estimate
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]
LOW, MID, HIGH = (0.5, 0.6, 0.7), (0.55, 0.7, 0.8), (0.6, 0.8, 0.9)


def build(*cells: list[Row]) -> list[Board]:
    return leaderboard.build(schema.to_table([row for cell in cells for row in cell]))


def entries(*cells: list[Row]) -> dict[str, Entry]:
    (board,) = build(*cells)
    return {each.strategy: each for each in board.entries}


def single(value: float) -> Estimate:
    return Estimate(pytest.approx(value), None, None, None, 1)


def test_nothing_gives_no_board() -> None:
    assert build() == []


def test_scores_and_area_by_hand(make_run: Make) -> None:
    (board,) = build(make_run("lc", 0, (0.5, 0.7, 0.8)), make_run("lc", 1, (0.7, 0.7, 0.8)))
    (lc,) = board.entries
    assert board.targets == (300, 600, 900)
    assert [each.mean for each in lc.scores] == pytest.approx([0.6, 0.7, 0.8])
    assert lc.scores[0].std == pytest.approx(0.02**0.5)
    assert lc.area is not None
    assert lc.areas == pytest.approx((0.675, 0.725))
    assert lc.area.mean == pytest.approx((0.675 + 0.725) / 2)
    assert (lc.seeds, lc.preliminary, lc.own_scores) == ((0, 1), True, None)
    assert lc.against_random is None
    assert lc.against_best is None


def test_a_single_round_has_no_area(make_run: Make) -> None:
    (board,) = build(make_run("lc", 0, LOW[:1]), make_run("random", 0, HIGH[:1]))
    assert [each.strategy for each in board.entries] == ["random", "lc"]
    assert [each.areas for each in board.entries] == [(None,), (None,)]
    assert {each.area for each in board.entries} == {None}
    assert {each.against_random for each in board.entries} == {None}


def test_five_seeds_are_not_preliminary(make_run: Make) -> None:
    cells = [make_run(name, seed, LOW) for name in ("lc", "random") for seed in range(5)]
    (firm,) = build(*cells)
    assert [each.preliminary for each in firm.entries] == [False, False]
    assert not firm.preliminary
    (alone,) = build(*cells[:5])  # no place without another
    assert (alone.preliminary, alone.entries[0].preliminary) == (True, False)
    (four,) = build(*cells[:4], *cells[5:9])
    assert four.preliminary
    assert {each.preliminary for each in four.entries} == {True}


def test_times_are_compared_within_one_isolation(make_run: Make) -> None:
    usual = [make_run(name, 0, LOW) for name in ("lc", "random")]
    guest = make_run("guest", 0, HIGH, isolation="sandbox", acquisition_seconds=1.0)
    costs = {name: each.cost for name, each in entries(*usual, guest).items()}
    assert costs["lc"].passes == 4.0
    assert (costs["guest"].passes, costs["guest"].speedup_lc) == (None, None)
    assert costs["guest"].acquisition_seconds is None
    assert costs["guest"].training_seconds == 30.0  # which is no work of the guest's
    (board,) = build(*usual, guest)
    assert "times are shown of the larger part only" in "".join(sheet.notes(board))
    assert not sheet.notes(*build(*usual))
    alone = entries(guest, make_run("lc", 0, LOW, isolation="sandbox"))
    assert alone["guest"].cost.speedup_lc == pytest.approx(2.0)


def test_own_scores_stand_beside_the_successors(make_run: Make) -> None:
    alise = entries(make_run("alise", 0, LOW, own_score=0.9, own_metrics={"f1": 0.9}))["alise"]
    assert alise.own_scores == (single(0.9),) * 3
    assert alise.own_area == single(0.9)
    assert alise.scores[0].mean == 0.5


def test_one_board_for_each_place(make_run: Make) -> None:
    boards = build(
        make_run("lc", 0, LOW),
        make_run("lc", 0, LOW, task="flights", synthetic=True),
        make_run("lc", 0, LOW, protocol="words"),
        make_run("lc", 0, LOW, learner_params='{"width":3}'),
        make_run("lc", 0, LOW, device="cuda"),
        make_run("lc", 1, LOW, rules_version="1.2.9"),
        make_run("lc", 2, LOW, rules_version="1.3.0"),
        make_run("lc", 3, LOW, data_digest="other"),
    )
    assert len(boards) == 7
    assert [len(board.entries[0].seeds) for board in boards] == [2, 1, 1, 1, 1, 1, 1]
    assert [board.synthetic for board in boards] == [False] * 6 + [True]
    assert "tagger[width=3]" in {board.place.learner for board in boards}


def test_variants_of_a_strategy_are_strategies(make_run: Make) -> None:
    found = entries(make_run("nse", 0, LOW), make_run("nse", 0, LOW, params='{"width":3}'))
    assert set(found) == {"nse", "nse[width=3]"}


def test_words_to_full_by_hand(make_run: Make) -> None:
    full = [make_run("full", 0, (0.75,)), make_run("full", 1, (1.0,))]
    # Shares of 0.75: 0.7125, 0.735, 0.7425, all between 6,000 (0.7) and 9,000 (0.8) words.
    assert entries(*full, make_run("lc", 0, MID))["lc"].words_to_full == (
        Reach(0.95, single(6000 + 3000 * 0.125), 1, 1),
        Reach(0.98, single(6000 + 3000 * 0.35), 1, 1),
        Reach(0.99, single(6000 + 3000 * 0.425), 1, 1),
    )
    both = entries(*full, make_run("lc", 0, MID), make_run("lc", 1, MID))["lc"]
    assert both.words_to_full == tuple(Reach(share, None, 1, 2) for share in (0.95, 0.98, 0.99))
    # Seed 2 has no full run: the mean of the others, 0.875, stands in: 0.83125, 0.8575, 0.86625.
    alone = entries(*full, make_run("lc", 2, HIGH))["lc"].words_to_full
    assert alone is not None
    gaps = (0.3125, 0.575, 0.6625)
    assert [each.words for each in alone] == [single(6000 + 3000 * gap) for gap in gaps]
    assert entries(make_run("lc", 0, MID))["lc"].words_to_full is None


def test_words_to_full_are_a_number_only_where_every_seed_gets_there(make_run: Make) -> None:
    full = [make_run("full", seed, (0.8,)) for seed in (0, 1)]
    ours = make_run("lc", 0, MID), make_run("lc", 1, (0.55, 0.7, 0.785))
    found = entries(*full, *ours)["lc"].words_to_full
    assert found is not None
    assert [(each.share, each.reached, each.n) for each in found] == [
        (0.95, 2, 2),
        (0.98, 2, 2),
        (0.99, 1, 2),
    ]
    # 0.784 is reached after 6,000 + 3,000 * 0.84 and 6,000 + 3,000 * 84 / 85 words.
    assert found[1].words is not None
    assert found[1].words.mean == pytest.approx(6000 + 1500 * (0.84 + 84 / 85))
    assert found[2].words is None


def test_full_is_a_reference_and_not_ranked(make_run: Make) -> None:
    (board,) = build(make_run("full", 0, (0.9,)), make_run("lc", 0, LOW))
    assert board.full == single(0.9)
    assert [each.strategy for each in board.entries] == ["lc"]
    (alone,) = build(make_run("full", 0, (0.9,)))
    assert (alone.entries, alone.pairs, alone.targets, alone.words) == ((), (), (), ())
    assert alone.preliminary


def test_difference_to_random_is_paired_by_seed(make_run: Make) -> None:
    shift = [make_run("random", seed, (0.1 * seed,) * 3) for seed in range(4)]
    ours = [make_run("lc", seed, (0.1 * seed + 0.05,) * 3) for seed in range(1, 4)]
    found = entries(*shift, *ours)
    gap = found["lc"].against_random
    assert gap is not None
    assert gap.n == 3
    assert (gap.mean, gap.low, gap.high) == pytest.approx((0.05, 0.05, 0.05))
    assert gap.improvement == 1.0
    assert found["random"].against_random is None


def test_difference_to_the_best_by_hand(make_run: Make) -> None:
    # Areas: best 0.3, 0.5, 0.4; middle 0.2, 0.4, 0.45; last 0.1, 0.1 in the seeds 1 and 2.
    areas = {"best": (0.3, 0.5, 0.4), "middle": (0.2, 0.4, 0.45), "last": (None, 0.1, 0.1)}
    found = entries(
        *(
            make_run(name, seed, (area,) * 3)
            for name, each in areas.items()
            for seed, area in enumerate(each)
            if area is not None
        )
    )
    assert list(found) == ["best", "middle", "last"]
    assert found["best"].against_best is None
    gap = found["middle"].against_best
    assert gap is not None
    # Gaps -0.1, -0.1, 0.05: t(0.975, 2) = 4.302653 times 0.0866025 / 3 ** 0.5.
    assert (gap.mean, gap.low, gap.high) == pytest.approx((-0.05, -0.265133, 0.165133), abs=1e-6)
    assert (gap.n, gap.improvement, gap.open) == (3, pytest.approx(1 / 3), True)
    gap = found["last"].against_best
    assert gap is not None
    assert (gap.mean, gap.n) == (pytest.approx(-0.35), 2)


@pytest.fixture(scope="module")
def noisy(make_run: Make) -> Callable[[int], list[list[Row]]]:
    """Four strategies that differ by about their noise, with so many seeds; one lacks the last."""

    def make(seeds: int) -> list[list[Row]]:
        noise = np.random.default_rng(5).normal(0, 0.02, (4, seeds))
        means = {"random": 0.5, "lc": 0.52, "nse": 0.51, "alise": 0.49}
        cells = [
            make_run(name, seed, [mean + float(noise[line, seed])] * 3)
            for line, (name, mean) in enumerate(means.items())
            for seed in range(seeds)
        ]
        return cells[:-1]

    return make


@pytest.mark.parametrize("name", ["against_random", "against_random_by_words", "against_best"])
def test_p_values_are_corrected_for_the_strategies_of_the_board(
    noisy: Callable[[int], list[list[Row]]], name: str
) -> None:
    found = entries(*noisy(10))
    other = next(iter(found)) if name == "against_best" else "random"
    raw = {}
    for each in found.values():
        if each.strategy != other:
            theirs = dict(zip(found[other].seeds, found[other].areas, strict=True))
            gaps = [a - theirs[seed] for seed, a in zip(each.seeds, each.areas, strict=True)]
            raw[each.strategy] = float(wilcoxon(gaps).pvalue)
    assert len(raw) == 3
    expected, highest = {}, 0.0
    for place, strategy in enumerate(sorted(raw, key=raw.__getitem__)):
        highest = max(highest, min(1.0, (3 - place) * raw[strategy]))
        expected[strategy] = highest
    gaps = {strategy: getattr(found[strategy], name) for strategy in raw}
    assert {strategy: gap.p for strategy, gap in gaps.items()} == pytest.approx(expected)
    assert any(expected[each] > raw[each] for each in raw)
    assert getattr(found[other], name) is None


def test_no_p_value_for_fewer_than_eight_seeds(noisy: Callable[[int], list[list[Row]]]) -> None:
    found = entries(*noisy(8))
    gaps = {name: each.against_random for name, each in found.items()}
    known = {name for name, gap in gaps.items() if gap and gap.p is not None}
    assert known == {"lc", "nse"}  # alise has seven seeds


def words(cell: list[Row], *counts: int) -> list[Row]:
    return [replace(row, words=count) for row, count in zip(cell, counts, strict=True)]


def test_difference_over_words_by_hand(make_run: Make) -> None:
    # Seed 0, both from 200 to 400 words: lc 0.5, 0.7, 0.8 at 200, 300, 400, area 0.675;
    # random 0.5, 0.6 at 200, 400 (half-way from 0.4 to 0.6, then from 0.6 to 0.6), area 0.575.
    one = words(make_run("lc", 0, (0.5, 0.7, 0.8)), 200, 300, 400)
    two = words(make_run("random", 0, (0.4, 0.6, 0.6)), 100, 300, 500)
    found = entries(one, two)
    gap = found["lc"].against_random_by_words
    assert gap is not None
    assert (gap.mean, gap.low, gap.n) == (pytest.approx(0.675 - 0.575), None, 1)
    assert found["random"].against_random_by_words is None
    # Seed 1, both from 100 to 200: 0.7 against 0.4; seed 2 shares no word, seed 3 has no partner.
    more = [
        words(make_run("lc", 1, (0.7, 0.7)), 100, 200),
        words(make_run("random", 1, (0.4, 0.4)), 50, 250),
        words(make_run("lc", 2, (0.9, 0.9)), 100, 200),
        words(make_run("random", 2, (0.1, 0.1)), 200, 300),
        words(make_run("lc", 3, (0.9, 0.9)), 100, 200),
    ]
    both = entries(one[:2], two[:2], *more)["lc"].against_random_by_words
    # Now seed 0 has 200 to 300 in common: lc 0.6, random 0.55. Half the interval over the gaps
    # 0.05 and 0.3 is t(0.975, 1) = 12.7062 times 0.25 / 2.
    assert both is not None
    assert (both.mean, both.n) == (pytest.approx(0.175), 2)
    assert (both.low, both.high) == pytest.approx((0.175 - 1.588276, 0.175 + 1.588276), abs=1e-5)


def test_a_shorter_strategy_is_compared_over_the_rounds_it_has(make_run: Make) -> None:
    found = entries(
        make_run("random", 0, (0.2, 0.2, 0.9)), make_run("lc", 0, (0.4, 0.4)), *_noise(make_run)
    )
    assert list(found)[-1] == "lc"
    assert found["lc"].partial
    assert found["lc"].labelled == 600
    assert found["lc"].top is None
    assert found["lc"].against_random is not None
    assert found["lc"].against_random.mean == pytest.approx(0.2)


def _noise(make_run: Make) -> list[list[Row]]:
    return [make_run("nse", 0, (0.1, 0.1, 0.1)), make_run("longest", 0, HIGH, words=7)]


def test_adding_a_strategy_changes_nobodys_numbers(make_run: Make) -> None:
    own = {"own_score": 0.95, "own_metrics": {"f1": 0.95}}
    base = [make_run("random", seed, (*LOW, 0.9)) for seed in (0, 1)]
    base += [make_run("lc", seed, (*MID, 0.9 + seed / 100), **own) for seed in (0, 1)]
    base += [make_run("full", seed, (0.9,)) for seed in (0, 1)]
    added = [make_run("margin", seed, (*MID, 0.91, 0.92)) for seed in (0, 1)]
    before, after = entries(*base), entries(*base, *added)
    assert after["lc"].partial  # its place is another one
    for name, old in before.items():
        assert _alone(old) == _alone(after[name])
    (one,), (two,) = build(*base), build(*base, *added)
    assert set(one.pairs) < set(two.pairs)


def _alone(each: Entry) -> Entry:
    """Without what is said of its place among the others, and at which words it is shown."""
    cost = replace(each.cost, front_seconds=False, front_passes=False)
    return replace(each, partial=False, cost=cost, against_best=None, by_words=())


def test_score_at_equal_words(make_run: Make) -> None:
    (board,) = build(make_run("lc", 0, MID), make_run("random", 0, LOW))
    assert board.words == (3000, 4000, 5000, 6000, 7000, 8000, 9000)
    lc = board.entries[0].by_words
    assert lc[1] is not None
    assert lc[1].mean == pytest.approx(0.55 + 0.15 / 3)
    short = make_run("nse", 0, LOW[:2])
    (board,) = build(make_run("lc", 0, MID), short)
    assert board.entries[1].by_words[-1] is None


def test_costs_by_hand(make_run: Make) -> None:
    found = entries(
        make_run("lc", 0, LOW, acquisition_seconds=3.0, pass_seconds=1.5),
        make_run("nse", 0, LOW, acquisition_seconds=4.0, pass_seconds=1.0),
        make_run("alise", 0, LOW, acquisition_seconds=0.6, pass_seconds=0.5, own_fit_seconds=5.0),
        make_run("margin", 0, LOW, executor="process"),
    )
    alise = found["alise"].cost
    assert (alise.acquisition_seconds, alise.passes) == pytest.approx((0.6, 1.2))
    assert (alise.speedup_lc, alise.speedup_nse) == pytest.approx((2 / 1.2, 4 / 1.2))
    assert alise.training_seconds == 45.0
    assert alise.training_ratio == 1.5
    assert found["lc"].cost.training_ratio == 1.0
    assert found["alise"].picks.words_per_item == 10.0
    assert found["alise"].picks.duplicate_share == pytest.approx(60 / 900)
    margin = found["margin"].cost
    assert margin.acquisition_seconds is margin.passes is margin.speedup_lc is None
    assert margin.training_seconds is None
    assert found["margin"].picks.words_per_item == 10.0


def test_a_reference_is_the_default_or_the_only_variant(make_run: Make) -> None:
    def variant(name: str, number: int, **changes: object) -> list[Row]:
        return make_run(name, 0, LOW, params=f'{{"n":{number}}}', **changes)

    ours = make_run("alise", 0, HIGH)
    random, lc = variant("random", 1), variant("lc", 1, acquisition_seconds=6.0)
    found = entries(ours, random, lc)
    assert found["alise"].cost.speedup_lc == 3.0
    gap = found["alise"].against_random
    assert gap is not None
    assert gap.mean == pytest.approx(0.775 - 0.6)
    assert found["random[n=1]"].against_random is None
    assert found["lc[n=1]"].cost.speedup_nse is None
    two = entries(ours, random, lc, variant("random", 2), variant("lc", 2))["alise"]
    assert (two.against_random, two.cost.speedup_lc) == (None, None)
    usual = make_run("lc", 0, LOW, acquisition_seconds=8.0), make_run("random", 0, MID)
    more = entries(ours, random, lc, variant("random", 2), variant("lc", 2), *usual)["alise"]
    assert more.cost.speedup_lc == 4.0
    assert more.against_random is not None
    assert more.against_random.mean == pytest.approx(0.775 - 0.6875)


def test_training_is_a_mean_over_the_seeds_that_ran_alone(make_run: Make) -> None:
    alone = make_run("lc", 0, LOW, fit_seconds=2.0)
    beside = make_run("lc", 1, LOW, fit_seconds=9.0, executor="process")
    assert entries(alone, beside)["lc"].cost.training_seconds == 2.0 * len(LOW)


def test_acquisition_is_a_median_over_rounds_and_seeds(make_run: Make) -> None:
    cells = [make_run("lc", seed, LOW) for seed in (0, 1)]
    times = iter((1.0, 9.0, None, 3.0, 5.0, None))
    rows = [replace(row, acquisition_seconds=next(times)) for cell in cells for row in cell]
    assert entries(rows)["lc"].cost.acquisition_seconds == 4.0


def test_no_lone_number_one_without_evidence(make_run: Make) -> None:
    noise = (0.0, 0.01, 0.02, 0.03, 0.04)
    best = [make_run("lc", s, [y + noise[s] for y in HIGH]) for s in range(5)]
    close = [make_run("nse", s, [y + noise[4 - s] - 0.001 for y in HIGH]) for s in range(5)]
    far = [make_run("random", s, [y + noise[s] - 0.1 - s / 1000 for y in HIGH]) for s in range(5)]
    found = entries(*far, *close, *best)
    assert list(found) == ["lc", "nse", "random"]
    assert [each.top for each in found.values()] == [True, True, False]
    assert [each.rank for each in found.values()] == [(1, 2), (1, 2), (3, 3)]
    few = entries(*far[:4], *close[:4], *best[:4])
    assert [each.top for each in few.values()] == [None, None, None]
    assert [each.rank for each in few.values()] == [None, None, None]


def test_failed_and_unfinished_runs_are_named_and_not_counted(make_run: Make) -> None:
    failed = make_run("lc", 2, HIGH)
    failed[-1] = replace(failed[-1], status="failed", error="it raised", score=None, metrics=None)
    (board,) = build(make_run("lc", 0, LOW), make_run("lc", 1, HIGH[:2]), failed)
    assert board.entries[0].seeds == (0,)
    assert board.incomplete == (
        Incomplete("lc", 1, False, "2 of 3 rounds"),
        Incomplete("lc", 2, True, "it raised"),
    )
    (only,) = build(failed)
    assert only.entries == ()


def test_a_longer_seed_is_cut_and_discards_no_other(make_run: Make) -> None:
    usual = [make_run("lc", seed, LOW) for seed in (1, 2)]
    (board,) = build(make_run("lc", 0, (*LOW, 0.9, 0.95)), *usual, make_run("lc", 3, LOW[:1]))
    (lc,) = board.entries
    assert lc.seeds == (0, 1, 2)
    assert [each.mean for each in lc.scores] == pytest.approx(LOW)
    assert lc.labelled == 900
    assert board.incomplete == (Incomplete("lc", 3, False, "1 of 3 rounds"),)
    (tied,) = build(make_run("lc", 0, HIGH), make_run("lc", 1, HIGH[:2]))
    assert tied.entries[0].seeds == (0,)


def test_every_cell_says_where_it_comes_from(make_run: Make) -> None:
    failed = make_run("lc", 10, LOW[:2], bench_version="1.0.0")
    failed[-1] = replace(failed[-1], status="failed", error="it raised", score=None, metrics=None)
    full = make_run("full", 0, (0.9,), executor="ray", isolation="process", code_digest="ccc")
    (board,) = build(make_run("lc", 2, LOW, environment='{"cpu":"Z80"}'), failed, full)
    created = "2026-01-01T00:00:00+00:00"
    digest = "abcdef123456"
    assert board.cells == (
        Source("full", 0, 1, Origin("", "ok", "1.2.3", "ccc", "{}", created, "ray", "process")),
        Source(
            "lc",
            2,
            3,
            Origin("", "ok", "1.2.3", digest, '{"cpu":"Z80"}', created, "serial", "none"),
        ),
        Source("lc", 10, 1, Origin("", "failed", "1.0.0", digest, "{}", created, "serial", "none")),
    )


def test_a_board_pairs_all_its_entries(make_run: Make) -> None:
    cells = [make_run(name, seed, LOW) for name in ("random", "lc") for seed in range(5)]
    cells += [make_run("nse", seed, HIGH) for seed in range(5)]
    (board,) = build(*cells, make_run("full", 0, (0.9,)))
    assert [each.strategy for each in board.entries] == ["nse", "lc", "random"]
    assert [(each.one, each.two) for each in board.pairs] == [
        ("nse", "lc"),
        ("nse", "random"),
        ("lc", "random"),
    ]
    assert all(isinstance(each, Pair) for each in board.pairs)
    assert [each.apart for each in board.pairs] == [True, True, False]


@pytest.fixture(scope="module")
def mixed(make_run: Make) -> list[Row]:
    """Two devices, a reference, seeds that differ, a failed and a partial one, picks and labels."""
    rng = np.random.default_rng(3)
    cells = [
        make_run(name, seed, rng.random(rounds).tolist(), device=device)
        for name, rounds in (("random", 3), ("lc", 3), ("nse", 2), ("full", 1))
        for seed in (0, 1, 2, 3, 10)
        for device in ("cpu", "cuda")
    ]
    cells[22][-1] = replace(cells[22][-1], status="failed", error="it raised")
    return [
        replace(
            row,
            selected=tuple(rng.integers(9, size=3).tolist()),
            labels={"city": 1 + row.round, "date": 1 + 2 * row.round},
        )
        for cell in cells
        for row in cell
    ]


@given(order=st.permutations(range(90)))
@settings(max_examples=20)
def test_the_order_of_the_rows_does_not_matter(mixed: list[Row], order: list[int]) -> None:
    assert len(mixed) == len(order)
    expected = build(mixed)
    assert any(each.rank for each in expected[0].entries)
    assert build([mixed[place] for place in order]) == expected
