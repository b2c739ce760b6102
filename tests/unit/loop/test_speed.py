"""Queries under the clock, on a small task: what a row says, what is left out, what fails."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch

from bench.error import UsageError
from bench.loop import query as queries
from bench.loop import speed as loop
from bench.loop.event import Event
from bench.loop.query import Query
from bench.rows import speed
from bench.rows.speed import Speed

LEARNER = "bilstm-aligned[batch_size=16,decoder=4,embedding=4,epochs=1,hidden=4]"
SEQUENTIAL = "lc[decode=sequential]"
BROKEN = '''"""Broken (nobody 2026)."""

needs = ()


def select(view, budget, rng):
    {body}
'''


@pytest.fixture
def asked(tiny: Any) -> Callable[..., list[Query]]:
    """The queries of some strategies over some sizes."""

    def ask(
        *strategies: str, sizes: tuple[int, ...] = (150,), repeats: int = 2, **changes: Any
    ) -> list[Query]:
        values = {"learner": LEARNER, "strategies": strategies or None, "out": tiny.out}
        return queries.queries(tiny.request(**(values | changes)), list(sizes), repeats)

    return ask


@pytest.fixture
def told() -> list[Event]:
    """What whoever watches was told."""
    return []


@pytest.fixture
def timed(tiny: Any, told: list[Event]) -> Callable[..., dict[tuple[str, int], Speed]]:
    """Rows of queries, by strategy and pool, read from where they were written."""

    def run(
        todo: list[Query], rows: tuple[Speed, ...] = (), limit: float = 600
    ) -> dict[tuple[str, int], Speed]:
        failed = loop.execute(todo, rows, limit, told.append)
        assert failed == [(e.cell, e.message) for e in told if e.kind == "failed"]
        return {(row.strategy, row.pool): row for row in speed.read(tiny.out)}

    return run


def test_a_row_is_of_the_last_query_of_the_protocol(
    asked: Callable[..., list[Query]], timed: Any, told: list[Event]
) -> None:
    (row,) = timed(asked("lc", repeats=3)).values()
    assert (row.task, row.protocol, row.learner) == ("tiny", "drawn", LEARNER)
    assert (row.labeled, row.budget, row.unit) == (60, 20, "items")  # of 20, 40, 60, 80
    assert (row.pool, row.timed, row.seed, row.device) == (150, 150, 0, "cpu")
    assert len(row.seconds) == len(row.pass_seconds) == 3
    assert min(*row.seconds, *row.pass_seconds, row.fit_seconds) > 0
    assert (row.own_fit_seconds, row.device_bytes, row.joules) == (None, None, None)
    assert not row.extrapolated
    assert [(e.kind, e.round) for e in told if e.kind != "epoch"] == [
        *(("round", number) for number in (1, 2, 3)),
        ("done", 3),
    ]


def test_sizes_are_of_the_unlabelled_part(asked: Any) -> None:
    (query,) = asked("lc")
    bench = loop.Bench(query.cell)
    for size in (5, 150):
        pool, unlabeled = bench.pool(size)
        assert len(unlabeled) == size
        assert torch.equal(pool.ids, torch.arange(60 + size))
        assert torch.equal(pool.ids[60:], unlabeled)
        known = bench.labeled
        assert pool.inputs(known.ids).to_pylist() == known.inputs.to_pylist()
        assert int(pool.cost(pool.ids).sum()) == 60 + size
    small, large = (bench.pool(size)[0].inputs(torch.arange(60, 65)) for size in (5, 150))
    assert [len(words) for words in small.to_pylist()] == [
        len(words) for words in large.to_pylist()
    ]


def test_protocols_in_words_spend_words(asked: Any, timed: Any) -> None:
    (query,) = asked("longest", protocol="fixed")
    bench = loop.Bench(query.cell)
    before, last = query.cell.task.protocol.targets[-2:]
    pool, unlabeled = bench.pool(150)
    lengths = [len(words) for words in pool.inputs(unlabeled).to_pylist()]
    assert pool.cost(unlabeled).tolist() == lengths
    assert len(set(lengths)) > 1
    (row,) = timed([query]).values()
    assert (row.unit, row.budget, row.words) == ("words", last - before, sum(lengths))
    known = sum(len(words) for words in bench.labeled.inputs.to_pylist())
    assert 0 <= before - known < max(lengths)


def test_the_phases_are_about_the_query(asked: Any, timed: Any) -> None:
    """Of one more query, on a busy machine: of its size, in parts that are known."""
    (row,) = timed(asked("nse", sizes=(1500,), repeats=5)).values()
    assert set(row.phases) == {"collate", "transfer", "encode", "decode", "pick"}
    assert max(row.phases, key=lambda name: row.phases[name]) == "decode"
    assert 1 / 4 < sum(row.phases.values()) / row.query < 4
    assert row.passes > 1  # a pass does not decode


def test_alise_trains_a_model_of_its_own(asked: Any, timed: Any) -> None:
    found = timed(asked("alise", "lc", "alise_nse"))
    own = {name: row.own_fit_seconds for (name, _), row in found.items()}
    assert own["lc"] is None
    assert own["alise"] == own["alise_nse"] > 0  # the same one
    assert len({row.fit_seconds for row in found.values()}) == 1


def test_dals_training_is_a_phase(asked: Any, timed: Any) -> None:
    (row,) = timed(asked("dal[mini_queries=1]", repeats=1, sizes=(20,))).values()
    assert row.phases["auxiliary training"] > sum(row.phases.values()) / 2
    assert row.strategy == "dal[mini_queries=1]"


def test_one_at_a_time_is_timed_on_a_part(asked: Any, timed: Any, monkeypatch: Any) -> None:
    assert queries.SAMPLE == 1_000
    monkeypatch.setattr(queries, "SAMPLE", 40)
    found = timed(asked(SEQUENTIAL, "lc", sizes=(30, 400)))
    slow, whole = found[SEQUENTIAL, 400], found["lc", 400]
    assert (slow.timed, slow.extrapolated) == (40, True)
    assert slow.query == pytest.approx(
        10 * sorted(slow.seconds)[0] / 2 + 10 * max(slow.seconds) / 2
    )
    assert (whole.timed, whole.extrapolated) == (400, False)
    assert (found[SEQUENTIAL, 30].timed, found[SEQUENTIAL, 30].extrapolated) == (30, False)
    assert slow.words < whole.words / 5
    assert slow.query > whole.query
    assert sum(slow.phases.values()) < slow.query / 2  # of the part that was timed


def test_the_part_is_drawn_and_no_slice(asked: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(queries, "SAMPLE", 40)
    seen: list[torch.Tensor] = []
    (query,) = asked(SEQUENTIAL, sizes=(400,), repeats=1)
    real = query.strategy.select

    def select(view: Any, *rest: Any, **options: Any) -> Any:
        seen.append(view.unlabeled)
        return real(view, *rest, **options)

    monkeypatch.setitem(query.cell.__dict__, "chooser", replace(query.strategy, select=select))
    loop.execute([query], (), 600, print)
    assert all(torch.equal(ids, seen[0]) for ids in seen)
    assert len(seen[0].unique()) == 40
    assert int(seen[0].max() - seen[0].min()) > 200
    assert int(seen[0].min()) >= 60


def test_both_forms_rank_alike(asked: Any) -> None:
    pair = asked("nse", "nse[decode=sequential]")
    bench = loop.Bench(pair[0].cell)
    learner = bench.models("supervised", loop.Reporter("", 1, 1, print)).asked
    pool, unlabeled = bench.pool(150)
    one, other = (loop._asked(bench, query, learner, pool, unlabeled) for query in pair)
    assert len(one) == 150
    assert (one[:20] == other[:20]).float().mean() > 0.8  # float32 orders close ones as it likes


def test_a_strategy_that_fails_does_not_end_the_others(
    asked: Any, timed: Any, told: list[Event], tmp_path: Path
) -> None:
    bodies = {"raises": 'raise ValueError("no idea")', "few": "return view.unlabeled[:3]"}
    files = []
    for name, body in bodies.items():
        files.append(str(tmp_path / f"{name}.py"))
        Path(files[-1]).write_text(BROKEN.format(body=body))
    found = timed(asked(files[0], "random", files[1], "longest"))
    assert sorted(name for name, _ in found) == ["longest", "random"]
    reasons = {e.cell: e.message for e in told if e.kind == "failed"}
    assert reasons["raises of 150"] == "The strategy raised ValueError: no idea"
    assert "ranked only 3 items" in reasons["few of 150"]


def test_what_would_take_too_long_is_left_out(
    asked: Any, timed: Any, told: list[Event], make_speed: Callable[..., Speed]
) -> None:
    todo = asked("lc", "random", sizes=(20, 2000))
    known = like(todo[0], make_speed, pool=100, seconds=[1.0, 5.0, 9.0])
    found = timed(todo, (known,), limit=99)  # 20 times as many items would take 100 s
    assert set(found) == {("lc", 20), ("random", 20), ("random", 2000)}
    (left,) = (e for e in told if e.message.startswith("left out"))
    assert (left.cell, left.kind) == ("lc of 2,000", "done")
    assert left.message == "left out: a query would take some 100 s; see --limit"


def like(query: Query, make_speed: Callable[..., Speed], **changes: Any) -> Speed:
    """A row of the query's strategy."""
    names = ("task", "protocol", "learner", "strategy", "device")
    return make_speed(**{**dict(zip(names, query.identity, strict=True)), **changes})


def test_what_is_too_much_by_hand(asked: Any, make_speed: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(queries, "_memory", lambda: 8 * 2**30)
    (small, large) = asked("lc", sizes=(1000, 4000))
    row = like(small, make_speed)  # 5 s, 1 GiB
    assert queries.excess(large, [row], limit=20) is None
    assert queries.excess(large, [row], limit=19) == "a query would take some 20 s; see --limit"
    assert queries.excess(small, [row], limit=1) is None  # no smaller pool is known
    heavy = like(small, make_speed, host_bytes=3 * 2**30)
    assert queries.excess(large, [heavy], limit=99) == "it would take some 12 GiB of memory"
    nearer = like(small, make_speed, pool=2000, seconds=[1.0] * 3)
    assert queries.excess(large, [nearer, row], limit=3) is None  # by the largest that is smaller


@pytest.mark.parametrize(
    "other",
    [{"task": "x"}, {"protocol": "x"}, {"learner": "x"}, {"device": "x"}, {"strategy": "x"}],
)
def test_rows_of_others_say_nothing(asked: Any, make_speed: Any, other: dict[str, str]) -> None:
    (small, large) = asked("lc", sizes=(1000, 4000))
    assert queries.excess(large, [like(small, make_speed)], limit=1)
    assert queries.excess(large, [like(small, make_speed, **other)], limit=1) is None
    assert small.done([like(small, make_speed, **other)]) is None


def test_one_at_a_time_takes_as_long_on_any_larger_pool(asked: Any, make_speed: Any) -> None:
    small, large = asked(SEQUENTIAL, sizes=(2000, 400_000))
    row = like(small, make_speed, pool=2000, timed=1000)  # 5 s for 1,000
    assert queries.excess(large, [row], limit=6) is None
    assert queries.excess(large, [row], limit=4) == "a query would take some 5 s; see --limit"


def test_a_row_of_other_code_is_known_as_such(asked: Any, timed: Any) -> None:
    (query,) = asked("random")
    (row,) = timed([query]).values()
    assert query.done([row]) == row
    assert not query.outdated([row])
    for name in ("code_digest", "strategy_digest", "data_digest", "config_digest", "environment"):
        assert query.outdated([replace(row, **{name: "other"})]), name
    assert not query.outdated([])


def test_by_default_all_that_apply_and_those_that_decode_twice(asked: Any) -> None:
    names = [str(query.strategy.spec) for query in asked()]
    forms = {f"{name}[decode=sequential]" for name in ("lc", "margin", "nse")}
    assert forms < set(names)
    assert {"random", "alise", "lc", "wbadge"} < set(names)
    assert "dfal" not in names  # of images
    assert len(names) == len(set(names))


def test_small_pools_first_and_nothing_twice(asked: Any) -> None:
    found = asked("random", "lc", "lc[width=5]", "lc", sizes=(9, 3, 9))
    assert [query.name for query in found] == ["random of 3", "lc of 3", "random of 9", "lc of 9"]


@pytest.mark.parametrize(
    ("args", "changes", "parts"),
    [
        (("full",), {}, ["'full'", "labels everything"]),
        (("lc", "dfal"), {}, ["'dfal' does not apply to 'bilstm-aligned'", "boundary_distance"]),
        (("lc",), {"sizes": (10, 0)}, ["--sizes", "from 1 on"]),
        (("lc",), {"sizes": ()}, ["--sizes"]),
        (("lc",), {"repeats": 0}, ["--repeats"]),
        (("lc",), {"device": "cuda:77"}, ["cuda:77"]),
        (("lc",), {"learner": "lenet"}, ["'lenet'", "tagging"]),
        (("random",), {"task": "marks", "learner": None}, ["pools of sentences", "marks"]),
        (("random",), {"task": "snaps", "learner": None}, ["pools of sentences", "snaps"]),
    ],
)
def test_what_cannot_be_timed_is_refused_before_anything_is_written(
    asked: Any, tiny: Any, args: tuple[str, ...], changes: dict[str, Any], parts: list[str]
) -> None:
    with pytest.raises(UsageError) as error:
        asked(*args, **changes)
    assert all(part in str(error.value) for part in parts), error.value
    assert not tiny.out.exists()


def test_a_protocol_without_a_query_is_refused(asked: Any) -> None:
    (query,) = asked("random")
    task = query.cell.task
    queries._check(task)
    once = replace(task, protocol=replace(task.protocol, targets=(20,)))
    with pytest.raises(UsageError, match="a protocol with queries: 'tiny-drawn' has none"):
        queries._check(once)


def test_texts_with_classes_are_sentences_too(smalls: Any, tiny: Any) -> None:
    notes = smalls["texts"]
    request = notes.request(strategies=("entropy", "lc"), out=tiny.out)
    todo = queries.queries(request, [30], 1)
    assert loop.execute(todo, (), 600, print) == []
    found = {row.strategy: row for row in speed.read(tiny.out)}
    assert set(found) == {"entropy", "lc"}
    assert isinstance(todo[0].cell.task.corpus.inputs, pa.ChunkedArray)
    assert (found["lc"].labeled, found["lc"].budget) == (40, 20)
