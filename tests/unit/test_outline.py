"""What a plan's cells will do, beside the rows of those that did it."""

from typing import Any

import pytest

from bench.board.cost_sample import Known
from bench.cli.outline import known, outline
from bench.loop.plan import plan
from bench.rows import store


def test_sizes_are_those_of_the_rows_to_come(smalls: dict[str, Any]) -> None:
    """Exactly in round 0; then budgets and the mean length, of which a selection may differ."""
    for small in smalls.values():
        (job,) = outline(plan(small.request())).jobs
        rows = small.run(small.cell("random"))
        assert len(job.steps) == len(rows)
        assert [step.asks for step in job.steps] == [
            row.acquisition_seconds is not None for row in rows
        ]
        epochs = small.cell("random").config.duration
        counted = [row.words if small.task in ("tiny", "notes") else row.items for row in rows]
        sizes = [step.labelled / epochs for step in job.steps]
        assert sizes[0] == counted[0]
        assert sizes == pytest.approx(counted, rel=0.3)
        assert job.steps[0].unlabelled > job.steps[-1].unlabelled


def test_only_open_rounds_are_to_do(tiny: Any) -> None:
    tiny.run(tiny.cell("lc", rounds=2))
    (job,) = outline(plan(tiny.request(strategies=("lc",)))).jobs
    whole = tiny.cell("lc").rounds
    assert len(job.steps) == whole - 2
    assert job.steps[0].fit != job.steps[1].fit


def test_full_is_one_fit_of_the_whole_pool(tiny: Any) -> None:
    found = outline(plan(tiny.request(strategies=("random", "full"))))
    random, full = found.jobs
    assert [step.asks for step in full.steps] == [False]
    assert full.steps[0].fit != random.steps[0].fit
    (row,) = tiny.run(tiny.cell("full"))
    assert full.steps[0].labelled == row.words * tiny.cell("full").config.duration
    assert full.items == row.items


def test_seeds_share_nothing_and_strategies_their_first_fits(tiny: Any) -> None:
    found = outline(plan(tiny.request(strategies=("random", "lc", "alise"), seeds=2)))
    firsts = [job.steps[0] for job in found.jobs]
    assert [job.like.strategy for job in found.jobs] == ["random"] * 2 + ["lc"] * 2 + ["alise"] * 2
    assert len({step.fit for step in firsts}) == 2
    assert [step.own is None for step in firsts] == [True] * 4 + [False] * 2
    assert firsts[4].own != firsts[4].fit


def test_what_rows_do_not_say_is_looked_up(tiny: Any) -> None:
    tiny.run(tiny.cell("random"))
    table = store.scan([tiny.out])
    found: Known = known(table)
    assert found.learners["lenet"] == ("classification", False)
    assert found.needs["alise"] == "('discriminator',)"
    exact = outline(plan(tiny.request(out=tiny.out / "b"))).sizes
    assert known(table, exact).sizes == {**found.sizes, **exact} != {}
