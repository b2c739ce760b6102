from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from bench.board import compare, entry, run
from bench.board.compare import Comparison, Line, Paired, Verdict
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]
LOW, HIGH = (0.5, 0.6, 0.7), (0.6, 0.8, 0.9)
SCORES = st.lists(
    st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3), min_size=2, max_size=4
)


def flat(cells: Sequence[list[Row]]) -> list[Row]:
    return [row for cell in cells for row in cell]


def folders(before: Sequence[list[Row]], after: Sequence[list[Row]]) -> list[Comparison]:
    return compare.folders(schema.to_table(flat(before)), schema.to_table(flat(after)))


def strategies(one: str, two: str, *cells: list[Row]) -> list[Comparison]:
    return compare.strategies(schema.to_table(flat(cells)), one, two)


def only(found: Sequence[Comparison]) -> Line:
    """The one line of the one comparison."""
    ((line,),) = (each.lines for each in found)
    return line


def paired(line: Line) -> Paired:
    assert line.paired is not None
    return line.paired


def replaced(rows: list[Row], **changes: object) -> list[Row]:
    return [replace(row, **changes) for row in rows]  # type: ignore[arg-type]


def shifted(make: Make, strategy: str, gaps: Sequence[float], **changes: object) -> list[list[Row]]:
    """A cell a seed, whose scores are those of `LOW` and a gap."""
    return [
        make(strategy, seed, [score + gap for score in LOW], **changes)
        for seed, gap in enumerate(gaps)
    ]


def test_passes_are_compared_within_one_isolation(make_run: Make) -> None:
    before = [row for seed in range(2) for row in make_run("lc", seed, (0.5, 0.6, 0.7))]
    cells = [make_run("lc", seed, (0.5, 0.6, 0.8), isolation="sandbox") for seed in range(2)]
    after = [row for cell in cells for row in cell]
    (found,) = compare.folders(schema.to_table(before), schema.to_table(after))
    assert found.lines[0].paired is not None
    assert (found.lines[0].paired.passes_before, found.lines[0].paired.passes_after) == (4.0, None)


def test_two_strategies_by_hand(make_run: Make) -> None:
    cells = [
        make_run("random", 0, (0.5, 0.6, 0.7)),  # area 0.6
        make_run("random", 1, (0.4, 0.6, 0.6)),  # 0.55
        make_run("lc", 0, (0.5, 0.8, 0.9)),  # 0.75
        make_run("lc", 1, (0.4, 0.8, 0.8)),  # 0.7
        make_run("nse", 0, HIGH),
    ]
    (found,) = strategies("random", "lc", *cells)
    line = only([found])
    both = paired(line)
    assert (found.before, found.after) == (found.place, found.place)
    assert (line.strategy, both.seeds, both.preliminary) == ("lc", (0, 1), True)
    assert (both.before.mean, both.after.mean) == pytest.approx((0.575, 0.725))
    gap = both.difference
    assert (gap.mean, gap.low, gap.high, gap.n) == pytest.approx((0.15, 0.15, 0.15, 2))
    assert (line.verdict, both.p) == (Verdict.BETTER, 0)
    assert [point.spent for point in both.points] == [300, 600, 900]
    assert [point.before.mean for point in both.points] == pytest.approx([0.45, 0.6, 0.65])
    assert [point.after.mean for point in both.points] == pytest.approx([0.45, 0.8, 0.85])
    assert [point.difference.mean for point in both.points] == pytest.approx([0, 0.2, 0.2])


def test_numbers_are_those_of_the_boards(make_run: Make) -> None:
    random = Random(0)
    cells = [
        make_run(name, seed, [random.random() for _ in LOW], words=1000 * (2 + seed))
        for name in ("random", "lc")
        for seed in range(5)
    ]
    cells = [
        [replace(row, words=row.words + 90 * row.round + row.seed) for row in cell]
        for cell in cells
    ]
    both = paired(only(strategies("random", "lc", *cells)))
    found = run.runs(schema.to_table(flat(cells)))
    ours, theirs = ([each for each in found if each.name == name] for name in ("lc", "random"))
    assert both.difference == entry.difference(ours, theirs)
    assert both.by_words == entry.difference_by_words(ours, theirs)
    assert both.by_words is not None


def test_p_is_that_of_the_paired_t_test(make_run: Make) -> None:
    gaps = (0.01, 0.03, -0.01, 0.04, 0.02)
    line = only(folders(shifted(make_run, "lc", [0] * 5), shifted(make_run, "lc", gaps)))
    both = paired(line)
    assert both.p == pytest.approx(ttest_rel(gaps, [0] * 5).pvalue)
    assert not both.preliminary
    assert both.difference.open == (both.p > 0.05) == (line.verdict == Verdict.OPEN)


def test_a_planted_loss_is_worse_and_its_mirror_better(make_run: Make) -> None:
    before = shifted(make_run, "lc", (0.02, 0.0, 0.01, 0.03, 0.0))
    after = shifted(make_run, "lc", (-0.02, -0.03, -0.03, -0.01, -0.05))
    assert only(folders(before, after)).verdict == Verdict.WORSE
    assert only(folders(after, before)).verdict == Verdict.BETTER


def test_verdicts_are_corrected_for_all_strategies_of_a_task(make_run: Make) -> None:
    names = ("lc", "margin", "mnlp")
    noise = {  # p alone: about 0.04, 0.0002 and 0.2
        "lc": (0.01, 0.03, -0.001, 0.04, 0.03),
        "margin": (0.05, 0.06, 0.05, 0.07, 0.05),
        "mnlp": (0.01, 0.03, -0.02, 0.04, 0.01),
    }
    alone = {name: ttest_rel(noise[name], [0] * 5).pvalue for name in names}
    assert 0.025 < alone["lc"] < 0.05
    before = {name: shifted(make_run, name, [0] * 5) for name in names}
    after = {name: shifted(make_run, name, noise[name]) for name in names}
    assert only(folders(before["lc"], after["lc"])).verdict == Verdict.BETTER
    (found,) = folders(*([flat(each[name]) for name in names] for each in (before, after)))
    assert [line.verdict for line in found.lines] == [Verdict.OPEN, Verdict.BETTER, Verdict.OPEN]
    lc, margin, mnlp = (paired(line).p for line in found.lines)
    assert margin == pytest.approx(3 * alone["margin"])
    assert lc == pytest.approx(2 * alone["lc"])
    assert mnlp == pytest.approx(max(alone["mnlp"], 2 * alone["lc"]))
    (lc_line,) = (line for line in found.lines if line.strategy == "lc")
    assert paired(lc_line).difference.open is False


def test_identical_strategies_and_other_tasks_are_none_of_the_family(make_run: Make) -> None:
    lc = (0.01, 0.03, -0.001, 0.04, 0.03)
    same = [cell for name in ("margin", "nse") for cell in shifted(make_run, name, [0] * 5)]
    other = {"task": "flights"}
    before = [*shifted(make_run, "lc", [0] * 5), *same, *shifted(make_run, "lc", lc, **other)]
    after = [*shifted(make_run, "lc", lc), *same, *shifted(make_run, "lc", [0] * 5, **other)]
    atis, flights = folders(before, after)
    assert [line.verdict for line in atis.lines] == ["better", "identical", "identical"]
    assert [line.verdict for line in flights.lines] == ["worse"]
    assert paired(atis.lines[1]).p is None
    assert paired(atis.lines[1]).difference.mean == 0


def test_few_seeds_are_preliminary_and_one_shows_nothing(make_run: Make) -> None:
    for count, verdict in ((1, Verdict.OPEN), (2, Verdict.WORSE), (4, Verdict.WORSE)):
        gaps = [0.01 * seed for seed in range(count)]
        before, after = shifted(make_run, "lc", gaps), shifted(make_run, "lc", [-0.3] * count)
        line = only(folders(before, after))
        assert line.verdict == verdict
        assert paired(line).preliminary
        assert (paired(line).p is None) == (count == 1)
        assert (paired(line).difference.detectable is None) == (count == 1)
    five = only(folders(shifted(make_run, "lc", [0] * 5), shifted(make_run, "lc", [0.1] * 5)))
    assert not paired(five).preliminary


def test_identical_to_the_bit_in_what_counts(make_run: Make) -> None:
    before = [make_run("lc", 0, LOW, own_score=0.5, own_metrics={"f1": 0.5})]

    def after(at: int, **changes: object) -> Verdict:
        rows = [replace(row, **changes) if row.round == at else row for row in before[0]]  # type: ignore[arg-type]
        return only(folders(before, [rows])).verdict

    assert after(0) == Verdict.IDENTICAL
    assert after(0, fit_seconds=99.0, acquisition_seconds=9.0) == Verdict.IDENTICAL
    assert after(1, score=np.nextafter(0.6, 1)) == Verdict.OPEN
    assert after(1, own_score=0.6) == Verdict.OPEN
    assert after(1, selected=(3, 5)) == Verdict.OPEN
    assert after(1, selected=(3,)) == Verdict.OPEN


def test_rounds_that_only_one_has_decide_nothing(make_run: Make) -> None:
    line = only(folders([make_run("lc", 0, (*LOW, 0.1))], [make_run("lc", 0, LOW)]))
    assert line.verdict == Verdict.IDENTICAL
    assert line.notes == ("compared over 3 rounds, A has 4",)
    assert len(paired(line).points) == 3


def test_a_budget_in_words_is_the_most_that_was_spent(make_run: Make) -> None:
    before = make_run("lc", 0, LOW, unit="words")
    after = [replace(row, words=row.words - 5 * row.round) for row in before]
    for one, two in ((before, after), (after, before)):
        points = paired(only(folders([one], [two]))).points
        assert [point.spent for point in points] == [3000, 6000, 9000]


def test_seeds_that_only_one_has_are_named(make_run: Make) -> None:
    failed = make_run("lc", 2, LOW)
    failed[-1] = replace(
        failed[-1], status="failed", error="It raised.\nTraceback", score=None, metrics=None
    )
    before = [make_run("lc", seed, LOW) for seed in range(4)]
    after = [make_run("lc", seed, HIGH) for seed in (0, 1, 7)]
    line = only(folders(before, [*after, failed, make_run("lc", 3, HIGH[:2])]))
    assert paired(line).seeds == (0, 1)
    assert len(paired(line).points) == 3
    assert set(line.notes) == {
        "seed 2 of B failed, It raised",
        "seed 3 of B has 2 of 3 rounds",
        "seed 7 only in B",
    }


def test_what_cannot_be_compared_says_why(make_run: Make) -> None:
    def reason(before: list[list[Row]], **changes: object) -> str:
        after = [[replace(row, **changes) for row in cell] for cell in before]  # type: ignore[arg-type]
        line = only(folders(before, after))
        assert (line.verdict, line.paired) == (Verdict.APART, None)
        return line.reason

    lc = [make_run("lc", seed, LOW) for seed in range(2)]
    assert reason(lc, rules_version="1.3.0") == "rules 1.2 and 1.3"
    assert reason(lc, device="cuda") == "device cpu and cuda"
    assert reason(lc, data_digest="0" * 64) == "data abcdef12 and 00000000"
    assert reason(lc, config_digest="0" * 64) == "config abcdef12 and 00000000"
    both = reason(lc, rules_version="2.0", data_digest="ff")
    assert both == "rules 1.2 and 2.0, data abcdef12 and ff"
    assert only(folders(lc[:1], lc[1:])).reason == "no common seed, A has 0, B has 1"
    single = [[make_run("lc", 0, LOW)[0]], [make_run("lc", 0, HIGH)[0]]]
    assert only(folders(single[:1], single[1:])).reason == "one common budget, no curve"


def test_a_patch_of_the_rules_does_not_matter(make_run: Make) -> None:
    after = [make_run("lc", 0, LOW, rules_version="1.2.9")]
    assert only(folders([make_run("lc", 0, LOW)], after)).verdict == Verdict.IDENTICAL


def test_settings_that_differ_are_named(make_run: Make) -> None:
    before = '{"epochs":5,"hidden":3,"same":1,"tags":"' + 40 * "a" + '","width":1}'
    after = '{"epochs":6,"hidden":3.5,"more":true,"same":1,"tags":"' + 40 * "b" + '"}'
    line = only(
        folders(
            [make_run("lc", 0, LOW, config=before, config_digest="one")],
            [make_run("lc", 0, LOW, config=after, config_digest="two")],
        )
    )
    assert line.reason == (
        "config one and two (epochs 5 and 6, hidden 3 and 3.5, more none and true, 2 more)"
    )


def test_strategies_that_one_lacks_or_could_not_finish(make_run: Make) -> None:
    failed = make_run("nse", 0, LOW[:1], status="failed", error="It raised.")
    before = [make_run("lc", 0, LOW), make_run("margin", 0, LOW), make_run("nse", 0, LOW)]
    (found,) = folders(before, [make_run("lc", 0, LOW), make_run("mnlp", 0, LOW), failed])
    reasons = {line.strategy: line.reason for line in found.lines}
    assert reasons == {
        "lc": "",
        "margin": "only in A",
        "mnlp": "only in B",
        "nse": "no finished run in B",
    }
    assert found.lines[-1].notes == ("seed 0 of B failed, It raised",)


def test_equal_places_belong_together_before_alike_ones(make_run: Make) -> None:
    def cell(device: str, config: str) -> list[Row]:
        return make_run("lc", 0, LOW, device=device, config_digest=config)

    found = folders([cell("cpu", "a"), cell("cuda", "a")], [cell("cpu", "b"), cell("cuda", "a")])
    reasons = {each.place.device: each.lines[0].reason for each in found}
    assert reasons == {"cpu": "config a and b", "cuda": ""}
    found = folders([cell("cuda", "a")], [cell("cpu", "a"), cell("cuda", "b")])
    reasons = {each.place.device: each.lines[0].reason for each in found}
    assert reasons == {"cpu": "only in B", "cuda": "config a and b"}
    seeds = [make_run("lc", seed, LOW, config_digest=config) for seed, config in enumerate("abbc")]
    found = folders(seeds[:2], [replaced(seeds[2], seed=1), seeds[3]])
    assert [each.place.config for each in found] == ["a/c", "b"]
    assert found[1].lines[0].verdict == Verdict.IDENTICAL
    (found_one,) = folders([cell("cpu", "a")], [cell("cuda", "b")])
    assert found_one.lines[0].reason == "device cpu and cuda, config a and b"
    assert found_one.place[3:] == ("cpu/cuda", "1.2", "abcdef123456", "a/b")
    (one, two) = folders([cell("cpu", "a")], [cell("cpu", "a"), cell("cuda", "a")])
    assert (one.lines[0].verdict, two.lines[0].reason) == (Verdict.IDENTICAL, "only in B")


def test_tasks_and_learners_are_never_mixed(make_run: Make) -> None:
    changes = ({}, {"task": "flights"}, {"protocol": "words"}, {"learner_params": '{"width":3}'})
    before = [make_run("lc", 0, LOW, **each) for each in changes]
    found = folders(before, before[:1])
    assert [each.lines[0].reason for each in found].count("only in A") == 3
    assert {each.place.learner for each in found} == {"tagger", "tagger[width=3]"}
    found = folders(before[:1], before[3:])
    assert [each.lines[0].reason for each in found] == ["only in A", "only in B"]


def test_parameters_make_another_strategy(make_run: Make) -> None:
    wide = make_run("nse", 0, HIGH, params='{"width":3}')
    line = only(strategies("nse", "nse[width=3]", make_run("nse", 0, LOW), wide))
    assert paired(line).difference.mean == pytest.approx(0.175)
    (found,) = folders([make_run("nse", 0, LOW)], [wide])
    assert [each.strategy for each in found.lines] == ["nse", "nse[width=3]"]


def test_tasks_without_either_strategy_are_left_out(make_run: Make) -> None:
    cells = [make_run("lc", 0, LOW), make_run("nse", 0, LOW, task="flights")]
    (found,) = strategies("lc", "random", *cells)
    assert (found.place.task, found.lines[0].reason) == ("atis", "only in A")


def test_full_is_compared_by_its_score(make_run: Make) -> None:
    before = [make_run("full", seed, [0.9 + seed / 100]) for seed in range(3)]
    after = [make_run("full", seed, [0.8 + seed / 100]) for seed in range(3)]
    line = only(folders(before, after))
    assert line.verdict == Verdict.WORSE
    assert paired(line).difference.mean == pytest.approx(-0.1)
    assert paired(line).before.mean == pytest.approx(0.91)
    assert only(folders(before, before)).verdict == Verdict.IDENTICAL


def test_passes_are_medians_and_their_ratio(make_run: Make) -> None:
    before = [make_run("lc", 0, LOW, acquisition_seconds=4.0, pass_seconds=2.0)]
    after = [make_run("lc", 0, LOW, acquisition_seconds=3.0, pass_seconds=0.5)]
    both = paired(only(folders(before, after)))
    assert (both.passes_before, both.passes_after, both.ratio) == (2.0, 6.0, 3.0)
    beside = [make_run("lc", 0, LOW, executor="process")]
    assert paired(only(folders(before, beside))).ratio is None


def test_the_order_of_the_rows_does_not_matter(make_run: Make) -> None:
    before = [make_run(name, seed, LOW) for name in ("lc", "nse") for seed in (0, 1, 10)]
    after = [make_run(name, seed, HIGH) for name in ("lc", "nse") for seed in (10, 1, 0)]
    rows = [flat(before), flat(after)]
    expected = folders(*[[each] for each in rows])
    for each in rows:
        Random(0).shuffle(each)
    assert folders(*[[each] for each in rows]) == expected


MIRROR = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}


@given(before=SCORES, after=SCORES)
def test_swapping_negates(
    make_run: Make, before: list[list[float]], after: list[list[float]]
) -> None:
    ours, theirs = (
        [make_run("lc", seed, scores) for seed, scores in enumerate(found)]
        for found in (before, after)
    )
    there, back = only(folders(ours, theirs)), only(folders(theirs, ours))
    assert back.verdict == MIRROR.get(there.verdict, there.verdict)
    one, two = paired(there), paired(back)
    assert (one.before, one.after, one.p) == (two.after, two.before, two.p)
    gaps = [(one.difference, two.difference), (one.by_words, two.by_words)]
    gaps += [(a.difference, b.difference) for a, b in zip(one.points, two.points, strict=True)]
    for gap, other in gaps:
        assert gap is not None
        assert other is not None
        assert (gap.mean, gap.low, gap.high) == (-other.mean, -other.high, -other.low)
        assert gap.improvement == pytest.approx(1 - other.improvement)
