import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from bench.board import gate
from bench.board.gate import Line, Verdict
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]
HERE = json.dumps({"cpu": "one", "numpy": "2", "threads": 1, "torch": "2"}, separators=(",", ":"))
ELSEWHERE = HERE.replace('"one"', '"two"')
SCORES = (0.5, 0.6, 0.7)  # over equal steps: area 0.6
WOBBLE = (0.9, 1.0, 1.1, 1.0, 0.95)
GAPS = (-0.30, -0.31, -0.29, -0.3, -0.3)


@pytest.fixture
def cells(make_run: Make) -> Make:
    """Five seeds; `gaps` are added to their scores and `slow` multiplies their times."""

    def make(
        strategy: str = "lc",
        gaps: Sequence[float] = (0,) * 5,
        slow: float = 1,
        **changes: object,
    ) -> list[Row]:
        rows = []
        for seed, gap in enumerate(gaps):
            made = make_run(
                strategy, seed, [each + gap for each in SCORES], environment=HERE, **changes
            )
            rows += [
                row
                if row.acquisition_seconds is None
                else replace(row, acquisition_seconds=2 * slow * WOBBLE[seed])
                for row in made
            ]
        return rows

    return make


def check(before: Sequence[Row], after: Sequence[Row]) -> list[Line]:
    return gate.check(schema.to_table(before), schema.to_table(after))


def only(before: Sequence[Row], after: Sequence[Row]) -> Line:
    (line,) = check(before, after)
    return line


def verdicts(line: Line) -> list[Verdict]:
    return [each.verdict for each in line.findings]


def changed(rows: Sequence[Row], seed: int, number: int, **changes: object) -> list[Row]:
    """The rows, with other values in one of them."""
    return [
        replace(row, **changes) if (row.seed, row.round) == (seed, number) else row  # type: ignore[arg-type]
        for row in rows
    ]


def test_what_is_the_same_is_the_same(cells: Make) -> None:
    line = only(cells(), cells())
    assert (line.verdict, line.regressed, line.judged) == (Verdict.SAME, False, True)
    assert line.areas_p is None
    assert len(line.passes) == 10  # five seeds, two choices


def test_another_choice_is_a_change(cells: Make) -> None:
    line = only(cells(), changed(cells(), 3, 1, selected=(3, 5)))
    assert verdicts(line) == [Verdict.CHANGED]
    assert line.regressed
    reason = "in 1 of 5 seeds, the first in seed 3, round 1: 1 of 2 items are others"
    assert line.findings[0].reason == reason


def test_another_order_is_a_change_too(cells: Make) -> None:
    line = only(cells(), changed(cells(), 0, 0, selected=(4, 3)))
    assert line.findings[0].reason.endswith("seed 0, round 0: the items' order")


def test_another_score_is_a_change_in_the_last_bit(cells: Make) -> None:
    line = only(cells(), changed(cells(), 2, 2, score=0.7000000000000001))
    assert verdicts(line) == [Verdict.CHANGED]
    assert "seed 2, round 2: score" in line.findings[0].reason


@pytest.mark.parametrize("name", ["items", "words", "duplicates", "own_score"])
def test_whatever_no_clock_decides_is_compared(cells: Make, name: str) -> None:
    line = only(cells(), changed(cells(), 4, 1, **{name: 7}))
    assert verdicts(line) == [Verdict.CHANGED]
    assert f"round 1: {name.replace('_', ' ')}" in line.findings[0].reason


def test_on_another_kind_of_cpu_a_change_is_no_regression(cells: Make) -> None:
    found = changed(cells(), 3, 1, selected=(3, 5))
    line = only([replace(row, environment=ELSEWHERE) for row in cells()], found)
    assert verdicts(line) == [Verdict.ALIKE]
    assert not line.regressed
    assert line.untimed == "another kind of CPU, or other versions"


def test_on_another_kind_of_cpu_the_same_is_the_same(cells: Make) -> None:
    line = only([replace(row, environment=ELSEWHERE) for row in cells()], cells())
    assert line.verdict == Verdict.SAME


def test_a_cuda_device_promises_no_bits(cells: Make) -> None:
    before, after = cells(device="cuda H"), cells(device="cuda H")
    assert verdicts(only(before, changed(after, 0, 0, score=0.51))) == [Verdict.ALIKE]


def test_a_large_difference_is_worse_anywhere(cells: Make) -> None:
    after = cells(gaps=GAPS)
    here = only(cells(), after)
    there = only([replace(row, environment=ELSEWHERE) for row in cells()], after)
    assert verdicts(here) == [Verdict.WORSE, Verdict.CHANGED]
    assert verdicts(there) == [Verdict.WORSE]
    assert here.areas is not None
    assert here.areas.mean == pytest.approx(-0.3)
    assert there.findings[0].reason == "area -0.300 over 5 seeds, p <0.001"


@pytest.mark.parametrize(
    "gaps",
    [
        (0.30, 0.31, 0.29, 0.3, 0.3),  # better
        (-0.019, -0.0191, -0.0189, -0.019, -0.019),  # certain, and next to nothing
        (-0.3, 0.1, -0.4, 0.2, -0.3),  # large, and not borne out
    ],
)
def test_what_is_not_worse(cells: Make, gaps: Sequence[float]) -> None:
    before = [replace(row, environment=ELSEWHERE) for row in cells()]
    assert verdicts(only(before, cells(gaps=gaps))) == [Verdict.ALIKE]


def test_tests_of_quality_are_one_family(cells: Make) -> None:
    """Alone it would be worse: p is 0.0013; of ten that differ it is not."""
    gaps = (-0.10, -0.15, -0.07, -0.16, -0.10)
    names = [f"s{number}" for number in range(10)]
    before = [replace(row, environment=ELSEWHERE) for name in names for row in cells(name)]
    noise = (0.01, -0.01, 0.02, -0.02, 0.001)
    after = [row for name in names[1:] for row in cells(name, gaps=noise)]
    alone = only(before[:15], cells("s0", gaps=gaps))
    among = next(x for x in check(before, cells("s0", gaps=gaps) + after) if x.strategy == "s0")
    assert alone.verdict == Verdict.WORSE
    assert among.verdict == Verdict.ALIKE
    assert alone.areas_p is not None
    assert among.areas_p == pytest.approx(10 * alone.areas_p)


def test_half_as_much_again_is_slower(cells: Make) -> None:
    line = only(cells(), cells(slow=1.5))
    assert verdicts(line) == [Verdict.SLOWER]
    assert line.regressed
    assert line.findings[0].reason == "4.0 passes became 6.0, ×1.50, p <0.001"
    assert only(cells(slow=1.5), cells()).verdict == Verdict.SAME


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"executor": "process"}, "no round timed alone on the machine on both sides"),
        ({"isolation": "sandbox"}, "another isolation"),
        ({"environment": ELSEWHERE}, "another kind of CPU, or other versions"),
    ],
)
@pytest.mark.parametrize("flipped", [False, True])
def test_times_that_do_not_compare(
    cells: Make, changes: dict[str, str], reason: str, flipped: bool
) -> None:
    one, two = cells(), [replace(row, **changes) for row in cells(slow=3)]  # type: ignore[arg-type]
    line = only(two, one) if flipped else only(one, two)
    assert line.verdict == Verdict.SAME
    assert line.untimed == reason
    assert line.passes == ()


def test_a_new_failure_is_a_regression(cells: Make) -> None:
    after = [row for row in cells() if (row.seed, row.round) != (2, 2)]
    after = changed(after, 2, 1, status="failed", error="no ids\nat all", selected=())
    line = only(cells(), after)
    assert verdicts(line) == [Verdict.FAILED]
    assert line.findings[0].reason == "seed 2 failed, the first in round 1: no ids"


def test_what_failed_before_may_fail_or_be_mended(cells: Make) -> None:
    failed = [row for row in cells() if (row.seed, row.round) != (2, 2)]
    failed = changed(failed, 2, 1, status="failed", error="no ids", selected=())
    assert only(failed, failed).verdict == Verdict.SAME
    assert only(failed, cells()).verdict == Verdict.SAME


def test_what_is_missing_is_a_regression(cells: Make) -> None:
    rows = cells()
    seeds = only(rows, [row for row in rows if row.seed != 4])
    rounds = only(rows, [row for row in rows if (row.seed, row.round) != (1, 2)])
    lost, _ = check([*rows, *cells("nse")], cells("nse"))
    assert [x.verdict for x in (seeds, rounds, lost)] == [Verdict.MISSING] * 3
    assert seeds.findings[0].reason == "seed 4 only in the baseline"
    assert rounds.findings[0].reason == "seed 1 has 2 of 3 rounds"
    assert lost.findings[0].reason == "seed 0, 1, 2, 3, 4 only in the baseline"
    assert not lost.judged


def test_what_is_new_is_noted(cells: Make) -> None:
    line = check(cells(), [*cells(), *cells("nse")])[1]
    assert (line.strategy, line.verdict, line.regressed) == ("nse", Verdict.NEW, False)
    assert line.findings[0].reason == "seed 0, 1, 2, 3, 4, not in the baseline"
    assert not line.judged


def test_what_is_new_and_fails_is_a_regression(cells: Make) -> None:
    broken = changed(cells("nse"), 0, 0, status="failed", error="no ids", selected=())
    broken = [row for row in broken if row.seed or not row.round]
    line = check(cells(), [*cells(), *broken])[1]
    assert verdicts(line) == [Verdict.FAILED, Verdict.NEW]
    more = only([row for row in cells("nse") if row.seed], broken)
    assert more.verdict == Verdict.FAILED


def test_what_fails_earlier_than_before_is_a_regression(cells: Make) -> None:
    failed = [row for row in cells() if (row.seed, row.round) != (2, 2)]
    late = changed(failed, 2, 1, status="failed", error="no ids", selected=())
    early = changed(failed, 2, 0, status="failed", error="no ids", selected=())
    early = [row for row in early if (row.seed, row.round) != (2, 1)]
    assert only(late, early).verdict == Verdict.FAILED
    assert not only(early, late).regressed or only(early, late).verdict == Verdict.CHANGED


def test_one_seed_from_elsewhere_is_no_measurement(cells: Make) -> None:
    before = [replace(row, environment=ELSEWHERE) for row in cells()[:3]]
    after = cells(gaps=(-0.3,))
    assert not only(before, after).judged
    assert only(cells()[:3], after).judged  # to the bit
    assert only(before, cells()[:3]).judged  # all is equal


def test_more_seeds_than_the_baseline_has_do_no_harm(cells: Make) -> None:
    assert only([row for row in cells() if row.seed < 3], cells()).verdict == Verdict.SAME


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data_digest": "beef"}, "data abcdef12 and beef"),
        ({"rules_version": "1.3"}, "rules 1.2 and 1.3"),
        ({"config_digest": "beef", "config": '{"k":1}'}, "config abcdef12 and beef (k none and 1)"),
    ],
)
def test_what_cannot_be_compared(cells: Make, changes: dict[str, str], reason: str) -> None:
    after = [replace(row, **changes) for row in cells(gaps=GAPS, slow=3)]  # type: ignore[arg-type]
    line = only(cells(), after)
    assert verdicts(line) == [Verdict.APART]
    assert line.findings[0].reason == reason
    assert not line.regressed
    assert not line.judged


def test_a_patch_of_the_rules_compares(cells: Make) -> None:
    after = [replace(row, rules_version="1.2.9") for row in cells()]
    assert only(cells(), after).verdict == Verdict.SAME


def test_the_gravest_finding_is_the_verdict(cells: Make) -> None:
    after = [row for row in cells(gaps=GAPS, slow=3) if row.seed != 4]
    found = [Verdict.MISSING, Verdict.WORSE, Verdict.CHANGED, Verdict.SLOWER]
    assert verdicts(only(cells(), after)) == found


def test_a_line_for_each_place_and_strategy(cells: Make) -> None:
    before = [*cells(), *cells("nse"), *cells(task="snips"), *cells(params='{"width":3}')]
    found = [(line.place.task, line.strategy) for line in check(before, before)]
    assert found == [("atis", "lc"), ("atis", "lc[width=3]"), ("atis", "nse"), ("snips", "lc")]
