import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from bench.board import leaderboard
from bench.board.entry import Entry, Reach
from bench.board.leaderboard import Board, Incomplete
from bench.board.stats import Spread
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]
LOW, MID, HIGH = (0.5, 0.6, 0.7), (0.55, 0.7, 0.8), (0.6, 0.8, 0.9)


def build(*cells: list[Row]) -> list[Board]:
    return leaderboard.build(schema.to_table([row for cell in cells for row in cell]))


def entries(*cells: list[Row]) -> dict[str, Entry]:
    (board,) = build(*cells)
    return {each.strategy: each for each in board.entries}


def test_nothing_gives_no_board() -> None:
    assert build() == []


def test_scores_and_area_by_hand(make_run: Make) -> None:
    (board,) = build(make_run("lc", 0, (0.5, 0.7, 0.8)), make_run("lc", 1, (0.7, 0.7, 0.8)))
    (lc,) = board.entries
    assert board.targets == (300, 600, 900)
    assert [each.mean for each in lc.scores] == pytest.approx([0.6, 0.7, 0.8])
    assert lc.scores[0].std == pytest.approx(0.02**0.5)
    assert lc.area is not None
    assert lc.area.mean == pytest.approx((0.675 + 0.725) / 2)
    assert (lc.seeds, lc.preliminary, lc.own_scores) == ((0, 1), True, None)
    assert lc.against_random is None


def test_five_seeds_are_not_preliminary(make_run: Make) -> None:
    lc = entries(*(make_run("lc", seed, LOW) for seed in range(5)))["lc"]
    assert not lc.preliminary


def test_own_scores_stand_beside_the_successors(make_run: Make) -> None:
    alise = entries(make_run("alise", 0, LOW, own_score=0.9, own_metrics={"f1": 0.9}))["alise"]
    assert alise.own_scores == (Spread(0.9, None, 1),) * 3
    assert alise.own_area == Spread(pytest.approx(0.9), None, 1)
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
    # Level of seed 0: 0.98 * 0.75 = 0.735, between 6,000 (0.7) and 9,000 (0.8) words.
    assert entries(*full, make_run("lc", 0, MID))["lc"].words_to_full == Reach(
        Spread(pytest.approx(6000 + 3000 * 0.35), None, 1), 1, 1
    )
    both = entries(*full, make_run("lc", 0, MID), make_run("lc", 1, MID))["lc"]
    assert both.words_to_full == Reach(None, 1, 2)
    # Seed 2 has no full run: the mean of the others, 0.98 * 0.875 = 0.8575, stands in.
    alone = entries(*full, make_run("lc", 2, HIGH))["lc"].words_to_full
    assert alone is not None
    assert alone.words == Spread(pytest.approx(6000 + 3000 * 0.575), None, 1)
    assert entries(make_run("lc", 0, MID))["lc"].words_to_full is None


def test_full_is_a_reference_and_not_ranked(make_run: Make) -> None:
    (board,) = build(make_run("full", 0, (0.9,)), make_run("lc", 0, LOW))
    assert board.full == Spread(0.9, None, 1)
    assert [each.strategy for each in board.entries] == ["lc"]
    (alone,) = build(make_run("full", 0, (0.9,)))
    assert (alone.entries, alone.targets, alone.words) == ((), (), ())


def test_difference_to_random_is_paired_by_seed(make_run: Make) -> None:
    shift = [make_run("random", seed, (0.1 * seed,) * 3) for seed in range(4)]
    ours = [make_run("lc", seed, (0.1 * seed + 0.05,) * 3) for seed in range(1, 4)]
    gap = entries(*shift, *ours)["lc"].against_random
    assert gap is not None
    assert gap.n == 3
    assert (gap.mean, gap.low, gap.high) == pytest.approx((0.05, 0.05, 0.05))


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
    base = [make_run("random", seed, (*LOW, 0.9)) for seed in (0, 1)]
    base += [make_run("lc", seed, (*MID, 0.9 + seed / 100)) for seed in (0, 1)]
    added = [make_run("margin", seed, (*MID, 0.91, 0.92)) for seed in (0, 1)]
    before, after = entries(*base), entries(*base, *added)
    for name, old in before.items():
        new = after[name]
        assert (old.scores, old.area) == (new.scores, new.area)
        assert old.against_random == new.against_random
        assert old.against_random_by_words == new.against_random_by_words
        assert old.cost == new.cost


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
    assert alise.words_per_item == 10.0
    assert alise.duplicate_share == pytest.approx(60 / 900)
    margin = found["margin"].cost
    assert margin.acquisition_seconds is margin.passes is margin.speedup_lc is None
    assert margin.training_seconds is None
    assert margin.words_per_item == 10.0


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
    noise = (0.0, 0.01, 0.02)
    best = [make_run("lc", s, [y + noise[s] for y in HIGH]) for s in range(3)]
    close = [make_run("nse", s, [y + noise[2 - s] - 0.001 for y in HIGH]) for s in range(3)]
    far = [make_run("random", s, [y + noise[s] - 0.1 - s / 1000 for y in HIGH]) for s in range(3)]
    found = entries(*far, *close, *best)
    assert list(found) == ["lc", "nse", "random"]
    assert [each.top for each in found.values()] == [True, True, False]
    single = entries(best[0], close[0])
    assert [each.top for each in single.values()] == [None, None]


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


def test_the_order_of_the_rows_does_not_matter(make_run: Make) -> None:
    cells = [
        make_run(name, seed, LOW, device=device)
        for name in ("random", "lc", "full")
        for seed in (0, 1, 10)
        for device in ("cpu", "cuda")
    ]
    rows = [row for cell in cells for row in cell]
    expected = build(rows)
    random.Random(0).shuffle(rows)
    assert build(rows) == expected
