from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from scipy.stats import trim_mean

from bench.board import leaderboard
from bench.board.leaderboard import Board
from bench.board.overall import Overall, Standing, overall
from bench.rows import schema
from bench.rows.schema import Row

Areas = dict[str, Sequence[float | None]]
Make = Callable[..., list[Board]]


@pytest.fixture
def boards(make_run: Callable[..., list[Row]]) -> Make:
    """A board of each of these areas by strategy and seed, of a task of its own."""

    def make(*areas: Areas, **changes: Any) -> list[Board]:
        rows = [
            row
            for number, board in enumerate(areas)
            for name, each in board.items()
            for seed, area in enumerate(each)
            if area is not None
            for row in make_run(name, seed, (area,) * 3, **{"task": f"t{number}", **changes})
        ]
        return leaderboard.build(schema.to_table(rows))

    return make


def standings(found: list[Overall]) -> dict[str, Standing]:
    (only,) = found
    return {each.strategy: each for each in only.standings}


RANDOM = (0.5, 0.52, 0.48, 0.51, 0.49)


def test_the_gain_is_the_interquartile_mean_of_relative_areas(boards: Make) -> None:
    rng = np.random.default_rng(0)
    areas = [
        {
            "random": rng.uniform(0.4, 0.5, seeds).tolist(),
            "lc": rng.uniform(0.4, 0.6, seeds).tolist(),
        }
        for seeds in (5, 8, 6)
    ]
    found = standings(overall(boards(*areas)))
    assert list(found) == ["lc"]  # nobody stands beside random but the others
    gains = [np.array(each["lc"]) / each["random"] - 1 for each in areas]
    expected = trim_mean(np.concatenate(gains), 0.25)
    assert found["lc"].gain == pytest.approx(expected)
    assert expected != pytest.approx(np.concatenate(gains).mean(), abs=1e-3)
    assert found["lc"].boards == 3
    assert found["lc"].low < found["lc"].gain < found["lc"].high


def test_the_gain_is_paired_by_seed(boards: Make) -> None:
    ours = [1.1 * each for each in reversed(RANDOM)]
    lines = {"random": RANDOM, "lc": [1.1 * each for each in RANDOM], "nse": ours}
    found = standings(overall(boards(lines)))
    gains = [one / two - 1 for one, two in zip(ours, RANDOM, strict=True)]
    assert found["nse"].gain == pytest.approx(trim_mean(gains, 0.25))
    assert (found["lc"].gain, found["lc"].low, found["lc"].high) == pytest.approx((0.1,) * 3)
    assert found["nse"].low < found["nse"].high


def test_seeds_are_drawn_within_each_board(boards: Make) -> None:
    # Both boards are certain of their gain, 10 % and 30 %: so is what they say together.
    areas = [{"random": RANDOM, "lc": [gain * each for each in RANDOM]} for gain in (1.1, 1.3)]
    lc = standings(overall(boards(*areas)))["lc"]
    assert (lc.gain, lc.low, lc.high) == pytest.approx((0.2,) * 3)


def test_the_interval_is_that_of_a_stratified_bootstrap(boards: Make) -> None:
    rng = np.random.default_rng(1)
    areas = [
        {"random": (0.5,) * 6, "lc": rng.normal(mean, 0.03, 6).tolist()} for mean in (0.5, 0.6)
    ]
    lc = standings(overall(boards(*areas)))["lc"]
    gains = [np.array(each["lc"]) / 0.5 - 1 for each in areas]
    drawn = np.concatenate([rng.choice(each, (20_000, 6)) for each in gains], axis=1)
    ends = np.quantile(trim_mean(drawn, 0.25, axis=1), (0.025, 0.975))
    assert (lc.low, lc.high) == pytest.approx(ends, abs=0.005)
    assert standings(overall(boards(*areas)))["lc"] == lc


def test_better_open_and_worse_count_boards(boards: Make) -> None:
    better = {"random": RANDOM, "lc": [each + 0.1 + each / 50 for each in RANDOM]}
    worse = {"random": RANDOM, "lc": [each - 0.1 - each / 50 for each in RANDOM]}
    open_ = {"random": RANDOM, "lc": list(reversed(RANDOM))}
    lc = standings(overall(boards(better, open_, worse, better, open_, better)))["lc"]
    assert (lc.boards, lc.better, lc.open, lc.worse) == (6, 3, 2, 1)


def test_most_boards_come_first_then_the_highest_gain_then_the_name(boards: Make) -> None:
    def scaled(**gains: float) -> Areas:
        lines = {name: [gain * each for each in RANDOM] for name, gain in gains.items()}
        return {"random": RANDOM, **lines}

    both = scaled(low=1.01, high=1.2, b=1.1, a=1.1)
    (found,) = overall(boards(both, {**both, **scaled(once=1.5)}))
    names = [each.strategy for each in found.standings]
    assert names == ["high", "a", "b", "low", "once"]
    assert [each.boards for each in found.standings] == [2, 2, 2, 2, 1]
    # Of two that are equal over all boards, the first board's best is not the first.
    (equal,) = overall(boards(scaled(b=1.2, a=1.1), scaled(b=1.1, a=1.2)))
    assert equal.standings[0].gain == equal.standings[1].gain
    assert [each.strategy for each in equal.standings] == ["a", "b"]


def test_device_classes_and_rules_stand_apart(boards: Make) -> None:
    def areas(gain: float) -> Areas:
        return {"random": RANDOM, "lc": [gain * each for each in RANDOM]}

    found = overall(
        [
            *boards(areas(1.2), device="cuda H"),
            *boards(areas(1.1), areas(1.3), rules_version="1.3.0"),
            *boards(areas(1.4), areas(1.4), areas(1.4)),
        ]
    )
    assert [(each.device, each.rules) for each in found] == [
        ("cpu", "1.2"),
        ("cpu", "1.3"),
        ("cuda H", "1.2"),
    ]
    lines = [each.standings[0] for each in found]
    assert [each.boards for each in lines] == [3, 2, 1]
    assert [each.gain for each in lines] == pytest.approx([0.4, 0.2, 0.2])


def test_preliminary_boards_are_left_out(boards: Make) -> None:
    firm = {"random": RANDOM, "lc": [1.1 * each for each in RANDOM]}
    few = {"random": RANDOM[:4], "lc": [2 * each for each in RANDOM[:4]]}
    assert standings(overall(boards(firm, few))) == standings(overall(boards(firm)))
    assert overall(boards(few)) == []
    assert overall([]) == []
    # So is a strategy without a rank on a board that has ranks.
    mixed = {**firm, "nse": [each / 2 for each in RANDOM[:4]]}
    assert list(standings(overall(boards(mixed)))) == ["lc"]


def test_nobody_stands_where_random_does_not(
    boards: Make, make_run: Callable[..., list[Row]]
) -> None:
    lines = {"nse": RANDOM, "lc": [1.1 * each for each in RANDOM]}
    (board,) = boards(lines)
    assert not board.preliminary
    assert overall([board]) == []
    few = {**lines, "random": [each / 2 for each in RANDOM[:4]]}
    assert overall(boards(few)) == []
    # Against a random of fewer rounds, areas are not over the same budget.
    rows = [row for s in range(5) for n in lines for row in make_run(n, s, (0.5 + s / 100,) * 3)]
    rows += [row for s in range(5) for row in make_run("random", s, (0.4, 0.4))]
    assert overall(leaderboard.build(schema.to_table(rows))) == []


def test_a_seed_that_random_lacks_is_left_out(boards: Make) -> None:
    lines = {"random": (None, *RANDOM), "lc": [0.9, *(1.1 * each for each in RANDOM), 0.9]}
    lc = standings(overall(boards(lines)))["lc"]
    assert (lc.gain, lc.low, lc.high) == pytest.approx((0.1,) * 3)
    # Nor is there a gain relative to nothing.
    zero = {"random": (0.0, *RANDOM[1:]), "lc": [1.1 * each for each in RANDOM]}
    lc = standings(overall(boards(zero)))["lc"]
    assert (lc.gain, lc.low, lc.high) == pytest.approx((0.1,) * 3)
